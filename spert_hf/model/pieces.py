"""Splitting of texts into pieces that fit into the encoder, and merging of their predictions."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby, pairwise
from math import inf
from operator import attrgetter

import numpy as np

from .decoding import keep_types, resolve_overlaps, to_prediction
from .predictions import PredictedEntity, PredictedRelation, Prediction, PredictionArrays
from .selection import Selection
from .settings import PredictionSettings
from .subwords import EncodedWords, SubwordEncoder

Ranges = Sequence[tuple[int, int]]
EntityNumbers = tuple[int, int, int]
"""First word, end word (exclusive) and index of the type, from 1."""

LEAST_CONTEXT = 1 / 12
"""The part of a window that is left for words before the sentences in it, and for words behind them."""


@dataclass(slots=True)
class Piece:
    """An input of the encoder: a sequence of a text, or a window of a long one.

    Args:
        text: index of the text.
        start: first word in the text.
        end: end word in the text, exclusive.
        is_start: whether a sequence starts here, so that no context is cut off before the piece.
        is_end: whether a sequence ends here.
        words: the sub-words.
        window: the sub-words that the encoder reads, if the piece shares them with its neighbours; default: `words`.
        first: index of its first sub-word in the window.
    """

    text: int
    start: int
    end: int
    is_start: bool
    is_end: bool
    words: EncodedWords
    window: EncodedWords | None = None
    first: int = 0

    @property
    def encoder_input(self) -> EncodedWords:
        """The sub-words that the encoder reads; the same object for pieces that share a window."""
        return self.words if self.window is None else self.window


def cut(
    processor: SubwordEncoder,
    texts: Sequence[Sequence[str]],
    sequences: Sequence[Ranges] | None = None,
    documents: Sequence[int] | None = None,
) -> list[Piece]:
    """Split texts into pieces, and tokenize them.

    Args:
        processor: the model's processor.
        texts: the words of each text.
        sequences: for each text, the ranges of words `[start, end)` that are sequences, in text order and without
            overlap. Default: a single sequence.
        documents: for each text, the number of its document. Texts of one document that follow each other are each
            other's context if the processor has a `context_window`, as are the sequences of a text. Default: each text
            is a document.

    Returns:
        The pieces of all texts, in order. A sequence gives one piece, or several overlapping ones if it is longer than
        the encoder's maximum length, or none if it is empty.
    """
    ranges = [
        (text, start, end)
        for text, words in enumerate(texts)
        for start, end in ([(0, len(words))] if sequences is None else sequences[text])
        if start < end
    ]
    encoded = processor.encode([texts[text][start:end] for text, start, end in ranges])
    pieces = [
        [
            Piece(text, first + start, first + end, start == 0, first + end == last, words.window(start, end))
            for start, end in processor.windows(words)
        ]
        for (text, first, last), words in zip(ranges, encoded, strict=True)
    ]
    if processor.context_window:
        document_of = range(len(texts)) if documents is None else documents
        numbers = [document_of[text] for text, _, _ in ranges]
        for _, group in groupby(range(len(ranges)), key=numbers.__getitem__):
            of_document = list(group)
            parts = slice(of_document[0], of_document[-1] + 1)
            _put_into_windows(encoded[parts], [ranges[place][1] for place in of_document], pieces[parts], processor)
    return [piece for of_sequence in pieces for piece in of_sequence]


def _put_into_windows(
    encoded: Sequence[EncodedWords],
    starts: Sequence[int],
    pieces: Sequence[Sequence[Piece]],
    processor: SubwordEncoder,
) -> None:
    """Give the pieces of a document the windows in which they are encoded.

    Args:
        encoded: the sub-words of each of its sequences.
        starts: the index of the first word of each sequence in its text.
        pieces: the pieces of each sequence.
        processor: the model's processor.
    """
    document = EncodedWords.joined(encoded)
    places = accumulate(map(len, encoded), initial=0)
    shifts = [place - start for place, start in zip(places, starts, strict=False)]
    shifted = [(piece, shift) for of_sequence, shift in zip(pieces, shifts, strict=True) for piece in of_sequence]
    ranges = [(shift + piece.start, shift + piece.end) for piece, shift in shifted]
    size = min(processor.context_window, processor.window_size)
    for start, end, inside in context_windows(document.word_offsets, ranges, size):
        window = document.window(start, end)
        for (piece, _), (first, _) in zip(shifted[inside], ranges[inside], strict=True):
            piece.window, piece.first = window, window.word_offsets[first - start]


def context_windows(offsets: Sequence[int], ranges: Ranges, size: int) -> Iterator[tuple[int, int, slice]]:
    """Cover the sequences of a document with windows, each of several sequences and of words around them.

    Each sequence is in one window as a whole, with at least [`LEAST_CONTEXT`] of the window before and behind it, cut
    at words, where the document has that much. Of a sequence that leaves less room, as much as fits is around it.

    Args:
        offsets: index of the first sub-word of each word of the document, then the number of sub-words.
        ranges: words `[start, end)` of each sequence, in order; they may overlap.
        size: the maximum number of sub-words of a window.

    Yields:
        The words `[start, end)` of each window, and which ranges are encoded in it.
    """
    margin = int(size * LEAST_CONTEXT)
    first = 0
    while first < len(ranges):
        before = offsets[ranges[first][0]]
        last = first + 1
        while last < len(ranges):
            behind = offsets[-1] - offsets[ranges[last][1]]
            if offsets[ranges[last][1]] - before + min(margin, before) + min(margin, behind) > size:
                break
            last += 1
        end = offsets[ranges[last - 1][1]]
        behind = offsets[-1] - end
        room = max(0, size - (end - before))
        left = min(before, margin, max(room // 2, room - min(margin, behind)))
        right = min(behind, margin, room - left)
        yield bisect_left(offsets, before - left), bisect_right(offsets, end + right) - 1, slice(first, last)
        first = last


def group_by_window(pieces: Sequence[Piece]) -> list[list[int]]:
    """Return the indices of the pieces that are encoded together, for each input of the encoder, in order."""
    groups: dict[int, list[int]] = {}
    for number, piece in enumerate(pieces):
        groups.setdefault(id(piece.encoder_input), []).append(number)
    return list(groups.values())


def windows_at_once(batch_size: int, groups: Sequence[Sequence[int]]) -> int:
    """Return how many of the [`group_by_window`] have about `batch_size` pieces together."""
    return max(1, batch_size * len(groups) // max(1, sum(map(len, groups))))


def pad_pieces(processor: SubwordEncoder, pieces: Sequence[Piece]) -> dict[str, np.ndarray]:
    """Pad pieces to a batch, in which each window that they share is once; see [`SubwordEncoder.pad_in_windows`]."""
    if all(piece.window is None for piece in pieces):
        return processor.pad([piece.words for piece in pieces])
    groups = group_by_window(pieces)
    window_of = {piece: window for window, group in enumerate(groups) for piece in group}
    places = [(window_of[number], piece.first) for number, piece in enumerate(pieces)]
    windows = [pieces[group[0]].encoder_input for group in groups]
    return processor.pad_in_windows(windows, [piece.words for piece in pieces], places)


def parts_of_texts(pieces: Sequence[Piece], count: int) -> list[slice]:
    """Return the slice of each text's pieces, which are grouped by text."""
    ends = [bisect_right(pieces, text, key=attrgetter("text")) for text in range(count)]
    return [slice(start, end) for start, end in pairwise([0, *ends])]


def put_together(
    found: Sequence[PredictionArrays],
    pieces: Sequence[Piece],
    config: PredictionSettings,
    policy: str,
    selection: Selection,
) -> Prediction:
    """Return the prediction for a text.

    Args:
        found: what was decoded of each of its pieces.
        pieces: the pieces, in text order.
        config: the model's config.
        policy: the overlap policy.
        selection: the predictions to keep.
    """
    whole = join([to_prediction(one, config) for one in found], pieces)
    return keep_types(resolve_overlaps(whole, policy), selection.entity_types)


def join(predictions: Sequence[Prediction], pieces: Sequence[Piece]) -> Prediction:
    """Merge the predictions for the pieces of a text.

    Where pieces overlap, an entity is taken from the piece with the most context around it, and a relation from all
    pieces that have both of its entities, with the best score.

    Args:
        predictions: one per piece, with token offsets in the piece.
        pieces: the pieces, in text order.

    Returns:
        The prediction with token offsets in the text.
    """
    if len(pieces) == 1 and pieces[0].start == 0:
        return predictions[0]
    whole = Prediction()
    place: dict[tuple[int, int, str], int] = {}
    for number, (piece, prediction) in enumerate(zip(pieces, predictions, strict=True)):
        is_alone = piece.is_start and piece.is_end
        for entity in prediction.entities:
            start, end = piece.start + entity.start, piece.start + entity.end
            if is_alone or _best_piece(start, end, pieces) == number:
                place[start, end, entity.type] = len(whole.entities)
                whole.entities.append(PredictedEntity(start, end, entity.type, entity.score))
    best: dict[tuple[int, int, str], float] = {}
    for piece, prediction in zip(pieces, predictions, strict=True):
        keys = [(piece.start + e.start, piece.start + e.end, e.type) for e in prediction.entities]
        for relation in prediction.relations:
            head, tail = place.get(keys[relation.head]), place.get(keys[relation.tail])
            if head is not None and tail is not None:
                key = (head, tail, relation.type)
                best[key] = max(relation.score, best.get(key, 0.0))
    whole.relations = [PredictedRelation(head, tail, name, score) for (head, tail, name), score in best.items()]
    return whole


def _best_piece(start: int, end: int, pieces: Sequence[Piece]) -> int:
    """Return the first piece in which a span has the largest distance from a cut in a sequence."""

    def distance(number: int) -> float:
        piece = pieces[number]
        before = inf if piece.is_start else start - piece.start
        after = inf if piece.is_end else piece.end - end
        return min(before, after)

    first, last = bisect_left(pieces, end, key=attrgetter("end")), bisect_right(pieces, start, key=attrgetter("start"))
    return max(range(first, last), key=lambda number: (distance(number), -number))


def entities_in(piece: Piece, given: Sequence[tuple[int, int, str]], types: Sequence[str]) -> list[EntityNumbers]:
    """Return the given entities in a piece, with offsets in its words, in the order of predicted ones."""
    return sorted(
        (
            (start - piece.start, end - piece.start, types.index(name) + 1)
            for start, end, name in given
            if piece.start <= start and end <= piece.end
        ),
        key=lambda entity: (entity[1] - entity[0], *entity),
    )
