"""How far something is, for people: a bar where there is a terminal, elsewhere a line a minute, and one at the end."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from time import monotonic
from typing import Any, TextIO, TypeVar

from tqdm import tqdm

SECONDS_BETWEEN_LINES = 60

Item = TypeVar("Item")


class Progress:
    """Tells on standard error how far something is: a bar that is drawn anew, or lines that a log can hold.

    Args:
        what: what is being done, such as `training`.
        unit: what is counted, such as `sentences`.
        total: how many there are; `None` if that is not known.
        done: how many are behind us already.
        active: `False` tells nothing.
        clock: gives seconds.
    """

    def __init__(
        self,
        what: str,
        unit: str,
        total: int | None = None,
        done: int = 0,
        active: bool = True,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._stream: TextIO = sys.stderr
        self._in_terminal = self._stream.isatty()
        self._active = active
        self._what, self._unit, self._total, self._done, self._clock = what, unit, total, done, clock
        self._begun = self._told = clock()
        self._done_before = self._done_told = done
        self._note = ""
        self._bar: Any = (
            tqdm(total=total, initial=done, desc=what, unit=f" {unit}", dynamic_ncols=True, mininterval=1)
            if active and self._in_terminal
            else None
        )

    def advance(self, count: int = 1, note: str | None = None) -> None:
        """Move on.

        Args:
            count: by how many.
            note: what else is to be shown from now on, such as a loss.
        """
        self._done += count
        self._note = self._note if note is None else note
        if self._bar is not None:
            if note is not None:
                self._bar.set_postfix_str(note, refresh=False)
            self._bar.update(count)
        elif self._active and self._clock() - self._told >= SECONDS_BETWEEN_LINES:
            self._tell()

    def follow(self, items: Iterable[Item]) -> Iterator[Item]:
        """Give items, and move on by one with each."""
        try:
            for item in items:
                yield item
                self.advance()
        finally:
            self.close()

    def message(self, text: str) -> None:
        """Show a line, above the bar if there is one."""
        if self._bar is not None:
            self._bar.write(text)
        elif self._active:
            sys.stdout.write(f"{text}\n")
            sys.stdout.flush()

    def describe(self) -> str:
        """Say in a line how far it is, how fast it goes, and what is left where that is known."""
        seconds = self._clock() - self._begun
        rate = (self._done - self._done_before) / seconds if seconds > 0 else 0.0
        of = "" if self._total is None else f" of {self._total:,} ({self._done / max(self._total, 1):.0%})"
        parts = [f"{self._done:,}{of} {self._unit} in {_clock_time(seconds)}", f"{_figure(rate)} a second"]
        if self._total is not None and rate > 0:
            parts.append(f"{_clock_time((self._total - self._done) / rate)} left")
        return f"{self._what}: {', '.join([*parts, *filter(None, [self._note])])}"

    def close(self) -> None:
        """Leave the bar as it is, or say in a last line how far it came."""
        if self._bar is not None:
            self._bar.close()
        elif self._active and self._done > self._done_told:
            self._tell()

    def _tell(self) -> None:
        self._told, self._done_told = self._clock(), self._done
        self._stream.write(f"{self.describe()}\n")
        self._stream.flush()


def _clock_time(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def _figure(rate: float) -> str:
    return f"{rate:,.0f}" if rate >= 100 or not rate else f"{rate:.1f}" if rate >= 1 else f"{rate:.2g}"
