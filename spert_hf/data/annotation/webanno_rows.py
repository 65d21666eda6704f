"""The sentences and rows of a WebAnno TSV file, and the text that they stand for."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from ..faults import Location, short_repr
from .offsets import Offsets
from .report import Report
from .webanno_layers import Layer

_ROW = re.compile(r"(\d+-\d+(?:\.\d+)?)\t(\d{1,15})-(\d{1,15})\t([^\t]*)\t?(.*)", re.ASCII)
_TEXT = "#Text="
_ESCAPED = {"t": "\t", "n": "\n", "r": "\r", "b": "\b", "f": "\f"}
_IN_TEXT = re.compile(r"\\([tnrbf\\\x00-\x07\x0e-\x1f])")
_IN_JAVA = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)")


class Row(NamedTuple):
    """A token, or a part of one, with its columns; offsets are the file's."""

    id: str
    start: int
    end: int
    columns: list[str]
    line: int


@dataclass(slots=True)
class _Sentence:
    lines: list[str] = field(default_factory=list)
    rows: list[tuple[Row, str]] = field(default_factory=list)
    line: int = 0


class Table:
    """The rows of a file.

    Args:
        where: The file.
        layers: Those of its header, in the order of the columns.
        minor: The second number of the version, which decides how texts are escaped.
        unit: What offsets count.
        report: Takes what is at fault.

    Attributes:
        text: The text, with line ends for what stands between sentences.
        rows: In the order of the file.
        layers: As given.
        where: As given.
    """

    def __init__(self, where: Location, layers: list[Layer], minor: int, unit: str, report: Report) -> None:
        self.text = ""
        self.rows: list[Row] = []
        self.layers = layers
        self.where = where
        self._columns = sum(len(layer.features) for layer in layers)
        self._minor = minor
        self._unit = unit
        self._report = report
        self._lines: dict[str, int] = {}
        self._parts: list[str] = []
        self._end = 0

    def read(self, lines: list[str]) -> None:
        """Take all lines."""
        sentence = _Sentence()
        for number, line in enumerate(lines, start=1):
            if line.startswith(_TEXT):
                if sentence.rows:
                    self._take(sentence)
                    sentence = _Sentence()
                sentence.line = sentence.line or number
                sentence.lines.append(line.removeprefix(_TEXT))
            elif line.strip() and not line.startswith("#"):
                self._row(line, number, sentence)
        self._take(sentence)
        self.text = "".join(self._parts)
        if not self.rows and not self._report.faults:
            self._report.fault(self.where, "", "a file without tokens", "one with #Text= lines and rows of tokens")

    def _row(self, line: str, number: int, sentence: _Sentence) -> None:
        found = _ROW.fullmatch(line)
        where = Location(self.where.source, line=number)
        if found is None or not sentence.lines:
            allowed = "SENTENCE-TOKEN, START-END, the token and its columns, with tabs between, behind a #Text= line"
            self._report.fault(where, "", short_repr(line), allowed)
            return
        name, start, end, token, rest = found.groups()
        columns = rest.removesuffix("\t").split("\t") if rest else []
        if len(columns) != self._columns:
            allowed = f"{self._columns} behind the token, as the header says"
            self._report.fault(where, f"{name}: columns", str(len(columns)), allowed)
            return
        if name in self._lines:
            self._report.fault(where, name, f"the id of line {self._lines[name]}, too", "an id that no other row has")
            return
        self._lines[name] = number
        sentence.rows.append((Row(name, int(start), int(end), columns, number), token))

    def _take(self, sentence: _Sentence) -> None:
        """Add a sentence to the text, if each of its tokens stands where its offsets say."""
        text = "\n".join(self._unescape(line) for line in sentence.lines)
        if not sentence.rows:
            if text.strip():
                where = Location(self.where.source, line=sentence.line)
                self._report.fault(where, "#Text", short_repr(text), "a sentence with rows of tokens below")
            return
        begin = sentence.rows[0][0].start
        if begin < self._end:
            where = Location(self.where.source, line=sentence.rows[0][0].line)
            self._report.fault(where, sentence.rows[0][0].id, f"the offset {begin}", f"{self._end} or more")
            return
        offsets = Offsets(text, self._unit)
        for row, token in sentence.rows:
            start, end = offsets.to_code_points(row.start - begin), offsets.to_code_points(row.end - begin)
            covered = None if start is None or end is None else text[start:end]
            if covered == token and token:
                self.rows.append(row)
                continue
            where = Location(self.where.source, line=row.line)
            allowed = f"{short_repr(covered)}, the text at these offsets" if covered else "in its #Text"
            self._report.fault(where, row.id, f"{short_repr(token)} at {row.start}-{row.end}", allowed)
        self._parts += ["\n" * (begin - self._end), text]
        self._end = begin + offsets.length

    def _unescape(self, text: str) -> str:
        if self._minor > 1:
            return _IN_TEXT.sub(lambda found: _ESCAPED.get(found.group(1), found.group(1)), text)
        plain = _IN_JAVA.sub(lambda found: _of_java(found.group(1)), text)
        return plain.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _of_java(escaped: str) -> str:
    return chr(int(escaped[1:], 16)) if len(escaped) == 5 else _ESCAPED.get(escaped, escaped)
