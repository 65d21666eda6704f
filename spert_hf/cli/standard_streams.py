"""Replacements for closed standard streams (`>&-`), which are `None` in Python, with one-line errors."""

import io
import os
import sys
from typing import NoReturn


class ClosedStream(io.TextIOBase):
    """A closed standard stream.

    Args:
        name: its name in messages.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    @property
    def buffer(self) -> NoReturn:
        """Raise `OSError`."""
        self._refuse()

    def write(self, text: str) -> NoReturn:
        """Refuse."""
        self._refuse()

    def read(self, size: int | None = -1) -> NoReturn:
        """Refuse."""
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise OSError(f"{self._name} is closed; name a file, or open the stream")


def stand_in_for_closed() -> None:
    """Replace each closed standard stream; output to a closed standard error is discarded."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            # Otherwise the first opened file would get its descriptor, and the output of C libraries.
            os.open(os.devnull, os.O_RDWR)
    if sys.stdin is None:
        sys.stdin = ClosedStream("standard input")
    if sys.stdout is None:
        sys.stdout = ClosedStream("standard output")
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - for the whole process
