"""What a file's offsets count where nothing says so, told from where its mentions begin and end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

import regex

from ..faults import is_text
from .offsets import Offsets

_TITLES = {"utf-16": "UTF-16 units", "graphemes": "graphemes", "code-points": "code points"}

_DIFFERS = regex.compile(r"[^\x00-\u02ff]|\r\n")
"""In texts without any of these, whatever unit is counted gives the same offsets."""

_IN_WORD = regex.compile(r"[\w\p{M}\u200d]")


_MAY_DIFFER = regex.compile(r"[^\x00-\u02ff]|\\u|\\r\\n")
"""The same of JSON, which may be escaped."""


def may_matter(json_line: str) -> bool:
    """Whether offsets in texts of the JSON may depend on what they count: a quick look that spares parsing."""
    return _MAY_DIFFER.search(json_line) is not None


class OffsetEvidence:
    """Collects mentions of a file and says what their offsets are likely to count.

    Only mentions whose place depends on the unit say anything, and none that no unit has a place for.

    Args:
        default: The unit of the tool's own, which is taken unless another one fits better.
        others: The other ones that the tool has, the more usual one first.
    """

    def __init__(self, default: str, others: tuple[str, ...]) -> None:
        self._default = default
        self._others = others
        self._mentions = 0
        self._placed: Counter[str] = Counter()
        self._at_words: Counter[str] = Counter()

    def add(self, text: object, places: Iterable[tuple[object, object]]) -> None:
        """Look at the mentions of a text; what is no text or no offset is passed over."""
        if not isinstance(text, str) or not _DIFFERS.search(text) or not is_text(text):
            return
        units = {unit: Offsets(text, unit) for unit in (self._default, *self._others)}
        for start, end in places:
            if not _is_integer(start) or not _is_integer(end):
                continue
            found = {unit: _place(offsets, start, end) for unit, offsets in units.items()}  # type: ignore[arg-type]
            if len({*found.values()}) == 1:
                continue
            self._mentions += 1
            for unit, place in found.items():
                self._placed[unit] += place is not None
                self._at_words[unit] += place is not None and _is_at_words(text, *place)

    def unit(self) -> str:
        """The default, unless it does not fit every mention and another one does."""
        if self._at_words[self._default] == self._mentions:
            return self._default
        fitting = (unit for unit in self._others if self._at_words[unit] == self._mentions)
        return next(fitting, self._default)

    def notes(self, name: str, tool: str) -> Iterator[str]:
        """What a user must know of it.

        Args:
            name: The file's.
            tool: Who wrote it.
        """
        unit, count = self.unit(), self._mentions
        if not count:
            return
        counted = f"{count:,} mention{'s' * (count != 1)}"
        if unit != self._default:
            yield (
                f"offsets of {name} are read as {_TITLES[unit]}: so the {counted} whose place depends on it begin and "
                f"end at words; in {_TITLES[self._default]}, {tool}'s default, only {self._at_words[self._default]:,} "
                f"would (--offsets {self._default} reads them so)"
            )
            return
        yield (
            f"offsets of {name} are read as {_TITLES[unit]}, {tool}'s default: {counted} would stand elsewhere in "
            f"another unit, {self._at_words[unit]:,} of which begin and end at words (in graphemes "
            f"{self._at_words['graphemes']:,}); --offsets {' or '.join(self._others)} reads them otherwise"
        )


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _place(offsets: Offsets, start: int, end: int) -> tuple[int, int] | None:
    first, last = offsets.to_code_points(start), offsets.to_code_points(end)
    return None if first is None or last is None or first >= last else (first, last)


def _is_at_words(text: str, start: int, end: int) -> bool:
    """Whether a mention begins and ends with something to be seen, and inside no word."""
    return not (
        text[start].isspace() or text[end - 1].isspace() or _is_inside_word(text, start) or _is_inside_word(text, end)
    )


def _is_inside_word(text: str, place: int) -> bool:
    around = text[max(place - 1, 0) : place + 1]
    return 0 < place < len(text) and all(map(_IN_WORD.match, around))
