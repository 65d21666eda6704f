"""Copies of the training sentences in lower case or capitals, some of which are added to each epoch.

Text in ordinary case alone teaches a model that names begin with a capital, so that it finds none in *anna lives in
jena*. Each epoch has all sentences as they are written, plus a constant number of copies, so that all epochs have the
same number of steps.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..data.documents import Document


@dataclass(frozen=True, slots=True)
class Copies:
    """Examples of which each epoch draws some.

    Args:
        indices: their indices among all examples.
        drawn: number of examples that an epoch draws.
    """

    indices: range
    drawn: int

    @classmethod
    def of_share(cls, indices: range, share: float) -> "Copies":
        """Make copies of which each epoch draws a share, from 0 to 1, rounded to whole examples."""
        return cls(indices, round(share * len(indices)))

    def draw(self, generator: np.random.Generator) -> np.ndarray:
        """Draw the indices for an epoch, without replacement, *(drawn,)*."""
        return generator.choice(np.arange(self.indices.start, self.indices.stop), self.drawn, replace=False)


def copy_documents(documents: Sequence[Document], change: Callable[[str], str]) -> list[Document]:
    """Return documents with each token changed by itself, so that entities and relations keep their positions.

    Args:
        documents: the documents to copy.
        change: a function that leaves no word empty: `str.lower` or `str.upper`.

    Returns:
        New documents, in the same order.
    """
    return [replace(document, tokens=[change(token) for token in document.tokens]) for document in documents]
