"""Texts are cut into pieces and put together once: nothing is lost, doubled or moved."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoTokenizer

from spert_hf import SpertModel, SpertProcessor
from spert_hf.model.decoding import in_text_order
from spert_hf.model.inference import predict
from spert_hf.model.pieces import Piece, cut, join
from spert_hf.model.predictions import PredictedEntity, PredictedRelation, Prediction
from spert_hf.model.subwords import EncodedWords
from tests.support.tiny_models import SENTENCES


def make_pieces(ranges, whole=False):
    """Pieces of one text: windows of one sequence, or sequences that are each a piece."""
    last = len(ranges) - 1
    return [
        Piece(0, start, end, whole or number == 0, whole or number == last, EncodedWords([], [0]))
        for number, (start, end) in enumerate(ranges)
    ]


@st.composite
def predictions(draw):
    spans = draw(
        st.lists(
            st.tuples(st.integers(0, 20), st.integers(1, 5), st.floats(0, 1)),
            max_size=8,
            unique_by=lambda span: span[:2],
        )
    )
    entities = [PredictedEntity(start, start + size, "T", score) for start, size, score in spans]
    indices = st.integers(0, max(0, len(entities) - 1))
    pairs = draw(st.lists(st.tuples(indices, indices), max_size=8 if entities else 0, unique=True))
    return Prediction(entities, [PredictedRelation(h, t, "r", 0.5) for h, t in pairs if h != t])


def test_one_piece_is_left_as_it_is():
    prediction = Prediction([PredictedEntity(0, 1, "T", 0.5)])
    assert join([prediction], make_pieces([(0, 5)])) is prediction


def test_a_text_without_words_has_nothing():
    assert join([], []) == Prediction()


def test_windows_are_joined_without_doubles_and_with_shifted_offsets():
    first = Prediction(
        [PredictedEntity(0, 2, "A", 0.9), PredictedEntity(6, 7, "B", 0.8), PredictedEntity(9, 10, "B", 0.6)],
        [PredictedRelation(0, 1, "r", 0.7), PredictedRelation(1, 2, "r", 0.5)],
    )
    second = Prediction(
        [PredictedEntity(1, 2, "B", 0.7), PredictedEntity(4, 5, "B", 0.95), PredictedEntity(8, 9, "A", 0.9)],
        [PredictedRelation(0, 1, "r", 0.6), PredictedRelation(1, 2, "r", 0.4)],
    )
    joined = in_text_order(join([first, second], make_pieces([(0, 10), (5, 15)])))
    assert [(e.start, e.end, e.type, e.score) for e in joined.entities] == [
        (0, 2, "A", 0.9),
        (6, 7, "B", 0.8),  # nearer to the second window's border
        (9, 10, "B", 0.95),  # nearer to the first window's border
        (13, 14, "A", 0.9),
    ]
    assert [(r.head, r.tail, r.score) for r in joined.relations] == [(0, 1, 0.7), (1, 2, 0.6), (2, 3, 0.4)]


@given(st.lists(predictions(), max_size=5))
def test_sequences_are_joined_with_shifted_offsets(parts):
    starts = [30 * number for number in range(len(parts))]
    whole = join(parts, make_pieces([(start, start + 30) for start in starts], whole=True))
    expected = [
        (start + e.start, start + e.end, e.score)
        for start, part in zip(starts, parts, strict=True)
        for e in part.entities
    ]
    assert [(e.start, e.end, e.score) for e in whole.entities] == expected
    ends = [(whole.entities[r.head].start, whole.entities[r.tail].start) for r in whole.relations]
    assert ends == [
        (start + part.entities[r.head].start, start + part.entities[r.tail].start)
        for start, part in zip(starts, parts, strict=True)
        for r in part.relations
    ]


@pytest.fixture(scope="module")
def tiny(tiny_checkpoint):
    """The tiny model, and a processor of windows of few sub-words."""
    model = SpertModel.from_pretrained(tiny_checkpoint).eval()
    return model, SpertProcessor(AutoTokenizer.from_pretrained(tiny_checkpoint), 24, max_span_size=4)


WORDS = [word for sentence in SENTENCES for word in sentence]
BORDERS = st.lists(st.integers(0, len(WORDS)), max_size=8, unique=True).map(sorted)


def sequences_between(borders):
    return list(pairwise(borders))


@given(borders=BORDERS)
def test_pieces_cover_the_sequences_and_know_their_borders(tiny, borders):
    sequences = sequences_between(borders)
    pieces = cut(tiny[1], [[], WORDS], [[(0, 0)], sequences])
    assert {piece.text for piece in pieces} <= {1}
    assert [(piece.start, piece.end) for piece in pieces] == sorted((piece.start, piece.end) for piece in pieces)
    covered = {place for piece in pieces for place in range(piece.start, piece.end)}
    assert covered == {place for start, end in sequences for place in range(start, end)}
    for piece in pieces:
        (sequence,) = ((start, end) for start, end in sequences if start <= piece.start and piece.end <= end)
        assert (piece.is_start, piece.is_end) == (piece.start == sequence[0], piece.end == sequence[1])
        assert len(piece.words) == piece.end - piece.start


@given(borders=BORDERS)
def test_sequences_are_predicted_as_if_each_were_a_text(tiny, borders):
    sequences = sequences_between(borders)
    (whole,) = predict(*tiny, [WORDS], sequences=[sequences], relation_threshold=0.0)
    alone = predict(*tiny, [WORDS[start:end] for start, end in sequences], relation_threshold=0.0)
    shifted = [
        (start + e.start, start + e.end, e.type, pytest.approx(e.score, abs=1e-5))
        for (start, _), prediction in zip(sequences, alone, strict=True)
        for e in prediction.entities
    ]
    assert [(e.start, e.end, e.type, e.score) for e in whole.entities] == shifted
    assert len(whole.relations) == sum(len(prediction.relations) for prediction in alone)
