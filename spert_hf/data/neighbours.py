"""Which sentences stand side by side in a document, so that a model with a `context_window` reads them together."""

from collections.abc import Iterator, Sequence

from transformers.utils import logging

from .documents import Document

logger = logging.get_logger(__name__)


def number_by_document(sentences: Sequence[Document], context_window: int) -> list[int]:
    """Number the documents that sentences are of: those with the same `doc_id` that follow each other.

    With a context window, a note says once if no sentence has a neighbour, or if a document is not in one place.

    Args:
        sentences: sentences in the order of the data set. One without a `doc_id` is a document of its own.
        context_window: the model's setting; without one, each sentence is a document of its own.

    Returns:
        The number of each sentence's document; not the same again where a `doc_id` comes back.
    """
    numbers: list[int] = []
    for place, sentence in enumerate(sentences):
        name = sentence.doc_id if context_window else None
        follows = place > 0 and name is not None and name == sentences[place - 1].doc_id
        numbers.append(numbers[-1] if follows else len(numbers))
    if context_window:
        _tell_of_missing_neighbours(sentences, numbers)
    return numbers


def _tell_of_missing_neighbours(sentences: Sequence[Document], numbers: Sequence[int]) -> None:
    names = [sentences[number].doc_id for number in dict.fromkeys(numbers)]
    named = [name for name in names if name is not None]
    if sentences and not named:
        logger.warning_once("context_window: the data have no doc_id, so each sentence is read alone")
    elif len(set(named)) < len(named):
        logger.warning_once(
            "context_window: sentences with the same doc_id do not all follow each other (are the data shuffled?), and "
            "only those that do are read together"
        )


def in_whole_documents(sentences: Sequence[Document], size: int, context_window: int) -> Iterator[Sequence[Document]]:
    """Yield groups of `size` sentences, or more where a document would be cut; see [`number_by_document`]."""
    first = 0
    numbers = number_by_document(sentences, context_window)
    for place in range(1, len(sentences) + 1):
        is_end = place == len(sentences) or (place - first >= size and numbers[place] != numbers[place - 1])
        if is_end:
            yield sentences[first:place]
            first = place
