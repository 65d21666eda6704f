"""Notices that a run is asked to stop: by SIGINT (Ctrl-C), by SIGTERM, or by the end of what launched it."""

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
"""What `spert-hf experiment` puts into the environment of the runs that it starts."""
_LAUNCHED_BY = ("ACCELERATE_MIXED_PRECISION", "TORCHELASTIC_RUN_ID", EXPERIMENT_VARIABLE)
"""What `accelerate launch`, torchrun and we put into the environment of the processes that they start."""


class TrainingInterruptedError(Exception):
    """A run was asked to stop, and has saved a checkpoint.

    Args:
        signal_number: of the signal that asked.
        checkpoint: folder to resume from.
    """

    def __init__(self, signal_number: int, checkpoint: Path) -> None:
        name = signal.Signals(signal_number).name
        super().__init__(f"interrupted by {name}; saved {checkpoint}, to go on from: resume_from_checkpoint latest")
        self.signal_number = signal_number
        self.checkpoint = checkpoint


class StopAskedError(Exception):
    """A run is asked to stop, and what was under way is given up."""


class StopRequest:
    """While entered, turns the first SIGINT or SIGTERM into a request; a second one acts at once, as it always does.

    A process that was launched takes the end of its launcher for a SIGTERM: a launcher that is killed does not tell,
    and a run that nobody watches would be in the way of the one that goes on from its checkpoints.

    A request that nobody saw takes its ordinary effect on leaving. Outside the main thread, which alone gets signals,
    only the launcher is watched.
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
        """While entered, have a model look for a request before it computes anything.

        Raises:
            StopAskedError: in place of computing, by whoever calls the model.
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
        """Number of the signal that asked to stop; 0 if none did."""
        if self._received is not None:
            return self._received
        return signal.SIGTERM if self._parent is not None and os.getppid() != self._parent else 0
