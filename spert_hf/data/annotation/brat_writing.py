"""Texts in the form that brat reads: a folder of `.txt` and `.ann` files with an `annotation.conf`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from ...files.new_folder import new_folder
from ...model.messages import must_be
from ..faults import is_text, list_names, short_repr
from .annotated_text import AnnotatedText, TextEntity
from .brat_configuration import NAME
from .options import WritingOptions
from .report import Report

_TYPE = re.compile(r"(?!-+\Z)[A-Za-z0-9_-]+")
_UNSAFE = re.compile(r"[^\w.-]+")
_LONGEST_NAME = 60
"""Characters of a file's name, each of which may take four bytes."""

# brat reads an .ann file by Python's rules for lines: each of these ends one.
_LINE = re.compile("[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")


def write(texts: Iterable[AnnotatedText], path: Path, options: WritingOptions, report: Report) -> None:
    """Write a folder for brat's data folder, complete or not at all.

    Raises:
        ValueError: brat has no types of such names.
        FileExistsError: The folder is there and has files in it.
        OSError: It cannot be written.
    """
    _check_types([*options.entity_types, *options.relation_types])
    entity_types, relation_types = dict.fromkeys(options.entity_types), dict.fromkeys(options.relation_types)
    with new_folder(path) as folder:
        names = _FileNames()
        for number, text in enumerate(texts, start=1):
            lines = _Lines(text, report)
            if not lines.can_be_written():
                continue
            name = names.new(text.id or f"{number:04}")
            (folder / f"{name}.txt").write_bytes(text.text.encode())
            (folder / f"{name}.ann").write_bytes("".join(f"{line}\n" for line in lines).encode())
            entity_types.update(dict.fromkeys(lines.entity_types))
            relation_types.update(dict.fromkeys(lines.relation_types))
        _check_types([*entity_types, *relation_types])
        (folder / NAME).write_bytes(_configuration([*entity_types], [*relation_types]).encode())


class _FileNames:
    """Names of files made of ids: safe in all file systems, none twice, also where case does not count."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def new(self, identifier: str) -> str:
        safe = _UNSAFE.sub("_", identifier).strip("._-")[:_LONGEST_NAME] or "_"
        name = safe
        while name.casefold() in self._counts:
            self._counts[safe.casefold()] += 1
            name = f"{safe}-{self._counts[safe.casefold()]}"
        self._counts[name.casefold()] = 1
        return name


class _Lines:
    """The lines of a text's `.ann` file; with each the report takes what it holds.

    Args:
        text: The text.
        report: Takes the counts.

    Attributes:
        entity_types: Those of the lines that were given.
        relation_types: And of relations.
    """

    def __init__(self, text: AnnotatedText, report: Report) -> None:
        self.entity_types: dict[str, None] = {}
        self.relation_types: dict[str, None] = {}
        self._text = text
        self._report = report
        self._count = 0
        self._ids: dict[int, str] = {}
        report.read("texts")
        report.read("entities", len(text.entities))
        report.read("relations", len(text.relations))

    def can_be_written(self) -> bool:
        """Whether UTF-8 can hold the text; if not, it is left out."""
        if is_text(self._text.text):
            return True
        where, reason = self._text.source, "with half of a surrogate pair in the text"
        self._report.leave_out("texts", reason, where)
        self._report.leave_out("entities", f"in a text {reason}", where, count=len(self._text.entities))
        self._report.leave_out("relations", f"in a text {reason}", where, count=len(self._text.relations))
        return False

    def __iter__(self) -> Iterator[str]:
        self._report.written["texts"] += 1
        for number, entity in enumerate(self._text.entities):
            yield from self._entity(number, entity)
        count = 0
        for number, relation in enumerate(self._text.relations):
            field, where = f"relations[{number}]", self._text.source
            head, tail = self._ids.get(relation.head), self._ids.get(relation.tail)
            if relation.type is None:
                self._report.leave_out("relations", "no label: brat has none without", where, field)
                continue
            if head is None or tail is None:
                self._report.leave_out("relations", "of a mention that is left out", where, field)
                continue
            self.relation_types[relation.type] = None
            if relation.both_ways:
                self._report.add("relations", "drawn both ways: one for each direction", where, field)
            for first, second in [(head, tail), (tail, head)][: 1 + relation.both_ways]:
                count += 1
                self._report.written["relations"] += 1
                yield f"R{count}\t{relation.type} Arg1:{first} Arg2:{second}"

    def _entity(self, number: int, entity: TextEntity) -> Iterator[str]:
        """A line for each label of a mention; none if it is left out."""
        field, where, report = f"entities[{number}]", self._text.source, self._report
        parts = _parts(self._text.text, entity)
        labels = [label for label in (entity.type, *entity.more_types) if label is not None]
        if not parts or not labels:
            reason = "no label: brat has none without" if parts else "nothing but line ends"
            report.leave_out("entities", reason, where, field)
            return
        if (parts[0][0], parts[-1][1]) != (entity.start, entity.end):
            report.change("entities", "line ends at its ends are left out", where, field)
        offsets = ";".join(f"{start} {end}" for start, end in parts)
        column = " ".join(self._text.text[start:end] for start, end in parts)
        if len(labels) > 1:
            report.add("entities", "several labels: a mention for each", where, field, len(labels) - 1)
        self._ids[number] = f"T{self._count + 1}"
        for label in labels:
            self._count += 1
            self.entity_types[label] = None
            report.written["entities"] += 1
            yield f"T{self._count}\t{label} {offsets}\t{column}"


def _parts(text: str, entity: TextEntity) -> list[tuple[int, int]]:
    """The fragments of a mention, without line ends in any of them, nor white space around those."""
    parts: list[tuple[int, int]] = []
    for start, end in entity.fragments or ((entity.start, entity.end),):
        for line in _LINE.finditer(text, start, end):
            first, last = line.span()
            if first > start:
                first = last - len(line.group().lstrip())
            if last < end:
                last = line.start() + len(line.group().rstrip())
            if first < last:
                parts.append((first, last))
    return parts


def _check_types(names: Iterable[str]) -> None:
    bad = [short_repr(name) for name in dict.fromkeys(names) if not _TYPE.fullmatch(name)]
    if bad:
        allowed = "names of letters A to Z, digits, _ and -, as brat has no others"
        raise ValueError(must_be("entity and relation types", allowed, list_names(bad)))


def _configuration(entity_types: list[str], relation_types: list[str]) -> str:
    """An `annotation.conf` by which mentions may overlap, and all of them be related."""
    ends = "Arg1:<ENTITY>, Arg2:<ENTITY>"
    relations = [*(f"{name}\t{ends}" for name in relation_types), f"<OVERLAP>\t{ends}, <OVL-TYPE>:<ANY>"]
    sections = {"entities": entity_types, "relations": relations, "events": [], "attributes": []}
    return "\n".join("\n".join([f"[{name}]", *lines, ""]) for name, lines in sections.items())
