"""Negative sampling: what is drawn, how much, and from where."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spert_hf.data import Document, Entity, Relation, TypeSchema
from spert_hf.data.sampling import SamplingSettings, gold_candidates, sample_candidates

SCHEMA = TypeSchema.from_names(["A", "B"], ["r", "s"], ["s"])


@st.composite
def documents(draw):
    tokens = draw(st.integers(1, 25))
    spans = draw(
        st.lists(
            st.tuples(st.integers(0, tokens - 1), st.integers(1, tokens)).filter(lambda span: span[0] < span[1]),
            unique=True,
            max_size=6,
        )
    )
    entities = [Entity(draw(st.sampled_from("AB")), start, end) for start, end in spans]
    pairs = [(h, t) for h in range(len(spans)) for t in range(len(spans)) if h != t]
    related = draw(st.lists(st.sampled_from(pairs), unique=True, max_size=5)) if pairs else []
    relations = [Relation(draw(st.sampled_from("rs")), head, tail) for head, tail in related]
    return Document([f"w{i}" for i in range(tokens)], entities, relations)


def all_spans(token_count, longest):
    return {(s, s + k) for k in range(1, longest + 1) for s in range(token_count - k + 1)}


@given(documents(), st.integers(0, 60), st.integers(0, 12), st.integers(1, 10), st.integers(0, 5))
def test_what_is_drawn(document, spans, pairs, longest, seed):
    gold = gold_candidates(document, SCHEMA)
    settings_ = SamplingSettings(spans, pairs, max_span_size=longest)
    drawn = sample_candidates(gold, settings_, np.random.default_rng(seed))
    count = len(document.entities)
    gold_spans = {(e.start, e.end) for e in document.entities}

    negatives = list(map(tuple, drawn.spans[count:].tolist()))
    possible = all_spans(len(document.tokens), longest) - gold_spans
    assert len(set(negatives)) == len(negatives) == min(spans, len(possible))
    assert set(negatives) <= possible
    assert drawn.types.tolist() == [" AB".index(e.type) for e in document.entities] + [0] * len(negatives)

    gold_pairs = set(map(tuple, gold.pairs.tolist()))
    negative_pairs = list(map(tuple, drawn.pairs[len(gold_pairs) :].tolist()))
    possible_pairs = {(h, t) for h in range(count) for t in range(count) if h != t} - gold_pairs
    assert len(set(negative_pairs)) == len(negative_pairs) == min(pairs, len(possible_pairs))
    assert set(negative_pairs) <= possible_pairs
    assert not drawn.relations[len(gold_pairs) :].any()


def test_relations_of_one_pair_share_a_row_and_symmetric_ones_stand_in_text_order():
    document = Document(
        list("abcde"),
        [Entity("A", 3, 4), Entity("B", 0, 2)],
        [Relation("r", 0, 1), Relation("s", 0, 1), Relation("r", 1, 0)],
    )
    gold = gold_candidates(document, SCHEMA)
    assert gold.pairs.tolist() == [[0, 1], [1, 0]]
    assert gold.relations.tolist() == [[1, 0], [1, 1]]


def test_negatives_are_fresh_and_uniform():
    document = Document(list("abcd"), [Entity("A", 0, 1)])
    gold = gold_candidates(document, SCHEMA)
    counts = {}
    for seed in range(2000):
        drawn = sample_candidates(gold, SamplingSettings(2, 0, max_span_size=2), np.random.default_rng(seed))
        for span in map(tuple, drawn.spans[1:].tolist()):
            counts[span] = counts.get(span, 0) + 1
    assert set(counts) == {(1, 2), (2, 3), (3, 4), (0, 2), (1, 3), (2, 4)}
    assert all(count == pytest.approx(2000 * 2 / 6, rel=0.15) for count in counts.values())


def test_weak_negatives_also_pair_spans_that_are_no_entities():
    document = Document(list("abcdef"), [Entity("A", 0, 1), Entity("B", 2, 3)], [Relation("r", 0, 1)])
    gold = gold_candidates(document, SCHEMA)
    weak = sample_candidates(gold, SamplingSettings(5, 30, strong_negatives=False), np.random.default_rng(0))
    strong = sample_candidates(gold, SamplingSettings(5, 30), np.random.default_rng(0))
    assert strong.pairs.tolist() == [[0, 1], [1, 0]]
    assert len(weak.pairs) == 31
    assert weak.pairs.max() > 1


def test_two_types_on_one_span_make_no_pair_with_themselves():
    document = Document(list("abc"), [Entity("A", 0, 1), Entity("B", 0, 1), Entity("A", 1, 2)])
    drawn = sample_candidates(gold_candidates(document, SCHEMA), SamplingSettings(0, 100), np.random.default_rng(0))
    assert sorted(map(tuple, drawn.pairs.tolist())) == [(0, 2), (1, 2), (2, 0), (2, 1)]


def test_a_relation_between_two_spans_is_no_negative_of_their_other_types():
    entities = [Entity("A", 0, 1), Entity("B", 0, 1), Entity("A", 1, 2), Entity("B", 1, 2)]
    document = Document(list("abc"), entities, [Relation("r", 0, 2)])
    drawn = sample_candidates(gold_candidates(document, SCHEMA), SamplingSettings(0, 100), np.random.default_rng(0))
    assert sorted(map(tuple, drawn.pairs.tolist())) == [(0, 2), (2, 0), (2, 1), (3, 0), (3, 1)]
