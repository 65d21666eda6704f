"""transformers' callbacks: when they are called, what they are told, and that the run does what they ask for."""

import json
import signal

import pytest
import torch
from transformers import EarlyStoppingCallback, TrainerCallback
from transformers.trainer_callback import ExportableState

from spert_hf import SpertTrainer, SpertTrainingArguments
from spert_hf.training.interruption import TrainingInterruptedError
from tests.support.documents import make_records
from tests.support.tiny_models import make_encoder_folder

STEPS = 3
"""Of an epoch."""


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    return make_encoder_folder("bert", tmp_path_factory.mktemp("encoder"))


@pytest.fixture
def make_trainer(encoder, tmp_path):
    """Make the trainer of a run of three steps an epoch, whose dev split its training documents are."""

    def make(name="run", callbacks=(), **changed):
        settings = {"num_train_epochs": 2, "logging_steps": 2, "cpu_threads": 1, "per_device_train_batch_size": 2}
        settings |= {"output_dir": str(tmp_path / name), "learning_rate": 1e-3, "negative_pairs": 20, **changed}
        return SpertTrainer(
            model=encoder,
            args=SpertTrainingArguments(**settings),
            train_dataset=make_records(6),
            eval_dataset=make_records(6),
            callbacks=callbacks,
            show_progress=False,
        )

    return make


class Diary(TrainerCallback):
    """Notes at which step it is called for what."""

    def __init__(self):
        self.entries = []
        self.kwargs = {}

    def __getattribute__(self, name):
        if not name.startswith("on_"):
            return super().__getattribute__(name)

        def note(args, state, control, **kwargs):
            self.entries.append((state.global_step, name))
            self.kwargs[name] = kwargs

        return note


class Ask(TrainerCallback):
    """Asks for something at a moment of a step."""

    def __init__(self, what, step, moment="on_step_end"):
        self.what, self.step = what, step
        setattr(self, moment, self._ask)

    def _ask(self, args, state, control, **kwargs):
        if state.global_step == self.step:
            setattr(control, self.what, True)


class Counter(TrainerCallback, ExportableState):
    """Counts evaluations, also over an interruption, and ends the run after some."""

    def __init__(self, most):
        self.most, self.count = most, 0

    def on_evaluate(self, args, state, control, **kwargs):
        self.count += 1
        control.should_training_stop = self.count >= self.most

    def state(self):
        return {"args": {"most": self.most}, "attributes": {"count": self.count}}


class StopAt(TrainerCallback):
    """Sends this process SIGTERM at a moment of a step, once."""

    def __init__(self, step, moment):
        self.step = step
        setattr(self, moment, self._stop)

    def _stop(self, args, state, control, **kwargs):
        if state.global_step == self.step:
            self.step = None
            signal.raise_signal(signal.SIGTERM)


def outcome(result):
    weights = torch.cat([weight.flatten() for weight in result.model.state_dict().values()])
    return weights.tolist(), (result.output_dir / "training_log.jsonl").read_text()


def log_of(result):
    return [json.loads(line) for line in (result.output_dir / "training_log.jsonl").read_text().splitlines()]


def test_the_moments_are_those_of_transformers(make_trainer):
    diary = Diary()
    make_trainer(callbacks=[diary], save_steps=4).train()
    step = ["on_step_begin", "on_step_end"]
    assert [name for _, name in diary.entries] == [
        *("on_init_end", "on_train_begin", "on_epoch_begin"),
        *(*step, *step, "on_log", *step, "on_epoch_end", "on_log", "on_evaluate"),
        *("on_epoch_begin", *step, "on_log", "on_save", *step, *step, "on_log"),
        *("on_epoch_end", "on_log", "on_evaluate", "on_train_end"),
    ]
    assert [at for at, name in diary.entries if name == "on_step_end"] == [1, 2, 3, 4, 5, 6]
    assert [at for at, name in diary.entries if name == "on_save"] == [4]


def test_they_are_told_what_transformers_tells(make_trainer):
    diary = Diary()
    trainer = make_trainer(callbacks=[diary])
    result = trainer.train()
    assert diary.kwargs["on_step_end"]["model"] is result.model
    assert {"processing_class", "optimizer", "lr_scheduler", "train_dataloader"} <= diary.kwargs["on_step_end"].keys()
    metrics = diary.kwargs["on_evaluate"]["metrics"]
    assert metrics["eval_rel_plus_f1"] == log_of(result)[-1]["dev_rel_plus_f1"]
    assert metrics["epoch"] == 2
    state = trainer.state
    assert (state.global_step, state.max_steps, state.epoch, state.num_train_epochs) == (6, 6, 2.0, 2)
    assert [entry["step"] for entry in state.log_history if "loss" in entry] == [2, 4, 6]
    assert diary.kwargs["on_log"]["logs"] == {n: v for n, v in state.log_history[-1].items() if n != "step"}


def test_a_class_will_do(make_trainer):
    assert make_trainer(callbacks=[Diary]).train().output_dir.is_dir()


@pytest.mark.parametrize(
    ("callback", "steps"),
    [
        (Ask("should_training_stop", 2), 2),
        (Ask("should_epoch_stop", 2), 5),
        (Ask("should_training_stop", 3, "on_epoch_end"), 3),
        (Ask("should_training_stop", 0, "on_train_begin"), 0),
    ],
    ids=["step", "pass", "end of pass", "begin"],
)
def test_a_run_ends_where_it_is_asked_to(make_trainer, callback, steps):
    trainer = make_trainer(callbacks=[callback], num_train_epochs=2)
    result = trainer.train()
    assert trainer.state.global_step == steps
    assert json.loads((result.output_dir / "training_run.json").read_text())["steps"] == steps


def test_early_stopping_goes_by_the_metric_that_decides(make_trainer):
    """With a learning rate of 0 nothing gets better after the first evaluation."""
    stopping = EarlyStoppingCallback(early_stopping_patience=2)
    trainer = make_trainer(callbacks=[stopping], num_train_epochs=9, learning_rate=0.0, load_best_model_at_end=True)
    trainer.train()
    assert trainer.state.global_step == 3 * STEPS
    trainer = make_trainer("other", [EarlyStoppingCallback()], num_train_epochs=4, metric_for_best_model="ner_f1")
    trainer.train()
    scores = [entry["eval_ner_f1"] for entry in trainer.state.log_history if "eval_ner_f1" in entry]
    assert trainer.state.best_metric == max(scores)
    worse = [number for number, score in enumerate(scores) if number and score <= max(scores[:number])]
    assert len(scores) == (worse[0] + 1 if worse else 4)


def test_early_stopping_needs_evaluations(make_trainer):
    with pytest.raises(AssertionError, match="requires IntervalStrategy of steps or epoch"):
        make_trainer(callbacks=[EarlyStoppingCallback()], eval_every_epochs=0).train()


def test_checkpoints_logs_and_evaluations_are_made_on_demand(make_trainer):
    asked = [
        Ask("should_evaluate", 2),
        Ask("should_save", 1),
        Ask("should_log", 1),
        Ask("should_save", 6, "on_epoch_end"),
    ]
    plain = make_trainer("plain").train()
    result = make_trainer(callbacks=asked).train()
    assert outcome(result)[0] == outcome(plain)[0]
    assert [entry["step"] for entry in log_of(result) if "loss" in entry] == [1, 2, 4, 6]
    assert [entry["step"] for entry in log_of(result) if "dev_ner_f1" in entry] == [2, 3, 6]
    assert sorted(path.name for path in result.output_dir.glob("checkpoint-*")) == ["checkpoint-1", "checkpoint-6"]


@pytest.mark.parametrize(
    ("step", "moment"),
    [
        (1, "on_step_end"),
        (2, "on_step_end"),
        (3, "on_epoch_end"),
        (4, "on_log"),
        (6, "on_epoch_end"),
        (9, "on_evaluate"),
    ],
)
def test_a_run_with_callbacks_goes_on_exactly(make_trainer, step, moment):
    def callbacks():
        return [Counter(4), EarlyStoppingCallback(3), Ask("should_evaluate", 2), Ask("should_save", 3, "on_epoch_end")]

    undisturbed = make_trainer("undisturbed", callbacks(), num_train_epochs=5)
    expected = undisturbed.train()
    assert undisturbed.state.global_step == 9  # the fourth evaluation, of which one is within a pass
    with pytest.raises(TrainingInterruptedError):
        make_trainer("stopped", [*callbacks(), StopAt(step, moment)], num_train_epochs=5).train()
    again = make_trainer("stopped", callbacks(), num_train_epochs=5)
    assert outcome(again.train(resume_from_checkpoint="latest")) == outcome(expected)
    assert again.state.global_step == 9
    assert again.state.log_history == undisturbed.state.log_history


def test_a_checkpoint_at_the_end_of_a_pass_goes_on_with_the_next(make_trainer):
    expected = make_trainer("saved", [Ask("should_save", 3, "on_epoch_end")]).train()
    diary = Diary()
    again = make_trainer("again", [diary])
    result = again.train(resume_from_checkpoint=expected.output_dir / "checkpoint-3")
    assert outcome(result) == outcome(expected)
    assert diary.entries[2:4] == [(3, "on_epoch_begin"), (3, "on_step_begin")]
