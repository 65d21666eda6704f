"""Support for transformers' `TrainerCallback`s, which are called when its own trainer would call them."""

from collections.abc import Iterable, Mapping
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState
from transformers.trainer_callback import ExportableState

from ..model.messages import kind_of, must_be
from .arguments import SpertTrainingArguments

Given = Iterable[TrainerCallback | type[TrainerCallback]]
_DEV, _EVAL = "dev_", "eval_"


def check_callbacks(given: Any) -> list[TrainerCallback]:
    """Return callbacks as objects; like transformers' trainer, this takes objects and classes.

    Args:
        given: a list of callbacks or of their classes.

    Raises:
        TypeError: if one is not a callback; the message names it.
    """
    if isinstance(given, (str, bytes, Mapping)) or not isinstance(given, Iterable):
        raise TypeError(must_be("callbacks", "a list of TrainerCallback objects", kind_of(given)))
    callbacks = [one() if isinstance(one, type) else one for one in given]
    for number, one in enumerate(callbacks):
        if not isinstance(one, TrainerCallback):
            raise TypeError(must_be(f"callbacks[{number}]", "a TrainerCallback", kind_of(one)))
    return callbacks


class Callbacks:
    """Calls callbacks, and keeps their `TrainerState` and `TrainerControl`.

    Args:
        callbacks: the callbacks, in the order in which they are called.
        arguments: all settings of the run.
        objects: keyword arguments of each call: `model`, `processing_class`, `optimizer`, `lr_scheduler`.
    """

    def __init__(self, callbacks: list[TrainerCallback], arguments: SpertTrainingArguments, **objects: Any) -> None:
        self.state = TrainerState()
        self.control = TrainerControl()
        self._callbacks = callbacks
        self._arguments = arguments
        self._objects = objects | {"train_dataloader": None, "eval_dataloader": None}

    def call(self, moment: str, **more: Any) -> TrainerControl:
        """Call all callbacks.

        Args:
            moment: name of the method, such as `on_step_end`.
            more: further keyword arguments of this call, such as `logs` or `metrics`.

        Returns:
            What the callbacks ask for.
        """
        for callback in self._callbacks:
            method = getattr(callback, moment)
            asked = method(self._arguments, self.state, self.control, **self._objects, **more)
            self.control = self.control if asked is None else asked
        return self.control

    def forget_requests(self) -> None:
        """Reset what callbacks have asked for, at the start of a step."""
        self.control.should_log = self.control.should_evaluate = self.control.should_save = False

    def to_dict(self) -> dict[str, list[dict[str, Any]]]:
        """Return the states of callbacks that have one, by the name of their class, as plain JSON."""
        saved: dict[str, list[dict[str, Any]]] = {}
        for one in self._stateful():
            saved.setdefault(type(one).__name__, []).append(one.state()["attributes"])
        return saved

    def restore(self, saved: Mapping[str, list[dict[str, Any]]]) -> None:
        """Restore the states of callbacks, but not the arguments that they were made with.

        Args:
            saved: what `to_dict` returned.
        """
        left = {name: list(states) for name, states in saved.items()}
        for one in self._stateful():
            for name, value in (left.get(type(one).__name__) or [{}]).pop(0).items():
                setattr(one, name, value)

    def _stateful(self) -> list[ExportableState]:
        return [one for one in self._callbacks if isinstance(one, ExportableState)]


def as_logged(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entry of the training log as callbacks expect it: with `eval_` before the scores of the dev split."""
    return {f"{_EVAL}{name.removeprefix(_DEV)}" if name.startswith(_DEV) else name: entry[name] for name in entry}
