"""Relations between entities that are given with a text."""

import pytest

from tests.support.predictions import assert_same

TEXTS = [
    "Marian Pell works for Northern Paper Co. in Duluth, Minn., where she was born.",
    "It rained.",
    "On Tuesday the harbour office of Kestrel Marine moved from Oslo to Tromsø. Marian Pell was not there.",
]


@pytest.fixture(scope="module")
def found(tiny_pipeline):
    results = tiny_pipeline(TEXTS, relation_threshold=0.1)
    assert any(result["relations"] for result in results)
    return results


def test_the_models_own_entities_have_the_same_relations(tiny_pipeline, found):
    entities = [result["entities"] for result in found]
    assert_same(tiny_pipeline(TEXTS, entities=entities, relation_threshold=0.1), found)
    assert_same([tiny_pipeline(TEXTS[0], entities=entities[0], relation_threshold=0.1)], found[:1])
    streamed = tiny_pipeline(iter(TEXTS), entities=iter(entities), relation_threshold=0.1)
    assert_same(list(streamed), found)


def test_words_have_entities_in_words(tiny_pipeline):
    words = ["Marian", " ", *["Pell", "works", "for", "Northern", "Paper", "Co.", "in", "Duluth"]]
    (expected,) = tiny_pipeline([words], relation_threshold=0.0)
    assert expected["relations"]
    again = tiny_pipeline([words], entities=[expected["entities"]], relation_threshold=0.0)
    assert_same(again, [expected])
    assert_same([tiny_pipeline({"tokens": words}, entities=expected["entities"], relation_threshold=0.0)], [expected])


def test_results_have_the_order_that_was_given(tiny_pipeline, found):
    given = found[0]["entities"][::-1]
    turned = tiny_pipeline(TEXTS[0], entities=given, relation_threshold=0.1)
    assert [entity["start"] for entity in turned["entities"]] == [entity["start"] for entity in given]
    ends = [[(given[r["head"]], given[r["tail"]], r["type"]) for r in turned["relations"]]]
    own = found[0]["entities"]
    ends.append([(own[r["head"]], own[r["tail"]], r["type"]) for r in found[0]["relations"]])
    assert sorted(ends[0], key=str) == sorted(ends[1], key=str)


def test_all_given_entities_are_kept_with_the_models_score_of_their_type(tiny_pipeline):
    given = [
        {"type": kind, "start": start, "end": end} for start, end in [(0, 11), (22, 40)] for kind in ("Peop", "Org")
    ]
    result = tiny_pipeline(TEXTS[0], entities=given, overlap="drop", entity_threshold=0.9, relation_threshold=0.0)
    assert [(e["type"], e["start"], e["end"]) for e in result["entities"]] == [
        (e["type"], e["start"], e["end"]) for e in given
    ]
    first, second = result["entities"][:2]
    assert first["text"] == second["text"] == "Marian Pell"
    assert 0 < first["score"] + second["score"] < 1
    directed = [(r["head"], r["tail"]) for r in result["relations"] if r["type"] == "Work_For"]
    assert directed == [(h, t) for h in range(4) for t in range(4) if h // 2 != t // 2]  # none of a span with itself
    assert tiny_pipeline(TEXTS[0], entities=[]) == {"entities": [], "relations": []}


def test_sequences_that_an_entity_lies_in_are_read_as_one(tiny_pipeline):
    text = "It rained. Ada met Per."
    far = [{"type": "Peop", "start": 0, "end": 2}, {"type": "Peop", "start": 11, "end": 14}]
    assert not tiny_pipeline(text, entities=far, relation_threshold=0.0)["relations"]
    across = [*far, {"type": "Org", "start": 3, "end": 14}]
    joined = tiny_pipeline(text, entities=across, relation_threshold=0.0)
    assert {(r["head"], r["tail"]) for r in joined["relations"] if r["type"] == "Work_For"} == {
        (head, tail) for head in range(3) for tail in range(3) if head != tail
    }
    whole = tiny_pipeline(text, entities=across, relation_threshold=0.0, sequences="document")
    assert_same([joined], [whole])


def test_given_entities_of_long_texts(tiny_pipeline):
    words = ["Marian", "Pell", "works", "for", "Northern", "Paper", "Co.", "in", "Duluth", "."] * 40  # several windows
    given = [{"type": "Peop", "token_start": 10 * n, "token_end": 10 * n + 2} for n in range(40)]
    (result,) = tiny_pipeline([words], entities=[given], relation_threshold=0.0)
    assert [entity["token_start"] for entity in result["entities"]] == [10 * n for n in range(40)]
    pairs = {(r["head"], r["tail"]) for r in result["relations"]}
    assert {(n, n + 1) for n in range(39)} <= pairs
    assert (0, 39) not in pairs


@pytest.mark.parametrize(
    ("entities", "message"),
    [
        (
            [{"type": "Pep", "start": 0, "end": 6}],
            r"input 0: entities\[0\].type must be .*did you mean 'Peop'.*, got 'Pep'",
        ),
        ([{"start": 0, "end": 6}], r"entities\[0\].type must be .*, got None"),
        (
            [{"type": "Org", "start": 1, "end": 6}],
            r"input 0: entities\[0\].start must be .* begins, such as 0 or 7, got 1",
        ),
        ([{"type": "Org", "start": 0, "end": 7}], r"entities\[0\].end must be .* word ends, such as 6 or 11, got 7"),
        ([{"type": "Org", "start": 7, "end": 6}], r"entities\[0\].end must be greater than start, got 6"),
        ([{"type": "Org", "start": "0", "end": 6}], r"entities\[0\].start must be an integer, got '0'"),
        ([{"type": "Org", "start": 0, "end": 57}], r"entities\[0\] must be at most 10 words long, got 11"),
        (
            [{"type": "Org", "start": 0, "end": 6}] * 2,
            r"entities\[1\] must be another span or type than those before it",
        ),
        (["Marian"], r"entities\[0\] must be a mapping with type, start and end, got 'Marian'"),
        ("Marian", "input 0: entities must be a list of entities, got 'Marian'"),
    ],
)
def test_what_fits_no_words_is_refused(tiny_pipeline, entities, message):
    with pytest.raises(ValueError, match=message):
        tiny_pipeline(TEXTS[0], entities=entities)
    skipped = tiny_pipeline(TEXTS[0], entities=entities, errors="skip")
    assert skipped["entities"] == []
    assert "input 0: " in skipped["error"]


@pytest.mark.parametrize("missing", [None, float("nan"), 3])
def test_an_input_that_is_no_text_is_skipped_as_without_entities(tiny_pipeline, missing):
    given = [{"type": "Org", "start": 0, "end": 6}]
    alone = tiny_pipeline(missing, entities=given, errors="skip")
    (among,) = tiny_pipeline([missing], entities=[given], errors="skip")
    assert alone == among
    assert alone["entities"] == alone["relations"] == []
    assert "must be a string" in alone["error"]


@pytest.mark.parametrize("entities", [[[]], [[], [], [], []], [], {"type": "Org"}, 3])
def test_there_are_as_many_lists_as_inputs(tiny_pipeline, entities):
    with pytest.raises(ValueError, match="entities must be a list "):
        tiny_pipeline(TEXTS, entities=entities)
    if isinstance(entities, list):
        with pytest.raises(ValueError, match="entities must be a list for each input, got more or fewer"):
            list(tiny_pipeline(iter(TEXTS), entities=iter(entities)))


def test_a_span_of_more_sub_words_than_the_encoder_takes(tiny_pipeline):
    with pytest.raises(ValueError, match=r"input 0: entities\[0\] must be at most \d+ sub-words long, .*, got \d+"):
        tiny_pipeline([["a" * 90] * 3], entities=[[{"type": "Org", "token_start": 0, "token_end": 3}]])
