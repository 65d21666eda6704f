"""Calls that are predicted together give what each gives by itself."""

import pytest

from spert_hf.serving.calls import Call, extract_calls
from tests.support.predictions import assert_same
from tests.support.serving import WatchedPipeline
from tests.support.tiny_models import SENTENCES

TEXTS = [" ".join(words) for words in SENTENCES]


def test_each_call_has_its_own_settings(tiny_pipeline):
    options = [{}, {"relation_threshold": 0.2}, {"overlap": "best"}, {"relation_threshold": 0.2, "overlap": "drop"}]
    calls = [Call(text, **settings) for text in TEXTS for settings in options]
    watched = WatchedPipeline(tiny_pipeline)
    expected = [tiny_pipeline(text, **settings) for text in TEXTS for settings in options]
    assert_same(extract_calls(watched, calls), expected)
    assert watched.calls == [TEXTS] * len(options), "those with the same settings are predicted together"
    assert len({str(one) for one in expected[: len(options)]}) > 2, "the settings make a difference"


def test_a_minimum_score_of_entities_is_that_of_its_call_only(tiny_pipeline):
    best = max(entity["score"] for entity in tiny_pipeline(TEXTS[0])["entities"])
    watched = WatchedPipeline(tiny_pipeline)
    some, everything = extract_calls(watched, [Call(TEXTS[0], entity_score=best), Call(TEXTS[0])])
    assert {entity["score"] for entity in some["entities"]} == {best}
    assert_same([everything], [tiny_pipeline(TEXTS[0])])
    assert len(watched.calls) == 1


def test_a_text_that_fails_costs_itself_only(tiny_pipeline, caplog):
    watched = WatchedPipeline(tiny_pipeline)
    calls = [Call(text, overlap=policy) for policy in (None, "best") for text in (TEXTS[0], "fail", *TEXTS[1:])]
    first, bad, *rest = extract_calls(watched, calls)[: len(calls) // 2]
    assert bad is None
    assert_same([first, *rest], tiny_pipeline(TEXTS))
    assert len(caplog.records) == 2, "each is logged"
    assert "fail" not in caplog.records[0].getMessage(), "texts are not"


def test_null_is_the_default():
    given = {"text": "a", "relation_threshold": None, "entity_score": None, "overlap": None}
    assert Call.of(given) == Call("a") == Call.of({"text": "a"})
    assert Call.of({"text": "a", "entity_score": 0.5, "overlap": "keep"}) == Call("a", None, 0.5, "keep")


@pytest.mark.parametrize("overlap", ["keep", "best", "drop"])
def test_hidden_entities_are_those_below_the_threshold_of_the_pipeline(tiny_pipeline, overlap):
    """But with "drop": the pipeline drops no entity for one below its threshold, where hiding comes too late."""
    scores = sorted(entity["score"] for found in tiny_pipeline(TEXTS) for entity in found["entities"])
    threshold = (scores[len(scores) // 2] + scores[len(scores) // 2 + 1]) / 2
    hidden = extract_calls(tiny_pipeline, [Call(text, entity_score=threshold, overlap=overlap) for text in TEXTS])
    found = tiny_pipeline(TEXTS, entity_threshold=threshold, overlap=overlap)
    assert any(one["entities"] for one in found)
    if overlap != "drop":
        assert_same(hidden, found)
        return
    kept = [sum(len(one["entities"]) for one in results) for results in (hidden, found)]
    assert kept[0] < kept[1]
