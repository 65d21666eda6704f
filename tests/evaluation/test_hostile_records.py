"""Records as no one should hand them to the metric: a ValueError that names the record, or right scores."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spert_hf.evaluation import analyse_errors
from spert_hf.evaluation.spert_metric.scoring import score_documents
from tests.support import growth

values = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=4)
fields = st.sampled_from(["tokens", "entities", "relations", "type", "start", "end", "head", "tail", "token_start"])
anything = st.recursive(
    values, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(fields, inner, max_size=4), max_leaves=10
)
WHOLE = {"entities": [{"type": "A", "start": 0, "end": 1}], "relations": []}


@given(anything, st.booleans())
def test_any_record(record, predicted):
    gold, prediction = (WHOLE, record) if predicted else (record, WHOLE)
    try:
        result = score_documents([gold], [prediction])
    except ValueError as error:
        assert ("predictions[0]" if predicted else "documents[0]") in str(error)
        assert len(str(error)) < 1_000
    else:
        assert 0 <= result.ner.micro.f1 <= 100
        json.dumps(result.to_dict())


@given(st.text(st.characters(), min_size=1, max_size=5))
def test_type_names_of_every_plane(name):
    record = {"entities": [{"type": name, "start": 0, "end": 1}, {"type": name, "start": 1, "end": 2}], "relations": []}
    record["relations"] = [{"type": name, "head": 0, "tail": 1}] * 3
    result = score_documents([record], [record])
    assert (result.rel_plus.micro.f1, result.rel_plus.micro.tp) == (100, 1)


@pytest.mark.e2e
def test_time_grows_with_entities_and_repeated_relations():
    def work(times):
        count = 100 * times
        record = {
            "entities": [{"type": "A", "start": i, "end": i + 3} for i in range(count)],
            "relations": [{"type": "R", "head": i % count, "tail": (i + 1) % count} for i in range(10 * count)],
        }
        return lambda: score_documents([record], [record], no_overlapping=True)

    assert growth.exponent(work, largest=16) < growth.BELOW_THE_SQUARE


@pytest.mark.e2e
def test_time_to_analyse_grows_with_errors():
    def work(times):
        count = 100 * times
        gold, predicted = (
            {
                "entities": [{"type": "A", "start": 3 * i, "end": 3 * i + size} for i in range(count)],
                "relations": [{"type": "R", "head": i, "tail": (i + 1) % count} for i in range(count)],
            }
            for size in (1, 2)
        )
        return lambda: analyse_errors([gold], [predicted])

    assert growth.exponent(work, largest=16) < growth.BELOW_THE_SQUARE
