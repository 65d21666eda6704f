"""The pipeline: what goes in, what comes out, in whatever form and order."""

import types

import numpy as np
import pytest
from datasets import Dataset
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import Dataset as TorchDataset
from transformers import pipeline
from transformers.pipelines.pt_utils import KeyDataset

from tests.support.tiny_models import make_encoder_folder

TEXTS = [
    "Marian Pell works for Northern Paper Co. in Duluth, Minn., where she was born.",
    "It rained.",
    "",
    "On Tuesday the harbour office of Kestrel Marine moved from Oslo to Tromsø.",
    " \n\t ",
    "Overnight",
]


def without_scores(result):
    return {
        kind: [{key: value for key, value in item.items() if key != "score"} for item in result[kind]]
        for kind in ("entities", "relations")
    }


def check_result(result, text):
    """Every promise about one result for a string."""
    spans = [(entity["start"], entity["end"]) for entity in result["entities"]]
    assert spans == sorted(spans)
    for entity in result["entities"]:
        assert list(entity) == ["type", "score", "text", "start", "end", "token_start", "token_end"]
        assert entity["text"] == text[entity["start"] : entity["end"]] != ""
        assert 0 <= entity["score"] <= 1
        assert entity["token_start"] < entity["token_end"]
    for relation in result["relations"]:
        assert list(relation) == ["type", "score", "head", "tail"]
        assert relation["head"] != relation["tail"]
        assert {relation["head"], relation["tail"]} <= set(range(len(spans)))


def test_a_string(tiny_pipeline):
    result = tiny_pipeline(TEXTS[0])
    check_result(result, TEXTS[0])
    assert result["entities"]
    assert result["relations"]


def test_a_list_gives_a_list_in_order_with_one_result_an_input(tiny_pipeline):
    results = tiny_pipeline(TEXTS)
    assert isinstance(results, list)
    assert len(results) == len(TEXTS)
    for result, text in zip(results, TEXTS, strict=True):
        check_result(result, text)
        assert without_scores(result) == without_scores(tiny_pipeline(text))
    assert results[2] == results[4] == {"entities": [], "relations": []}
    assert tiny_pipeline([]) == []


@pytest.mark.parametrize("batch_size", [1, 2, 100])
def test_the_batch_size_changes_nothing(tiny_pipeline, batch_size):
    plain = tiny_pipeline(TEXTS)
    batched = tiny_pipeline(TEXTS, batch_size=batch_size)
    assert list(map(without_scores, batched)) == list(map(without_scores, plain))
    for one, other in zip(plain, batched, strict=True):
        scores = [entity["score"] for entity in one["entities"]]
        assert scores == pytest.approx([entity["score"] for entity in other["entities"]], abs=1e-5)


def test_words_have_no_character_offsets(tiny_pipeline, sentences):
    results = tiny_pipeline(sentences)
    assert any(result["entities"] for result in results)
    for words, result in zip(sentences, results, strict=True):
        for entity in result["entities"]:
            assert list(entity) == ["type", "score", "text", "token_start", "token_end"]
            assert entity["text"] == " ".join(words[entity["token_start"] : entity["token_end"]])


def test_a_generator_gives_a_generator(tiny_pipeline):
    results = tiny_pipeline(text for text in TEXTS)
    assert isinstance(results, types.GeneratorType)
    assert list(results) == tiny_pipeline(TEXTS)


class Counted:
    """Texts one after the other, which count how many were asked for."""

    def __init__(self):
        self.read = 0

    def __iter__(self):
        while True:
            self.read += 1
            yield TEXTS[self.read % len(TEXTS)]


@pytest.mark.parametrize("batch_size", [1, 2, 7])
def test_a_generator_gives_a_result_as_soon_as_its_batch_is_full(tiny_pipeline, batch_size):
    texts = Counted()
    results = tiny_pipeline(texts, batch_size=batch_size)
    assert texts.read == 0
    for number in range(1, 3 * batch_size):
        next(results)
        assert number <= texts.read < number + batch_size


def test_reading_more_of_a_generator_ahead(tiny_pipeline):
    texts = Counted()
    next(tiny_pipeline(texts, batch_size=2, batches_ahead=3))
    assert texts.read == 6


def test_how_far_is_read_ahead_changes_nothing(tiny_pipeline):
    expected = tiny_pipeline(TEXTS, batch_size=2)
    for results in (tiny_pipeline(iter(TEXTS), batch_size=2), tiny_pipeline(TEXTS, batch_size=2, batches_ahead=1)):
        results = list(results)
        assert list(map(without_scores, results)) == list(map(without_scores, expected))
        scores, others = (
            [item["score"] for one in found for kind in ("entities", "relations") for item in one[kind]]
            for found in (results, expected)
        )
        assert scores == pytest.approx(others, abs=1e-5)


def test_progress_is_shown_with_the_total_where_there_is_one(tiny_pipeline, capsys):
    assert tiny_pipeline(TEXTS, show_progress=True) == tiny_pipeline(TEXTS)
    assert "6/6" in capsys.readouterr().err
    results = tiny_pipeline(iter(TEXTS), show_progress=True)
    assert isinstance(results, types.GeneratorType)
    assert len(list(results)) == 6
    shown = capsys.readouterr().err
    assert "6 texts" in shown and "6/6" not in shown
    tiny_pipeline(TEXTS)
    tiny_pipeline(TEXTS[0], show_progress=True)
    assert capsys.readouterr().err == ""


def test_relations_with_their_words(tiny_pipeline):
    for text in (TEXTS[0], TEXTS[0].split()):
        (plain,), (found,) = tiny_pipeline([text]), tiny_pipeline([text], with_text=True)
        assert found["relations"] and found["entities"] == plain["entities"]
        for relation, same in zip(found["relations"], plain["relations"], strict=True):
            head, tail = (found["entities"][relation[end]] for end in ("head", "tail"))
            assert relation == same | {
                "head_text": head["text"],
                "head_type": head["type"],
                "tail_text": tail["text"],
                "tail_type": tail["type"],
            }
        assert tiny_pipeline([text], with_text=False) == [plain]


def test_a_datasets_column(tiny_pipeline):
    rows = Dataset.from_dict({"text": TEXTS, "tokens": [text.split() for text in TEXTS]})
    expected = tiny_pipeline(TEXTS)
    assert list(tiny_pipeline(rows["text"])) == expected
    assert list(tiny_pipeline(KeyDataset(rows, "text"))) == expected
    assert list(tiny_pipeline(rows["tokens"])) == tiny_pipeline([text.split() for text in TEXTS])


def test_a_torch_data_set_without_iterator(tiny_pipeline):
    class Texts(TorchDataset):
        def __len__(self):
            return len(TEXTS)

        def __getitem__(self, index):
            return TEXTS[index]

    assert list(tiny_pipeline(Texts())) == tiny_pipeline(TEXTS)


def test_records(tiny_pipeline):
    assert tiny_pipeline({"text": TEXTS[0], "id": 3}) == tiny_pipeline(TEXTS[0])
    assert tiny_pipeline([{"tokens": TEXTS[0].split()}]) == tiny_pipeline([TEXTS[0].split()])


def test_relation_threshold(tiny_pipeline):
    assert tiny_pipeline(TEXTS[0], relation_threshold=np.float32(0.5)) == tiny_pipeline(
        TEXTS[0], relation_threshold=0.5
    )
    many, few = tiny_pipeline(TEXTS[0], relation_threshold=0.0), tiny_pipeline(TEXTS[0], relation_threshold=0.9)
    assert len(many["relations"]) > len(few["relations"])
    assert all(relation["score"] >= 0.9 for relation in few["relations"])
    assert many["entities"] == few["entities"]


def overlapping(entities):
    return [
        (first, second)
        for index, first in enumerate(entities)
        for second in entities[index + 1 :]
        if first["token_start"] < second["token_end"] and second["token_start"] < first["token_end"]
    ]


def test_overlap_policies(tiny_pipeline):
    kept = tiny_pipeline(TEXTS[0])
    assert overlapping(kept["entities"])
    dropped = tiny_pipeline(TEXTS[0], overlap="drop")
    best = tiny_pipeline(TEXTS[0], overlap="best")
    assert not overlapping(dropped["entities"])
    assert not overlapping(best["entities"])
    assert len(dropped["entities"]) < len(best["entities"]) < len(kept["entities"])
    assert max(kept["entities"], key=lambda entity: entity["score"]) in best["entities"]
    for result in (dropped, best):
        check_result(result, TEXTS[0])


def test_settings_may_be_given_once_for_all(tiny_checkpoint, tiny_pipeline):
    strict = pipeline("spert-extraction", model=str(tiny_checkpoint), relation_threshold=0.9, overlap="best")
    assert strict(TEXTS[0]) == tiny_pipeline(TEXTS[0], relation_threshold=0.9, overlap="best")


def test_how_texts_are_read_and_shown_may_be_given_once_for_all(tiny_checkpoint, capsys):
    pipe = pipeline(
        "spert-extraction",
        model=str(tiny_checkpoint),
        batch_size=2,
        batches_ahead=2,
        show_progress=True,
        with_text=True,
    )
    texts = Counted()
    assert "head_text" in next(pipe(texts))["relations"][0]
    assert texts.read == 4
    assert pipe(TEXTS) and "6/6" in capsys.readouterr().err
    assert pipe(TEXTS, show_progress=False) and capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"relation_threshold": 2}, "relation_threshold must be a number from 0 to 1, got 2"),
        ({"overlap": "some"}, "overlap must be 'keep', 'drop' or 'best', got 'some'"),
        ({"relation_threshold": "0.5"}, "relation_threshold must be a number from 0 to 1, got '0.5'"),
        ({"batch_size": -1}, "batch_size must be an integer of 1 or more, got -1"),
        ({"batch_size": 0}, "batch_size must be an integer of 1 or more, got 0"),
        ({"batches_ahead": 0}, "batches_ahead must be an integer of 1 or more, got 0"),
        ({"show_progress": "yes"}, "show_progress must be True or False, got 'yes'"),
        ({"with_text": 1}, "with_text must be True or False, got 1"),
    ],
)
def test_wrong_settings(tiny_pipeline, arguments, message):
    with pytest.raises(ValueError) as raised:
        tiny_pipeline("x", **arguments)
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("treshold", "relation_threshold"),
        ("relation_treshold", "relation_threshold"),
        ("overlaps", "overlap"),
        ("batchsize", "batch_size"),
        ("progress", "show_progress"),
    ],
)
def test_an_unknown_setting_is_named_with_the_nearest(tiny_checkpoint, tiny_pipeline, name, near):
    for call in (
        lambda: tiny_pipeline("x", **{name: 1}),
        lambda: pipeline("spert-extraction", model=str(tiny_checkpoint), **{name: 1}),
    ):
        with pytest.raises(
            TypeError, match=rf"^{name} is not a setting of .*did you mean .*{near}.*; there are .*words"
        ):
            call()


def test_a_setting_of_the_constructor_is_none_of_a_call(tiny_checkpoint, tiny_pipeline):
    with pytest.raises(TypeError, match=r"^devise .*did you mean 'device"):
        pipeline("spert-extraction", model=str(tiny_checkpoint), devise="cpu")
    with pytest.raises(TypeError, match=r"^device is not a setting of a call"):
        tiny_pipeline("x", device="cpu")


def test_a_setting_of_a_call_is_none_of_the_constructor(tiny_checkpoint):
    with pytest.raises(TypeError, match=r"^entities is not a setting of the pipeline") as refused:
        pipeline("spert-extraction", model=str(tiny_checkpoint), entities=[])
    allowed = str(refused.value).split("; there are ")[1].split(", ")
    assert {"backend", "precision", "batch_size"} <= set(allowed)
    assert "entities" not in allowed


@pytest.mark.parametrize("wrong", [None, 3, ["a", 3], {"body": "x"}])
def test_wrong_inputs_are_named(tiny_pipeline, wrong):
    with pytest.raises(ValueError, match=r"input 1: must be a string or a list of words, got .*"):
        tiny_pipeline(["It rained.", wrong])


def test_tables_are_not_taken_for_records(tiny_pipeline):
    rows = {"text": TEXTS[:2]}
    with pytest.raises(ValueError, match=r"input 0: text must be a string .*give the column.*, got "):
        tiny_pipeline(rows)
    with pytest.raises(ValueError, match=r"inputs must be one of its columns.*, got DataFrame"):
        tiny_pipeline(Dataset.from_dict(rows).to_pandas())


def test_another_kind_of_model_is_refused(tmp_path):
    with pytest.raises(ValueError, match="model must be 'spert', got 'bert'"):
        pipeline("spert-extraction", model=str(make_encoder_folder("bert", tmp_path)))


def test_something_that_is_no_collection(tiny_pipeline):
    with pytest.raises(ValueError, match=r"inputs must be .*, got int"):
        tiny_pipeline(3)


@pytest.mark.parametrize(
    "text",
    [
        "🦊 of Oslo 👩‍🔬👩‍🔬",
        "東京のマリアン・ペル",
        "שלום ל־Oslo ולכולם",
        "a\x00b\x1f \u202eOslo\u202c",
        "x" * 1000,
        "Oslo " * 60,
        "\ud800 Oslo",
        "e\u0301" * 50,
    ],
)
def test_unusual_text(tiny_pipeline, text):
    check_result(tiny_pipeline(text), text)


@given(st.text(max_size=80))
def test_any_text_has_right_offsets(tiny_pipeline, text):
    check_result(tiny_pipeline(text), text)


def test_long_text_is_windowed_not_cut(tiny_pipeline):
    """Entities are found from the beginning to the very end, at the right places."""
    text = " ".join([TEXTS[0], TEXTS[3]] * 20)
    result = tiny_pipeline(text)
    check_result(result, text)
    assert {entity["start"] // 400 for entity in result["entities"]} == set(range(len(text) // 400 + 1))
    keys = [(entity["start"], entity["end"], entity["type"]) for entity in result["entities"]]
    assert len(set(keys)) == len(keys)
    triples = [(relation["head"], relation["tail"], relation["type"]) for relation in result["relations"]]
    assert len(set(triples)) == len(triples)
