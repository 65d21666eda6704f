"""Standard streams that are closed (`>&-`), which Python has as None: reading and writing fail in one line."""

import io
import os
import sys
from typing import NoReturn


class ClosedStream(io.TextIOBase):
    """Stands for a standard stream that is closed.

    Args:
        name: what messages call it.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    @property
    def buffer(self) -> NoReturn:
        """Refuse, as the stream does."""
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
    """Put something in the place of each standard stream that is closed; what is said on standard error is dropped."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            # Else the first file that is opened gets the number, and what C libraries print gets into it.
            os.open(os.devnull, os.O_RDWR)
    if sys.stdin is None:
        sys.stdin = ClosedStream("standard input")
    if sys.stdout is None:
        sys.stdout = ClosedStream("standard output")
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - for the whole process
