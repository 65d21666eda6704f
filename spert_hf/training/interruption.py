"""Requests to stop a run: SIGINT (Ctrl-C), SIGTERM, or the end of its launcher."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

from torch import nn

SIGNALS = (signal.SIGINT, signal.SIGTERM)
EXPERIMENT_VARIABLE = "SPERT_EXPERIMENT"
"""Environment variable that `spert-hf experiment` sets for the runs that it starts."""
_LAUNCHED_BY = ("ACCELERATE_MIXED_PRECISION", "TORCHELASTIC_RUN_ID", EXPERIMENT_VARIABLE)
"""Environment variables that `accelerate launch`, torchrun and we set for the processes that they start."""


class TrainingInterruptedError(Exception):
    """Raised when a run was asked to stop, after it has saved a checkpoint.

    Args:
        signal_number: number of the signal that asked it to stop.
        checkpoint: the folder to resume from.
    """

    def __init__(self, signal_number: int, checkpoint: Path) -> None:
        name = signal.Signals(signal_number).name
        super().__init__(f"interrupted by {name}; saved {checkpoint}; to resume: resume_from_checkpoint latest")
        self.signal_number = signal_number
        self.checkpoint = checkpoint


class StopAskedError(Exception):
    """Raised when a run is asked to stop during work that is abandoned."""


class StopRequest:
    """A context that turns the first SIGINT or SIGTERM into a request; a second one has its usual effect at once.

    A launched process treats the end of its launcher as a SIGTERM: a launcher that is killed sends no signal, and an
    orphaned run would get in the way of the one that resumes from its checkpoints.

    A request that was not handled has its usual effect when the context ends. Outside the main thread, which alone
    receives signals, only the launcher is watched.
    """

    def __init__(self) -> None:
        self._received: int | None = None
        self._before: dict[int, Any] = {}
        self._parent = os.getppid() if any(name in os.environ for name in _LAUNCHED_BY) else None

    def __enter__(self) -> "StopRequest":
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._receive) for number in SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        if error is None and self._received is not None:
            signal.raise_signal(self._received)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        self._received = number
        signal.signal(number, self._before[number])

    @contextmanager
    def heeded_by(self, model: nn.Module) -> Iterator[None]:
        """Make a model check for a request at the start of each forward pass inside the context.

        Args:
            model: the model.

        Raises:
            StopAskedError: by calls of the model after a request.
        """

        def look(*_: Any) -> None:
            if self.signal_number:
                raise StopAskedError

        hook = model.register_forward_pre_hook(look)
        try:
            yield
        finally:
            hook.remove()

    @property
    def signal_number(self) -> int:
        """Number of the signal that asked the run to stop; 0 if none did."""
        if self._received is not None:
            return self._received
        return signal.SIGTERM if self._parent is not None and os.getppid() != self._parent else 0
