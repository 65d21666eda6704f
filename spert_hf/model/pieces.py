"""Texts in pieces that the encoder takes, and what is found in them put together: cut once, joined once."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from operator import attrgetter

from .forking import computing
from .output import PredictedEntity, PredictedRelation, Prediction
from .processing_spert import EncodedWords, SpertProcessor

Ranges = Sequence[tuple[int, int]]


@dataclass(slots=True)
class Piece:
    """What of a text goes through the encoder at once: a sequence, or a window of a long one.

    Args:
        text: the text's index.
        start: its first word in the text.
        end: its end there, exclusive.
        is_start: whether a sequence of the text starts with it, so that nothing is cut off before it.
        is_end: whether a sequence ends with it.
        words: its sub-words.
    """

    text: int
    start: int
    end: int
    is_start: bool
    is_end: bool
    words: EncodedWords


def cut(
    processor: SpertProcessor, texts: Sequence[Sequence[str]], sequences: Sequence[Ranges] | None = None
) -> list[Piece]:
    """Cut texts into pieces, and encode these.

    Args:
        processor: of the model's tokenizer.
        texts: words of each.
        sequences: of each text, the ranges of words `[start, end)` that are seen at once, in text order and without
            overlap. Default: all of it.

    Returns:
        The pieces of all texts, in order. A sequence is one, or several that overlap where it is longer than the
        encoder takes; one without a word is none.
    """
    ranges = [
        (text, start, end)
        for text, words in enumerate(texts)
        for start, end in ([(0, len(words))] if sequences is None else sequences[text])
        if start < end
    ]
    with computing():  # the tokenizer may hold locks, too
        encoded = processor.encode([texts[text][start:end] for text, start, end in ranges])
    return [
        Piece(text, first + start, first + end, start == 0, first + end == last, words.window(start, end))
        for (text, first, last), words in zip(ranges, encoded, strict=True)
        for start, end in processor.windows(words)
    ]


def join(predictions: Sequence[Prediction], pieces: Sequence[Piece]) -> Prediction:
    """Put together what was found in the pieces of one text.

    Where pieces overlap, an entity is taken from the one that shows most of its surroundings, and a relation from every
    one that found both its entities, with its best score.

    Args:
        predictions: one a piece, in the piece's own token offsets.
        pieces: in text order.

    Returns:
        The prediction in the text's token offsets.
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
    """The piece in which a span lies farthest from where a sequence is cut; the first of equals."""

    def distance(number: int) -> float:
        piece = pieces[number]
        before = inf if piece.is_start else start - piece.start
        after = inf if piece.is_end else piece.end - end
        return min(before, after)

    first, last = bisect_left(pieces, end, key=attrgetter("end")), bisect_right(pieces, start, key=attrgetter("start"))
    return max(range(first, last), key=lambda number: (distance(number), -number))
