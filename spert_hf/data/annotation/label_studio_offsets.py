"""What a Label Studio export's offsets count: the file does not say, the texts of its regions show it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from .offsets import Offsets, has_astral
from .report import Report

Shown = tuple[object, object, object]
"""A region's start, its end and its text, as the file has them."""

_UNSURE = re.compile(r"\\n|\s|[\x00-\x1f\x7f-\x9f\xad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]+")
"""What a browser shows otherwise than it stands in the text: line ends become a backslash and an n, blanks one blank."""


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
        if not has_astral(text):
            return self._last
        fitting, matters = _compare(text, regions)
        if fitting["utf-16"] != fitting["code-points"]:
            self._last = max(fitting, key=lambda unit: fitting[unit])
            self._shown[self._last] += 1
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


def _compare(text: str, regions: Iterable[Shown]) -> tuple[Counter[str], bool]:
    """How many regions' texts fit in each unit, and whether any region lies elsewhere in the one than in the other."""
    units = {"code-points": Offsets(text, "code-points"), "utf-16": Offsets(text, "utf-16")}
    fitting: Counter[str] = Counter({"code-points": 0, "utf-16": 0})
    matters = False
    for start, end, shown in regions:
        places = {name: _place(start, end, offsets) for name, offsets in units.items()}
        if places["code-points"] == places["utf-16"]:
            continue
        matters = True
        for name, place in places.items():
            fits = place is not None and isinstance(shown, str) and is_shown_as(shown, text[place[0] : place[1]])
            fitting[name] += fits
    return fitting, matters


def _count(annotations: int) -> str:
    return f"{annotations:,} annotation{'s' if annotations != 1 else ''}"


def _place(start: object, end: object, offsets: Offsets) -> tuple[int, int] | None:
    """A region's place in code points, if there is one."""
    if not isinstance(start, int) or not isinstance(end, int):
        return None
    first, last = offsets.to_code_points(start), offsets.to_code_points(end)
    return None if first is None or last is None or first >= last else (first, last)
