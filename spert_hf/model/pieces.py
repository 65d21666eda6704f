"""Splitting of texts into pieces that fit into the encoder, and merging of their predictions."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf
from operator import attrgetter

from .decoding import keep_types, resolve_overlaps, to_prediction
from .predictions import PredictedEntity, PredictedRelation, Prediction, PredictionArrays
from .selection import Selection
from .settings import PredictionSettings
from .subwords import EncodedWords, SubwordEncoder

Ranges = Sequence[tuple[int, int]]
EntityNumbers = tuple[int, int, int]
"""First word, end word (exclusive) and index of the type, from 1."""


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
    """

    text: int
    start: int
    end: int
    is_start: bool
    is_end: bool
    words: EncodedWords


def cut(
    processor: SubwordEncoder, texts: Sequence[Sequence[str]], sequences: Sequence[Ranges] | None = None
) -> list[Piece]:
    """Split texts into pieces, and tokenize them.

    Args:
        processor: the model's processor.
        texts: the words of each text.
        sequences: for each text, the ranges of words `[start, end)` that are sequences, in text order and without
            overlap. Default: a single sequence.

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
    return [
        Piece(text, first + start, first + end, start == 0, first + end == last, words.window(start, end))
        for (text, first, last), words in zip(ranges, encoded, strict=True)
        for start, end in processor.windows(words)
    ]


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
