"""Copies of the training sentences in lower case or capitals, of which each epoch has some.

Text of ordinary case alone teaches a model that names begin with a capital, so that it finds none in *anna lives in
jena*. Copies come on top of the sentences as they are written, which each epoch has all of; and each epoch has as many
copies, so that epochs have equally many steps.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..data.documents import Document


@dataclass(frozen=True, slots=True)
class Copies:
    """Examples of which each epoch has some, drawn anew.

    Args:
        indices: of all of them among the examples.
        drawn: how many of them an epoch has.
    """

    indices: range
    drawn: int

    @classmethod
    def of_share(cls, indices: range, share: float) -> "Copies":
        """Those of which an epoch has a share, from 0 to 1, rounded to whole examples."""
        return cls(indices, round(share * len(indices)))

    def draw(self, generator: np.random.Generator) -> np.ndarray:
        """Indices of those that an epoch has, each once."""
        return generator.choice(np.arange(self.indices.start, self.indices.stop), self.drawn, replace=False)


def copy_documents(documents: Sequence[Document], change: Callable[[str], str]) -> list[Document]:
    """Documents with each token changed by itself, so that entities and relations stay where they are.

    Args:
        documents: any.
        change: `str.lower` or `str.upper`, which leave no word empty.

    Returns:
        New documents, in the same order.
    """
    return [replace(document, tokens=[change(token) for token in document.tokens]) for document in documents]
