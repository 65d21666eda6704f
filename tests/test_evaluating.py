"""A model is scored in one call, whatever it and the documents are given as."""

import json

import pytest

import spert_hf
from spert_hf import SpertModel, evaluate_model, load_documents
from spert_hf.cli.main import main
from spert_hf.data import Document
from tests.support.documents import make_dataset_folder
from tests.support.predictions import predict_documents, score_as_text, score_predictions


@pytest.fixture(scope="module")
def records(tiny_pipeline, sentences):
    """What the tiny model itself finds, so that its scores are none of 0."""
    found = tiny_pipeline([{"tokens": tokens} for tokens in sentences])
    return [
        {
            "tokens": tokens,
            "entities": [
                {"type": entity["type"], "start": entity["token_start"], "end": entity["token_end"]}
                for entity in one["entities"]
            ][::2],
        }
        for tokens, one in zip(sentences, found, strict=True)
    ]


def test_scores_are_those_on_tokens_and_as_text(tiny_checkpoint, records):
    pipe = spert_hf.load(tiny_checkpoint)
    documents = [Document.from_record(record) for record in records]
    found = predict_documents(pipe.model, pipe.spert_processor, documents)
    scores = evaluate_model(pipe, records)
    assert scores.tokens == score_predictions(pipe.model, documents, found)
    assert scores.text == score_as_text(pipe, documents)
    assert list(scores.predictions) == found
    assert scores.tokens.ner.micro.recall == 100


@pytest.mark.parametrize("kind", ["folder", "model", "pipeline"])
def test_a_model_may_be_given_in_any_form(tiny_checkpoint, records, kind):
    model = {"folder": str, "model": SpertModel.from_pretrained, "pipeline": spert_hf.load}[kind](tiny_checkpoint)
    assert evaluate_model(model, records, read_as="tokens") == evaluate_model(
        tiny_checkpoint, records, read_as="tokens"
    )


def test_settings_of_the_pipeline_hold(tiny_checkpoint, records):
    all_found = evaluate_model(tiny_checkpoint, records, read_as="tokens").tokens.ner.micro
    few = evaluate_model(tiny_checkpoint, records, read_as="tokens", entity_threshold=0.6, overlap="best")
    again = evaluate_model(spert_hf.load(tiny_checkpoint, entity_threshold=0.6, overlap="best"), records)
    assert few.tokens == again.tokens
    assert few.tokens.ner.micro.tp + few.tokens.ner.micro.fp < all_found.tp + all_found.fp


def test_what_was_not_asked_for_is_not_scored(tiny_checkpoint, records):
    assert evaluate_model(tiny_checkpoint, records, read_as="tokens").text is None
    scores = evaluate_model(tiny_checkpoint, records, read_as="text")
    assert (scores.tokens, list(scores.predictions)) == (None, [])
    assert list(scores.to_dict()) == ["text"]


def test_scores_can_be_read(tiny_checkpoint, records):
    scores = evaluate_model(tiny_checkpoint, records)
    shown = repr(scores)
    assert shown.startswith("Scores in percent: 5 documents")
    assert "Read as text, as users give it: NER, REL, REL+" in shown
    f1 = scores.tokens.ner.micro.f1
    assert repr(scores.tokens).startswith(f"EvaluationResult(NER F1 {f1:.2f}, REL F1 ")
    assert json.loads(json.dumps(scores.to_dict()))["tokens"]["ner"]["micro"]["f1"] == f1


def test_the_command_gives_the_same_scores(tiny_checkpoint, records, tmp_path, capsys):
    file = tmp_path / "documents.jsonl"
    file.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    scores = evaluate_model(tiny_checkpoint, file, no_overlapping=True).to_dict()
    for name, flags in (("tokens", []), ("text", ["--as-text"])):
        command = ["evaluate", f"--model={tiny_checkpoint}", f"--dataset={file}", "--no-overlapping", "--json", *flags]
        assert main(command) == 0
        shown = json.loads(capsys.readouterr().out)
        assert {key: shown[key] for key in scores[name]} == scores[name]


def test_of_a_data_set_with_splits_the_test_split_is_scored(tiny_checkpoint, tmp_path):
    folder = make_dataset_folder(tmp_path)
    sizes = [
        evaluate_model(tiny_checkpoint, folder, split=split, read_as="tokens").tokens.documents
        for split in (None, "dev")
    ]
    assert sizes == [len(load_documents(folder, split)) for split in ("test", "dev")] == [5, 4]


@pytest.mark.parametrize(
    ("settings", "error", "said"),
    [
        ({"documents": 3}, TypeError, "documents must be .*, got an object of type int"),
        ({"model": 3}, TypeError, "model must be a checkpoint's folder or Hub id.*, got an object of type int"),
        ({"read_as": "texts"}, ValueError, "read_as must be 'tokens', 'text' or 'both', got 'texts'"),
        ({"batch_size": 0}, ValueError, "batch_size must be .*, got 0"),
        ({"no_overlaping": True}, TypeError, "no_overlaping is not a setting of"),
        ({"realtion_threshold": 0.3}, TypeError, "did you mean 'relation_threshold"),
    ],
)
def test_wrong_arguments_are_named_before_a_model_is_loaded(tmp_path, settings, error, said):
    arguments = {"model": tmp_path / "none", "documents": [{"tokens": ["Oslo"]}], **settings}
    with pytest.raises(error, match=said):
        evaluate_model(arguments.pop("model"), arguments.pop("documents"), **arguments)
