"""Training, in small: it learns, repeats itself, goes on where it was, and says what it did."""

import json
import shutil
import signal

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModel, AutoTokenizer, pipeline

from spert_hf import SpertModel
from spert_hf.data import load_splits
from spert_hf.files.ownership import owned_folder
from spert_hf.training.arguments import SpertTrainingArguments
from spert_hf.training.interruption import TrainingInterruptedError
from spert_hf.training.scoring import Scorer
from spert_hf.training.trainer import SpertTrainer
from tests.support.documents import make_dataset_folder, make_records
from tests.support.predictions import predict_documents, score_as_text, score_predictions
from tests.support.tiny_models import make_encoder_folder


@pytest.fixture(scope="module")
def dataset_folder(tmp_path_factory):
    return make_dataset_folder(tmp_path_factory.mktemp("documents"))


@pytest.fixture(scope="module")
def encoder_folder(tmp_path_factory):
    return make_encoder_folder("bert", tmp_path_factory.mktemp("encoder"))


@pytest.fixture
def train(dataset_folder, encoder_folder, tmp_path, forget_precision):
    """Run a small training with some settings changed."""

    def run(name="run", dataset=dataset_folder, **settings):
        forget_precision()
        settings = {
            "num_train_epochs": 3,
            "learning_rate": 3e-3,
            "logging_steps": 1,
            "cpu_threads": 1,
            "encoder": str(encoder_folder),
            "output_dir": str(tmp_path / name),
            **settings,
        }
        trainer = SpertTrainer(args=SpertTrainingArguments(dataset=str(dataset), **settings), show_progress=False)
        return trainer.train()

    return run


def weights_of(result):
    return torch.cat([weight.flatten() for weight in result.model.state_dict().values()])


def log_of(result):
    return [json.loads(line) for line in (result.output_dir / "training_log.jsonl").read_text().splitlines()]


def test_it_learns_small_things_by_heart(train):
    result = train(num_train_epochs=40, learning_rate=5e-3, optim="adamw")
    assert result.scores.ner.micro.f1 > 90
    assert result.scores.rel_plus.micro.f1 > 80
    losses = [entry["loss"] for entry in log_of(result) if "loss" in entry]
    assert losses[-1] < 0.2 * losses[0]


def test_the_saved_model_is_complete(train):
    result = train()
    assert result.split == "test"
    names = {path.name for path in result.output_dir.iterdir()}
    assert names >= {"config.json", "model.safetensors", "tokenizer.json", "training_run.json", "training_log.jsonl"}
    assert not any("unfinished" in name or name == "best" for name in names)
    again = SpertModel.from_pretrained(result.output_dir)
    assert torch.equal(weights_of(result), torch.cat([w.flatten() for w in again.state_dict().values()]))
    assert AutoTokenizer.from_pretrained(result.output_dir).is_fast
    assert again.config.entity_types == ["Loc", "Org", "Peop"]
    assert again.config.symmetric_relation_types == ["Near"]
    assert len(pipeline("spert-extraction", model=str(result.output_dir))(["It rained in Oslo."])) == 1
    run = json.loads((result.output_dir / "training_run.json").read_text())
    assert run["settings"]["learning_rate"] == 3e-3
    assert run["scores"]["ner"]["micro"]["f1"] == result.scores.ner.micro.f1
    assert run["scores_as_text"] == json.loads(json.dumps(result.scores_as_text.to_dict()))
    assert "hub_token" not in run["settings"]


def test_same_seed_same_result(train):
    first, second, other = train("first"), train("second"), train("other", seed=7)
    assert torch.equal(weights_of(first), weights_of(second))
    assert not torch.equal(weights_of(first), weights_of(other))
    assert log_of(first) == log_of(second)


def test_an_interrupted_run_goes_on_to_the_same_weights(train):
    whole = train("whole", save_steps=5, save_total_limit=9)
    checkpoints = sorted(path.name for path in whole.output_dir.glob("checkpoint-*"))
    assert checkpoints == ["checkpoint-10", "checkpoint-15", "checkpoint-5"]
    resumed = train("resumed", resume_from_checkpoint=str(whole.output_dir / "checkpoint-10"))
    assert torch.equal(weights_of(whole), weights_of(resumed))
    assert log_of(whole) == log_of(resumed)


def test_an_interrupted_run_goes_on_with_the_same_copies(train):
    shares = {"lower_case_copies": 0.5, "upper_case_copies": 0.25}
    whole = train("whole", save_steps=14, save_total_limit=9, **shares)
    checkpoint = whole.output_dir / "checkpoint-14"  # in the second of three epochs of ten steps
    resumed = train("resumed", resume_from_checkpoint=str(checkpoint), **shares)
    assert torch.equal(weights_of(whole), weights_of(resumed))
    assert log_of(whole) == log_of(resumed)
    assert [entry["step"] for entry in log_of(whole) if "loss" in entry] == list(range(1, 31))
    with pytest.raises(ValueError, match=r"lower_case_copies must be 0\.5, as in the checkpoint's run, got 0\.4"):
        train("other", resume_from_checkpoint=str(checkpoint), **shares | {"lower_case_copies": 0.4})


def test_only_the_last_checkpoints_are_kept(train):
    result = train(save_steps=4, save_total_limit=2)
    assert sorted(path.name for path in result.output_dir.glob("checkpoint-*")) == ["checkpoint-12", "checkpoint-16"]


def test_a_run_does_not_go_on_with_other_settings_or_data(train, tmp_path):
    whole = train("whole", save_steps=5, num_train_epochs=1)
    checkpoint = str(whole.output_dir / "checkpoint-5")
    with pytest.raises(
        ValueError, match=r"checkpoint-5: learning_rate must be 0\.003, as in the checkpoint's run, got 0\.1"
    ):
        train("other", resume_from_checkpoint=checkpoint, num_train_epochs=1, learning_rate=0.1)
    other = tmp_path / "data"
    other.mkdir()
    with pytest.raises(ValueError, match="checkpoint-5: training data must be "):
        train("other", make_dataset_folder(other, 11), resume_from_checkpoint=checkpoint, num_train_epochs=1)


def test_the_best_model_is_kept(train, dataset_folder):
    result = train(load_best_model_at_end=True, metric_for_best_model="ner_f1", num_train_epochs=6)
    scores = [entry["dev_ner_f1"] for entry in log_of(result) if "dev_ner_f1" in entry]
    assert len(scores) == 6
    dev = load_splits(dataset_folder).dev
    predictions = predict_documents(result.model, result.processor, dev)
    assert score_predictions(result.model, dev, predictions).ner.micro.f1 == max(scores)


def test_only_the_runs_own_best_model_is_removed(train, tmp_path):
    mine = tmp_path / "run" / "best" / "mine.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("kept")
    train(num_train_epochs=1)
    assert mine.read_text() == "kept"


def test_a_run_does_not_go_on_with_another_encoder(train, tmp_path):
    whole = train("whole", save_steps=5, num_train_epochs=1)
    other = make_encoder_folder("distilbert", tmp_path / "distilbert")
    with pytest.raises(ValueError, match=r"checkpoint-5: encoder must be a BertModel of .*, got a DistilBertModel of "):
        train("other", resume_from_checkpoint=str(whole.output_dir / "checkpoint-5"), num_train_epochs=1, encoder=other)


def test_a_run_does_not_go_on_with_other_types(train, dataset_folder, tmp_path):
    whole = train("whole", save_steps=5, num_train_epochs=1)
    folder = shutil.copytree(dataset_folder, tmp_path / "more")
    types = json.loads((folder / "types.json").read_text())
    types["entities"]["Unmet"] = {"short": "Unmet", "verbose": "In no document"}
    (folder / "types.json").write_text(json.dumps(types))
    with pytest.raises(
        ValueError, match=r"checkpoint-5: entity_types must be .*, as in the checkpoint's run, got .*'Unmet'\]"
    ):
        train(
            "other", resume_from_checkpoint=str(whole.output_dir / "checkpoint-5"), num_train_epochs=1, dataset=folder
        )


@pytest.mark.parametrize("settings", [{}, {"random_layers": True}])
def test_an_encoder_without_all_of_its_weights_is_refused(train, encoder_folder, tmp_path, settings):
    folder = shutil.copytree(encoder_folder, tmp_path / "prefixed")
    weights = load_file(folder / "model.safetensors")
    save_file({f"lightning.{name}": weight for name, weight in weights.items()}, folder / "model.safetensors")
    with pytest.raises(ValueError, match=r"prefixed lacks [0-9]+ weights of a BertModel, such as embeddings"):
        train(encoder=folder, **settings)
    name = "embeddings.word_embeddings.weight"
    save_file({**weights, name: weights[name][:-1].clone()}, folder / "model.safetensors")
    with pytest.raises(
        ValueError, match=r"embeddings\.word_.* of .*prefixed must be of shape \(\d+, 32\), .*, got \(\d+, 32\)"
    ):
        train(encoder=folder, **settings)
    (folder / "model.safetensors").write_text("version https://git-lfs.github.com/spec/v1")
    with pytest.raises(ValueError, match=r"the weights of .*prefixed can't be read"):
        train(encoder=folder, **settings)


class TestTheBestModelOfAResumedRun:
    """What was the best before is forgotten where it is not at hand, or was found by another measure."""

    @pytest.fixture
    def checkpoint(self, train):
        whole = train("whole", save_steps=5, load_best_model_at_end=True, metric_for_best_model="ner_f1")
        state = whole.output_dir / "checkpoint-15" / "trainer_state.json"
        assert json.loads(state.read_text())["best_measure"] == "ner_f1"
        return str(state.parent)

    @pytest.mark.parametrize(
        ("folder", "metric", "reason"),
        [("elsewhere", "ner_f1", "elsewhere has none"), ("whole", "rel_f1", "it was chosen by ner_f1, not by rel_f1")],
    )
    def test_is_looked_for_anew(self, train, checkpoint, caplog, folder, metric, reason):
        again = train(
            folder, resume_from_checkpoint=checkpoint, load_best_model_at_end=True, metric_for_best_model=metric
        )
        assert reason in caplog.text
        assert (again.output_dir / "model.safetensors").is_file()


@pytest.mark.parametrize("other", [{"train_on_dev": True}, {"eval_every_epochs": 0}])
def test_there_is_no_best_model_without_a_dev_split_that_is_scored(other):
    with pytest.raises(ValueError, match="load_best_model_at_end needs a dev split that is scored, got "):
        SpertTrainingArguments(load_best_model_at_end=True, **other)


@pytest.mark.parametrize("bf16", [False, True])
def test_scores_are_those_of_the_model_when_it_is_loaded(train, dataset_folder, bf16):
    result = train(bf16=bf16, num_train_epochs=8, learning_rate=1e-3)
    documents = load_splits(dataset_folder).test
    loaded = SpertModel.from_pretrained(result.output_dir)
    found = predict_documents(loaded, result.processor, documents)
    assert found == predict_documents(result.model, result.processor, documents)
    assert score_predictions(loaded, documents, found) == result.scores


def test_scores_as_text_are_those_of_the_saved_model(train, dataset_folder):
    result = train(num_train_epochs=20, learning_rate=5e-3)
    pipe = pipeline("spert-extraction", model=str(result.output_dir))
    assert result.scores_as_text == score_as_text(pipe, load_splits(dataset_folder).test)
    assert result.scores_as_text.ner.micro.f1 > 0


def test_a_stop_that_is_asked_for_while_texts_are_scored_is_heeded(train, monkeypatch):
    score = Scorer.score

    def ask_to_stop(*arguments):
        result = score(*arguments)
        signal.raise_signal(signal.SIGTERM)
        return result

    monkeypatch.setattr(Scorer, "score", ask_to_stop)
    with pytest.raises(TrainingInterruptedError):
        train(eval_every_epochs=0)


def test_a_stop_that_is_asked_for_within_one_document_is_heeded(train, tmp_path, monkeypatch):
    """A document has many windows, and a model that knows nothing finds much in each."""
    records = make_records()
    (tmp_path / "train.json").write_text(json.dumps(records))
    words = [word for record in records for word in record["tokens"]]
    (tmp_path / "dev.json").write_text(json.dumps([{"tokens": words * 20, "entities": [], "relations": []}]))
    batches = []

    def ask_to_stop(model, *args):
        if not model.training:
            batches.append(model)
            if len(batches) == 2:
                signal.raise_signal(signal.SIGTERM)

    hook = torch.nn.modules.module.register_module_forward_pre_hook(
        lambda module, _: ask_to_stop(module) if isinstance(module, SpertModel) else None
    )
    with hook, pytest.raises(TrainingInterruptedError):
        train(dataset=tmp_path, per_device_eval_batch_size=1)
    assert len(batches) == 2


def test_train_on_dev_uses_both(train):
    result = train(train_on_dev=True, num_train_epochs=1, per_device_train_batch_size=16)
    assert log_of(result)[0]["step"] == 1


@pytest.mark.parametrize(
    "settings",
    [
        {"optim": "adamw"},
        {"lr_scheduler_type": "cosine", "warmup_ratio": 0.0},
        {"strong_negatives": False, "negative_spans": 0, "negative_pairs": 5},
        {"group_by_length": True, "head_learning_rate": 1e-2},
        {"bf16": True},
        {"gradient_checkpointing": True},
        {"random_encoder": True},
        {"random_layers": True},
        {"span_pooling": "mean", "relation_context": "cls", "size_embedding_dim": 0},
        {"no_overlapping": True, "eval_every_epochs": 2},
        {"letter_case_embeddings": True, "freeze_embeddings": True},
    ],
)
def test_every_setting_trains(train, settings):
    result = train(num_train_epochs=2, **settings)
    assert weights_of(result).isfinite().all()
    assert len([entry for entry in log_of(result) if "loss" in entry]) == 12


def test_the_split_that_is_scored_at_the_end_can_be_chosen(train):
    result = train(num_train_epochs=1, eval_split="dev")
    run = json.loads((result.output_dir / "training_run.json").read_text())
    assert (result.split, run["split"]) == ("dev", "dev")
    assert result.scores.documents == 4  # of 5 in the test split


def test_a_split_without_documents_cannot_be_scored(train, tmp_path):
    (tmp_path / "train.json").write_text(json.dumps(make_records(4)))
    with pytest.raises(
        ValueError, match=r"eval_split must be a split that .+ has documents for \(dev, train\), got 'test'"
    ):
        train(dataset=tmp_path, eval_split="test")


def test_random_layers_keep_the_pretrained_word_embeddings(dataset_folder, encoder_folder, tmp_path):
    encoder = AutoModel.from_pretrained(encoder_folder)
    arguments = SpertTrainingArguments(
        encoder=str(encoder_folder), random_layers=True, cpu_threads=1, output_dir=str(tmp_path)
    )
    made = SpertTrainer(args=arguments, train_dataset=load_splits(dataset_folder), show_progress=False).model.encoder
    assert torch.equal(made.get_input_embeddings().weight, encoder.get_input_embeddings().weight)
    others = [(name, weight) for name, weight in made.named_parameters() if name.endswith("dense.weight")]
    assert others
    assert all((weight != encoder.get_parameter(name)).any() for name, weight in others)


@pytest.mark.parametrize("start", [{}, {"random_layers": True}, {"random_encoder": True}])
def test_weights_are_trained_in_single_precision_whatever_the_encoders_are_stored_in(
    dataset_folder, encoder_folder, tmp_path, start
):
    half = tmp_path / "half"
    AutoModel.from_pretrained(encoder_folder).half().save_pretrained(half)
    AutoTokenizer.from_pretrained(encoder_folder).save_pretrained(half)
    arguments = SpertTrainingArguments(encoder=str(half), cpu_threads=1, output_dir=str(tmp_path / "run"), **start)
    model = SpertTrainer(args=arguments, train_dataset=load_splits(dataset_folder), show_progress=False).model
    assert {weight.dtype for weight in model.parameters()} == {torch.float32}


def test_tensorboard(train):
    pytest.importorskip("tensorboard")
    result = train(report_to="tensorboard", num_train_epochs=1)
    assert list((result.output_dir / "runs").glob("events.*"))


@pytest.mark.parametrize("batch_size", [1, 3])
def test_sentences_without_any_candidate_skip_no_step(train, tmp_path, batch_size):
    folder = tmp_path / "bare"
    folder.mkdir()
    bare = [{"tokens": ["It", "rained"], "entities": [], "relations": []}] * 3
    (folder / "train.json").write_text(json.dumps(make_records(3) + bare))
    (folder / "dev.json").write_text(json.dumps(make_records(2)))
    result = train(
        dataset=folder, negative_spans=0, negative_pairs=0, per_device_train_batch_size=batch_size, num_train_epochs=2
    )
    losses = [entry["loss"] for entry in log_of(result) if "loss" in entry]
    assert len(losses) == 12 // batch_size
    assert all(loss == loss for loss in losses)


@pytest.mark.parametrize("kind", ["no relations", "no relation types", "one word"])
def test_poor_data_sets_train_and_predict(train, tmp_path, kind):
    records = make_records(6)
    if kind == "one word":
        records = [{"tokens": ["Oslo"], "entities": [{"type": "Loc", "start": 0, "end": 1}]} for _ in range(4)]
    types = {"entities": {name: {"short": name, "verbose": name} for name in ("Loc", "Org", "Peop")}, "relations": {}}
    for record in records:
        record["relations"] = []
    folder = tmp_path / "poor"
    folder.mkdir()
    (folder / "train.json").write_text(json.dumps(records))
    if kind != "no relations":
        (folder / "types.json").write_text(json.dumps(types))
    result = train(dataset=folder)
    assert result.split == "dev"
    found = pipeline("spert-extraction", model=str(result.output_dir))("Oslo")
    assert found["relations"] == []


def test_documents_longer_than_the_encoder_takes_are_windowed(train, tmp_path, caplog):
    records = make_records(3)
    long = {"tokens": [], "entities": [], "relations": []}
    for record in records * 15:
        shift, count = len(long["tokens"]), len(long["entities"])
        long["tokens"] += record["tokens"]
        long["entities"] += [e | {"start": e["start"] + shift, "end": e["end"] + shift} for e in record["entities"]]
        long["relations"] += [r | {"head": r["head"] + count, "tail": r["tail"] + count} for r in record["relations"]]
    folder = tmp_path / "long"
    folder.mkdir()
    (folder / "train.json").write_text(json.dumps([long, long]))
    result = train(dataset=folder, num_train_epochs=1)
    assert "windows, as the encoder takes 126 sub-words" in caplog.text
    assert result.scores.documents == 1


def test_entities_that_are_too_long_to_be_predicted_are_counted(train, tmp_path, caplog):
    folder = tmp_path / "wordy"
    folder.mkdir()
    (folder / "train.json").write_text(json.dumps(make_records(3)))
    sizes = [entity["end"] - entity["start"] for record in make_records(3) for entity in record["entities"]]
    longest = max(sizes)
    assert min(sizes) < longest
    train(dataset=folder, num_train_epochs=1, max_span_size=longest)
    assert "max_span_size" not in caplog.text
    train(dataset=folder, num_train_epochs=1, max_span_size=longest - 1, overwrite=True)
    assert f"entities have more than {longest - 1} tokens (max_span_size), the longest {longest}" in caplog.text


def test_relations_across_windows_are_counted(train, tmp_path, caplog):
    far = {
        "tokens": ["Pell"] + ["harbour"] * 200 + ["Oslo"],
        "entities": [{"type": "Peop", "start": 0, "end": 1}, {"type": "Loc", "start": 201, "end": 202}],
        "relations": [{"type": "Live_In", "head": 0, "tail": 1}],
    }
    folder = tmp_path / "far"
    folder.mkdir()
    (folder / "train.json").write_text(json.dumps([far, far]))
    train(dataset=folder, num_train_epochs=1)
    assert "0 entities and 1 relations are not trained on" in caplog.text


def test_signatures_are_learned_from_the_training_documents(train, dataset_folder):
    splits = load_splits(dataset_folder)
    result = train(learn_signatures=True, num_train_epochs=1)
    seen = {
        (relation.type, document.entities[relation.head].type, document.entities[relation.tail].type)
        for document in splits.train
        for relation in document.relations
    }
    signatures = SpertModel.from_pretrained(result.output_dir).config.relation_signatures
    assert {(name, *pair) for name, pairs in signatures.items() for pair in pairs} == seen


def test_another_model_or_run_is_replaced_only_on_demand(train):
    first = train(save_steps=5)
    again = train(save_steps=5)
    assert torch.equal(weights_of(first), weights_of(again))
    weights = (first.output_dir / "model.safetensors").read_bytes()
    with pytest.raises(ValueError, match=r"output_dir: .*run holds another model, trained with seed 42"):
        train(seed=1)
    (first.output_dir / "training_run.json").unlink()
    for name in ("config.json", "model.safetensors"):
        (first.output_dir / name).rename(first.output_dir / f"{name}.away")
    with pytest.raises(ValueError, match=r"holds checkpoint-\d+ of another run"):
        train(seed=1)
    other = train(seed=1, overwrite=True)
    assert not list(other.output_dir.glob("checkpoint-*"))
    assert (other.output_dir / "model.safetensors").read_bytes() != weights
    assert not (other.output_dir / ".spert-hf.lock").exists()
    train(seed=1)


def test_a_second_training_into_one_folder_is_refused(train, tmp_path):
    pytest.importorskip("fcntl")
    with owned_folder("output_dir", tmp_path / "run"):
        with pytest.raises(ValueError, match=r"output_dir: another run is writing into .*run;"):
            train()
        assert [path.name for path in (tmp_path / "run").iterdir()] == [".spert-hf.lock"]
    train()
