"""What a Label Studio export's offsets count: the file does not say, the texts of its regions show it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from .offsets import Offsets, first_astral
from .report import Report

Shown = tuple[object, object, object]
"""A region's start, its end and its text, as the file has them."""

_UNSURE = re.compile(r"\\n|\s|[\x00-\x1f\x7f-\x9f\xad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]+")
"""What a browser shows otherwise than it stands in the text: blanks become one, line ends a backslash and an n."""


def is_shown_as(shown: str, text: str) -> bool:
    """Whether a browser may show a part of a text like this."""
    return shown == text or _UNSURE.sub("", shown) == _UNSURE.sub("", text)


class UnitChoice:
    """Tells for one annotation after the other what its offsets count.

    Label Studio counts code points, but has counted UTF-16 units once, and a project may have annotations of both
    times. Where an annotation's regions don't show it, it is taken to be as the last that did.

    Args:
        chosen: The unit, if it is known.
        report: Is told what was found.
    """

    def __init__(self, chosen: str | None, report: Report) -> None:
        self._chosen = chosen
        self._report = report
        self._last = "code-points"
        self._shown: Counter[str] = Counter()
        self._taken: Counter[str] = Counter()

    def __call__(self, text: str, regions: Iterable[Shown]) -> str:
        """The unit of an annotation's offsets.

        Args:
            text: What was annotated.
            regions: Those of the annotation.
        """
        if self._chosen is not None:
            return self._chosen
        first = first_astral(text)
        if first is None:
            return self._last
        shown, matters = _shown_unit(text, first, regions)
        if shown is not None:
            self._last = shown
            self._shown[shown] += 1
        elif matters:
            self._taken[self._last] += 1
        return self._last

    def tell(self) -> None:
        """Note what was found, at the file's end."""
        if self._shown["utf-16"]:
            others = f", and code points in {_count(self._shown['code-points'])}" if self._shown["code-points"] else ""
            where = f"in {_count(self._shown['utf-16'])}{others}"
            self._report.note(f"offsets count UTF-16 units, as the texts of regions show, {where}")
        for unit, count in self._taken.items():
            shown = f"nothing shows what the offsets of {_count(count)} count"
            self._report.note(f"{shown}: taken for {unit} (--offsets says otherwise)")


def _shown_unit(text: str, first: int, regions: Iterable[Shown]) -> tuple[str | None, bool]:
    """The unit of the first region whose text stands at its place in one unit only, if there is any, and whether there
    are regions that lie elsewhere in the one than in the other.

    Args:
        text: What was annotated.
        first: Where its first character with two UTF-16 units is.
        regions: Those of the annotation.
    """
    matters = False
    for start, end, shown in regions:
        if not isinstance(start, int) or not isinstance(end, int) or not first < end or start >= end:
            continue
        matters = True
        if isinstance(shown, str):
            fits, fits_utf16 = is_shown_as(shown, text[start:end]), _fits_utf16(shown, text, start, end)
            if fits != fits_utf16:
                return ("code-points" if fits else "utf-16"), True
    return None, matters


def _fits_utf16(shown: str, text: str, start: int, end: int) -> bool:
    offsets = Offsets(text[:end], "utf-16")  # what stands behind makes no difference
    first, last = offsets.to_code_points(start), offsets.to_code_points(end)
    return first is not None and last is not None and is_shown_as(shown, text[first:last])


def _count(annotations: int) -> str:
    return f"{annotations:,} annotation{'s' if annotations != 1 else ''}"
