"""transformers' `TrainerCallback`s, called at the moments at which its own trainer calls them."""

from collections.abc import Iterable, Mapping
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState
from transformers.trainer_callback import ExportableState

from ..model.messages import kind_of, must_be
from .arguments import SpertTrainingArguments

Given = Iterable[TrainerCallback | type[TrainerCallback]]
_DEV, _EVAL = "dev_", "eval_"


def check_callbacks(given: Any) -> list[TrainerCallback]:
    """Take callbacks, or their classes, as transformers' trainer does.

    Raises:
        TypeError: naming what is none.
    """
    if isinstance(given, (str, bytes, Mapping)) or not isinstance(given, Iterable):
        raise TypeError(must_be("callbacks", "a list of TrainerCallback objects", kind_of(given)))
    callbacks = [one() if isinstance(one, type) else one for one in given]
    for number, one in enumerate(callbacks):
        if not isinstance(one, TrainerCallback):
            raise TypeError(must_be(f"callbacks[{number}]", "a TrainerCallback", kind_of(one)))
    return callbacks


class Callbacks:
    """Calls callbacks, and keeps what they are told and what they ask for.

    Args:
        callbacks: in the order in which they are called.
        arguments: all settings.
        objects: what each call gets by name: `model`, `processing_class`, `optimizer`, `lr_scheduler`.
    """

    def __init__(self, callbacks: list[TrainerCallback], arguments: SpertTrainingArguments, **objects: Any) -> None:
        self.state = TrainerState()
        self.control = TrainerControl()
        self._callbacks = callbacks
        self._arguments = arguments
        self._objects = objects | {"train_dataloader": None, "eval_dataloader": None}

    def call(self, moment: str, **more: Any) -> TrainerControl:
        """Call all of them.

        Args:
            moment: the method's name, such as `on_step_end`.
            more: what it gets at this moment beside the objects: `logs` or `metrics`.

        Returns:
            What they ask for from now on.
        """
        for callback in self._callbacks:
            method = getattr(callback, moment)
            asked = method(self._arguments, self.state, self.control, **self._objects, **more)
            self.control = self.control if asked is None else asked
        return self.control

    def forget_requests(self) -> None:
        """Begin a step, for which nothing is asked for yet."""
        self.control.should_log = self.control.should_evaluate = self.control.should_save = False

    def to_dict(self) -> dict[str, list[dict[str, Any]]]:
        """What callbacks with a state of their own need to go on, by the name of their class, as plain JSON."""
        saved: dict[str, list[dict[str, Any]]] = {}
        for one in self._stateful():
            saved.setdefault(type(one).__name__, []).append(one.state()["attributes"])
        return saved

    def restore(self, saved: Mapping[str, list[dict[str, Any]]]) -> None:
        """Put callbacks back to where they were; what they were made with stays."""
        left = {name: list(states) for name, states in saved.items()}
        for one in self._stateful():
            for name, value in (left.get(type(one).__name__) or [{}]).pop(0).items():
                setattr(one, name, value)

    def _stateful(self) -> list[ExportableState]:
        return [one for one in self._callbacks if isinstance(one, ExportableState)]


def as_logged(entry: Mapping[str, Any]) -> dict[str, Any]:
    """An entry of the training log as callbacks know it: scores of the dev split begin with `eval_`."""
    return {f"{_EVAL}{name.removeprefix(_DEV)}" if name.startswith(_DEV) else name: entry[name] for name in entry}
