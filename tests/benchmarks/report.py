"""What was measured, as one page of text and as JSON."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from .timing import Measurement


@dataclass(frozen=True)
class Target:
    """What a figure must reach.

    Args:
        limit: the worst value that will do.
        at_most: whether smaller is better.
    """

    limit: float
    at_most: bool = True

    def is_met(self, value: float) -> bool:
        return value <= self.limit if self.at_most else value >= self.limit

    def __str__(self) -> str:
        return f"{'≤' if self.at_most else '≥'} {self.limit:g}"


def at_most(limit: float) -> Target:
    return Target(limit)


def at_least(limit: float) -> Target:
    return Target(limit, at_most=False)


@dataclass(frozen=True)
class Figure:
    """One figure of the report.

    Args:
        name: what it is.
        measured: its repeated measurements.
        unit: what stands after the number, such as `"ms"`; empty for ratios.
        target: what it must reach, if anything.
    """

    name: str
    measured: Measurement
    unit: str = ""
    target: Target | None = None

    @property
    def is_met(self) -> bool | None:
        """Whether the target is met by the median; `None` without a target."""
        return None if self.target is None else self.target.is_met(self.measured.median)

    def to_json(self) -> dict[str, Any]:
        low, high = self.measured.spread
        record: dict[str, Any] = {"name": self.name, "median": self.measured.median, "spread": [low, high]}
        record |= {"rounds": list(self.measured.values), "unit": self.unit}
        if self.target is not None:
            record |= {"target": str(self.target), "met": self.is_met}
        return record


@dataclass(frozen=True)
class Group:
    """Figures that belong together, such as those of one workload; printed side by side."""

    name: str
    figures: Sequence[Figure]


@dataclass
class Section:
    """A part of the benchmark.

    Args:
        name: as on the command line.
        title: what is compared with what.
        notes: what one must know to read the figures.
        groups: the figures.
    """

    name: str
    title: str
    notes: list[str] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        groups = [{"name": group.name, "figures": [f.to_json() for f in group.figures]} for group in self.groups]
        return {"name": self.name, "title": self.title, "notes": self.notes, "groups": groups}


@dataclass(frozen=True)
class Report:
    """All that a run measured.

    Args:
        conditions: what it was measured with: versions, threads, encoder, repeats.
        sections: in the order of the page.
    """

    conditions: dict[str, Any]
    sections: Sequence[Section]

    def to_json(self) -> dict[str, Any]:
        return {"conditions": self.conditions, "sections": [section.to_json() for section in self.sections]}

    def to_text(self) -> str:
        """Render as one page: medians, the spread in brackets where there were several rounds, targets."""
        lines = [", ".join(f"{name} {value}" for name, value in self.conditions.items())]
        for section in self.sections:
            lines += ["", f"{section.name.upper()}: {section.title}", *(f"  {note}" for note in section.notes)]
            lines += _table(section.groups)
        outcomes = [f.is_met for s in self.sections for g in s.groups for f in g.figures if f.target is not None]
        if outcomes:
            lines += ["", f"targets met: {sum(map(bool, outcomes))} of {len(outcomes)} (✓ met, ✗ missed)"]
        return "\n".join(lines)


def _table(groups: Sequence[Group]) -> Iterator[str]:
    """One line a group, its figures in columns where neighbouring groups have the same ones."""
    label_width = max((len(group.name) for group in groups), default=0)
    columns: list[int] = []
    for group in groups:
        for number, figure in enumerate(group.figures):
            columns[number : number + 1] = [max(len(_cell(figure)), columns[number] if number < len(columns) else 0)]
    for group in groups:
        cells = (_cell(figure).ljust(width) for figure, width in zip(group.figures, columns, strict=False))
        yield f"  {group.name.ljust(label_width)}  {'  '.join(cells)}".rstrip()


def _cell(figure: Figure) -> str:
    text = f"{figure.name} {_number(figure.measured.median)}"
    if len(figure.measured.values) > 1:
        low, high = figure.measured.spread
        text += f" [{_number(low)}–{_number(high)}]"
    if figure.unit:
        text += f" {figure.unit}"
    if figure.target is not None:
        text += f" {'✓' if figure.is_met else '✗'}{figure.target}"
    return text


def _number(value: float) -> str:
    """Three digits that matter; no exponent."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
