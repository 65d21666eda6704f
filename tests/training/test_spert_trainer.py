"""`SpertTrainer` as it is used in Python: whatever it is given, it trains what the command line trains."""

import json
import random
import signal
import threading

import datasets
import numpy as np
import pytest
import torch
from transformers import AutoTokenizer, TrainerCallback, TrainingArguments
from transformers.utils import logging

import spert_hf
from spert_hf import SpertModel, SpertProcessor, SpertTrainer, SpertTrainingArguments, evaluate_model
from spert_hf.data import Document, DocumentError, load_splits
from spert_hf.hub import publishing
from spert_hf.training import accelerator
from spert_hf.training.arguments import TRACKERS
from spert_hf.training.interruption import TrainingInterruptedError
from tests.support.documents import make_dataset_folder, make_records
from tests.support.tiny_models import make_encoder_folder

TYPES = {"entity_types": ["Loc", "Org", "Peop"], "relation_types": ["Near", "Work_For"]}


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    return make_encoder_folder("bert", tmp_path_factory.mktemp("encoder"))


@pytest.fixture(scope="module")
def records():
    return make_records()


@pytest.fixture
def make_args(tmp_path):
    """Settings of a small run, with some changed."""

    def make(name="run", **changed):
        settings = {"num_train_epochs": 1, "learning_rate": 1e-3, "logging_steps": 1, "cpu_threads": 1}
        settings |= {"negative_spans": 20, "negative_pairs": 20}
        return SpertTrainingArguments(**settings | {"output_dir": str(tmp_path / name)} | changed)

    return make


@pytest.fixture
def train(encoder, records, make_args):
    """Train on records in memory, with some arguments of the trainer or settings changed."""

    def run(name="run", model=encoder, train_dataset=records, eval_dataset=None, callbacks=(), **settings):
        trainer = SpertTrainer(
            model=model,
            args=make_args(name, **settings),
            train_dataset=train_dataset,
            eval_dataset=eval_dataset,
            callbacks=callbacks,
            show_progress=False,
        )
        return trainer, trainer.train()

    return run


def weights_of(model):
    return torch.cat([weight.flatten() for weight in model.state_dict().values()])


class TestData:
    """Documents in any form."""

    @pytest.mark.parametrize(
        "make",
        [
            lambda records, _: [Document.from_record(record) for record in records],
            lambda records, _: datasets.Dataset.from_list(records),
            lambda records, _: {"train": records},
            lambda records, folder: _write(folder, records),
        ],
        ids=["documents", "Dataset", "splits", "file"],
    )
    def test_the_same_documents_train_the_same_model(self, train, records, tmp_path, make):
        _, expected = train("records", eval_dataset=records[:3])
        _, result = train("other", train_dataset=make(records, tmp_path), eval_dataset=records[:3])
        assert torch.equal(weights_of(expected.model), weights_of(result.model))
        assert result.scores == expected.scores

    def test_a_folder_trains_as_on_the_command_line(self, train, encoder, make_args, tmp_path):
        (tmp_path / "data").mkdir()
        folder = make_dataset_folder(tmp_path / "data")
        _, named = train("named", train_dataset=folder)
        args = make_args("in_args", dataset=str(folder), encoder=str(encoder))
        in_args = SpertTrainer(args=args, show_progress=False).train()
        assert torch.equal(weights_of(named.model), weights_of(in_args.model))
        assert (named.split, named.scores) == ("test", in_args.scores)
        record = json.loads((named.output_dir / "training_run.json").read_text())
        assert record["settings"]["dataset"] == str(folder)
        assert record["dataset"]["name"] == "data"

    def test_types_come_from_the_data(self, train):
        trainer, result = train()
        config = result.model.config
        assert (config.entity_types, config.relation_types) == (TYPES["entity_types"], TYPES["relation_types"])
        assert trainer.splits.dev == []
        assert result.split == "train"

    def test_what_is_scored_while_training_is_what_is_given(self, train, records):
        trainer, result = train(eval_dataset=records[:3])
        assert result.split == "dev"
        assert trainer.evaluate() == result.scores == trainer.evaluate(records[:3])
        assert trainer.evaluate(records[:5]).documents == 5
        assert [entry["epoch"] for entry in trainer.state.log_history if "eval_ner_f1" in entry] == [1.0]

    def test_the_record_tells_documents_in_memory_apart(self, train, records, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        folders = [train(output_dir="", train_dataset=part)[1].output_dir for part in (records, records[:-1], records)]
        assert folders[0] == folders[2] != folders[1]
        record = json.loads((folders[0] / "training_run.json").read_text())
        assert record["dataset"]["kind"] == "memory"
        assert record["settings"]["dataset"] == f"documents@{record['dataset']['revision']}"
        with pytest.raises(
            ValueError, match=r"holds another model, trained with dataset 'documents@.* not 'documents@"
        ):
            train(output_dir=str(folders[0]), train_dataset=records[:-1])

    def test_faults_of_documents_are_told_before_a_model_is_loaded(self, make_args):
        faulty = [{"tokens": ["Oslo"], "entities": [{"type": "Loc", "start": 0, "end": 2}]}]
        with pytest.raises(DocumentError, match=r"record 1: entities\[0\]\.end must be .*, got 2"):
            SpertTrainer(args=make_args(encoder="nobody/nothing"), train_dataset=faulty)
        with pytest.raises(ValueError, match="load_best_model_at_end needs eval_dataset"):
            SpertTrainer(args=make_args(load_best_model_at_end=True), train_dataset=make_records())


class TestModel:
    """A model in any form."""

    def test_a_model_is_trained_in_place(self, train, encoder):
        model = SpertModel.from_encoder(str(encoder), **TYPES)
        before = weights_of(model).clone()
        trainer, result = train(model=model)
        assert result.model is model
        assert not torch.equal(weights_of(model), before)
        saved = SpertModel.from_pretrained(result.output_dir)
        assert torch.equal(weights_of(saved), weights_of(model))
        assert json.loads((result.output_dir / "training_run.json").read_text())["settings"]["encoder"] == str(encoder)
        assert trainer.continuation is None

    def test_a_trained_model_goes_on_as_an_object_as_it_does_by_name(self, train, records):
        _, first = train("first", max_span_size=6, relation_threshold=0.3, learn_signatures=True)
        _, by_name = train("by_name", model=first.output_dir, learning_rate=0.0)
        model = SpertModel.from_pretrained(first.output_dir)
        trainer, as_object = train("as_object", model=model, learning_rate=0.0)
        assert torch.equal(weights_of(by_name.model), weights_of(first.model))
        assert torch.equal(weights_of(as_object.model), weights_of(first.model))
        for result in (by_name, as_object):
            assert (result.model.config.max_span_size, result.model.config.relation_threshold) == (6, 0.3)
            assert result.model.config.relation_signatures is not None
        assert trainer.continuation.model == str(first.output_dir)
        assert as_object.model.config.text_reading == first.model.config.text_reading

    def test_settings_that_are_given_win_over_a_named_models(self, train):
        _, first = train("first", max_span_size=6)
        _, again = train("again", model=str(first.output_dir), max_span_size=4)
        assert again.model.config.max_span_size == 4

    def test_types_that_documents_in_memory_lack_stay(self, train, records):
        _, first = train("first")
        only_towns = [{"tokens": ["Oslo"], "entities": [{"type": "Town", "start": 0, "end": 1}]}]
        _, again = train("again", model=str(first.output_dir), train_dataset=only_towns)
        assert again.model.config.entity_types == ["Loc", "Org", "Peop", "Town"]
        assert again.model.config.relation_types == ["Near", "Work_For"]

    def test_a_tokenizer_can_be_given(self, encoder, records, make_args):
        model = SpertModel.from_encoder(str(encoder), **TYPES)
        model.config.encoder_config.name_or_path = ""
        model.encoder_source = ("", {})
        with pytest.raises(
            ValueError, match=r"processing_class must be the model's tokenizer, as none is found .*, got none"
        ):
            SpertTrainer(model=model, args=make_args(), train_dataset=records)
        tokenizer = AutoTokenizer.from_pretrained(encoder)
        trainer = SpertTrainer(model=model, args=make_args(), train_dataset=records, processing_class=tokenizer)
        assert trainer.tokenizer is tokenizer

    def test_a_processor_can_be_given(self, encoder, records, make_args):
        model = SpertModel.from_encoder(str(encoder), **TYPES)
        tokenizer = AutoTokenizer.from_pretrained(encoder)
        processor = SpertProcessor.for_config(tokenizer, model.config)
        trainer = SpertTrainer(model=model, args=make_args(), train_dataset=records, processing_class=processor)
        assert trainer.tokenizer is tokenizer

    @pytest.mark.parametrize(
        ("settings", "said"),
        [
            ({"max_span_size": 5}, "args.max_span_size must be 10, as the model's config has it, got 5"),
            ({"encoder": "x/y"}, "args.encoder must be left out with the trainer's model, got 'x/y'"),
            ({"random_encoder": True}, "args.random_encoder must be left out with the trainer's model, got True"),
        ],
    )
    def test_settings_that_contradict_the_model_are_refused(self, encoder, records, make_args, settings, said):
        model = SpertModel.from_encoder(str(encoder), **TYPES)
        with pytest.raises(ValueError, match=said):
            SpertTrainer(model=model, args=make_args(**settings), train_dataset=records)

    def test_documents_of_other_types_than_the_models_are_refused(self, encoder, records, make_args):
        model = SpertModel.from_encoder(str(encoder), entity_types=["Loc"], relation_types=[])
        with pytest.raises(DocumentError, match=r"type must be .*Loc.*, got 'Peop'"):
            SpertTrainer(model=model, args=make_args(), train_dataset=records)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"train_datset": []}, r"train_datset is not a setting of SpertTrainer \(did you mean 'train_dataset"),
        ({"tokenizer": None}, "tokenizer is not a setting of SpertTrainer"),
        (
            {"args": TrainingArguments("x")},
            "args must be SpertTrainingArguments, got an object of type TrainingArguments",
        ),
        ({"args": "x"}, "args must be SpertTrainingArguments, got an object of type str"),
        ({"model": torch.nn.Linear(1, 1)}, "model must be a SpertModel, or .*, got an object of type Linear"),
        ({"train_dataset": 3}, "train_dataset must be the name of a data set.*, got an object of type int"),
        ({"eval_dataset": b""}, "eval_dataset must be .*, got an object of type bytes"),
        (
            {"processing_class": "x"},
            "processing_class must be the model's tokenizer, or .*, got an object of type str",
        ),
        ({"callbacks": [print]}, r"callbacks\[0\] must be a TrainerCallback, got an object of type builtin.*"),
        ({"callbacks": 3}, "callbacks must be a list.*, got an object of type int"),
    ],
)
def test_arguments_of_a_wrong_type_are_named(arguments, said):
    with pytest.raises(TypeError, match=said):
        SpertTrainer(**arguments)


class TestAfterTraining:
    def test_the_best_model_is_the_one_that_is_used(self, train, records):
        trainer, result = train(
            eval_dataset=records, load_best_model_at_end=True, num_train_epochs=6, metric_for_best_model="ner_f1"
        )
        assert trainer.state.best_metric == trainer.evaluate().ner.micro.f1 == result.scores.ner.micro.f1
        assert torch.equal(weights_of(result.model), weights_of(SpertModel.from_pretrained(result.output_dir)))

    def test_it_can_be_saved_elsewhere_but_over_no_other_model(self, train, tmp_path):
        trainer, result = train()
        trainer.save_model(tmp_path / "elsewhere")
        for name in ("model.safetensors", "config.json", "training_run.json", "tokenizer.json"):
            assert (tmp_path / "elsewhere" / name).read_bytes() == (result.output_dir / name).read_bytes()
        trainer.save_model()
        with pytest.raises(ValueError, match=r"output_dir: .*elsewhere holds a model"):
            trainer.save_model(tmp_path / "elsewhere")

    def test_it_can_be_saved_untrained(self, encoder, records, make_args, tmp_path):
        trainer = SpertTrainer(model=encoder, args=make_args(), train_dataset=records)
        trainer.save_model(tmp_path / "untrained")
        assert not (tmp_path / "untrained" / "training_run.json").exists()
        assert spert_hf.load(tmp_path / "untrained")("Oslo").keys() == {"entities", "relations"}
        with pytest.raises(ValueError, match="push_to_hub must come after train\\(\\)"):
            trainer.push_to_hub("user/name")

    def test_its_scores_are_those_of_evaluate_model(self, train, records):
        _, result = train(eval_dataset=records)
        scores = evaluate_model(result.output_dir, records)
        assert (scores.tokens, scores.text) == (result.scores, result.scores_as_text)
        assert repr(result).startswith("TrainingResult(output_dir=")

    def test_a_second_training_needs_a_checkpoint_or_a_new_trainer(self, train):
        trainer, result = train(save_steps=4)
        before = weights_of(result.model).clone()
        with pytest.raises(
            ValueError,
            match="resume_from_checkpoint must be a checkpoint or 'latest', as this trainer has taken 6 steps",
        ):
            trainer.train()
        assert torch.equal(weights_of(trainer.train(resume_from_checkpoint=True).model), before)


class TestTheProcess:
    """It is left as it was."""

    def test_its_state_stays(self, train):
        def state():
            return (
                random.getstate()[1],
                np.random.get_state()[1].tolist(),
                torch.get_rng_state().tolist(),
                torch.get_num_threads(),
                signal.getsignal(signal.SIGINT),
                signal.getsignal(signal.SIGTERM),
                logging.get_verbosity(),
                logging.is_progress_bar_enabled(),
            )

        torch.set_num_threads(2)
        try:
            before = state()
            trainer, _ = train(num_train_epochs=1)
            trainer.evaluate(make_records(2))
            assert state() == before
        finally:
            torch.set_num_threads(1)

    def test_what_the_process_draws_changes_nothing(self, train, encoder, records, make_args):
        _, expected = train("undisturbed")
        trainer = SpertTrainer(model=encoder, args=make_args(), train_dataset=records, show_progress=False)
        torch.manual_seed(7)
        random.seed(7)
        torch.set_num_threads(3)
        try:
            assert torch.equal(weights_of(trainer.train().model), weights_of(expected.model))
        finally:
            torch.set_num_threads(1)

    def test_runs_of_different_precisions_follow_each_other(self, train):
        (_, half), (_, single), (_, again) = train("half", bf16=True), train("single"), train("again", bf16=True)
        assert torch.equal(weights_of(half.model), weights_of(again.model))
        assert not torch.equal(weights_of(half.model), weights_of(single.model))

    def test_it_trains_outside_the_main_thread(self, train):
        _, expected = train("main")
        results = []
        thread = threading.Thread(target=lambda: results.append(train("thread")[1]))
        thread.start()
        thread.join()
        assert torch.equal(weights_of(results[0].model), weights_of(expected.model))

    def test_an_interrupt_leaves_a_checkpoint_to_go_on_from(self, train, encoder, records, make_args):
        _, expected = train("undisturbed", num_train_epochs=2)
        interrupted = InterruptAt(8)
        trainer = SpertTrainer(
            *(encoder, make_args("stopped", num_train_epochs=2), records), callbacks=[interrupted], show_progress=False
        )
        with pytest.raises(TrainingInterruptedError, match=r"interrupted by SIGINT; saved .*checkpoint-9"):
            trainer.train()
        result = trainer.train(resume_from_checkpoint="latest")
        assert torch.equal(weights_of(result.model), weights_of(expected.model))
        logs = [(one.output_dir / "training_log.jsonl").read_text() for one in (expected, result)]
        assert logs[0] == logs[1]


class TestTrackers:
    def test_those_of_accelerate_can_be_named(self):
        from accelerate.utils import LoggerType

        assert set(TRACKERS) - {"none"} >= set(LoggerType.list()) - {"all"}

    def test_one_that_is_not_installed_is_named_before_any_work(self, make_args, monkeypatch):
        monkeypatch.setattr(accelerator, "get_available_trackers", list)
        with pytest.raises(ImportError, match="report_to 'wandb' needs its package: `pip install wandb`"):
            SpertTrainer(model="no/model", args=make_args(report_to="wandb"), train_dataset="no/data")
        with pytest.raises(ImportError, match=r'`pip install "spert-hf\[tensorboard\]"`'):
            SpertTrainer(model="no/model", args=make_args(report_to="tensorboard"), train_dataset="no/data")

    def test_tensorboard_gets_losses_and_scores_once(self, train, records):
        pytest.importorskip("tensorboard")
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

        trainer, result = train(report_to="tensorboard", eval_dataset=records[:3])
        events = EventAccumulator(str(result.output_dir / "runs"))
        events.Reload()
        assert [event.step for event in events.Scalars("loss")] == list(range(1, 7))
        assert [event.step for event in events.Scalars("dev_rel_plus_f1")] == [6]
        logged = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
        assert [event.value for event in events.Scalars("loss")] == pytest.approx(logged)


def test_the_model_is_uploaded_on_demand(train, monkeypatch):
    """To the Hub itself: see `tests/hub/test_publishing.py`."""
    uploads = []
    monkeypatch.setattr(publishing, "publish_model", lambda *given, **more: uploads.append((given, more)) or "address")
    trainer, result = train(hub_model_id="ada/mine", hub_token="hf_x", hub_private_repo=True)
    assert uploads == []
    assert (trainer.push_to_hub(), trainer.push_to_hub("ada/other", private=False, token="hf_y")) == ("address",) * 2
    assert uploads == [
        ((result.output_dir, "ada/mine"), {"token": "hf_x", "private": True}),
        ((result.output_dir, "ada/other"), {"token": "hf_y", "private": False}),
    ]


def test_a_data_set_of_splits_is_trained_on(train, tmp_path):
    _, result = train(train_dataset=load_splits(make_dataset_folder(tmp_path)))
    assert result.split == "test"


class InterruptAt(TrainerCallback):
    """Sends this process the signal of Ctrl-C at the end of a step."""

    def __init__(self, step):
        self.step = step

    def on_step_end(self, args, state, control, **kwargs):
        if state.global_step == self.step:
            signal.raise_signal(signal.SIGINT)


def _write(folder, records):
    path = folder / "documents.json"
    path.write_text(json.dumps(records), encoding="utf-8")
    return path
