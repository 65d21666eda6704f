"""A user's table of aliases: which names mean one entity, whatever the rules say."""

from __future__ import annotations

import csv
import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..model.messages import must_be
from .rules import normalise

_OPTION = "--aliases"


@dataclass(frozen=True)
class Alias:
    """A row of the table, with keys for texts.

    Args:
        type: of entities; `None` for any.
        alias: its key.
        name: the name that it leads to in the end, as it is to be shown.
        written: the alias as the table has it.
    """

    type: str | None
    alias: str
    name: str
    written: str


def read_aliases(path: Path, rules: Collection[str]) -> list[Alias]:
    """Read a table of aliases.

    Args:
        path: a CSV file with the columns `alias`, `name` and perhaps `type`, or a JSON file with a list of objects that
            have these, or with one object of names by alias.
        rules: by which keys are made.

    Returns:
        The rows, without chains: an alias of an alias leads to the last name.

    Raises:
        ValueError: the file is neither, an alias has two names, or aliases lead in a circle.
        OSError: the file cannot be read.
    """
    if not path.is_file():
        raise FileNotFoundError(must_be(_OPTION, "a file", repr(str(path))))
    names: dict[tuple[str | None, str], str] = {}
    written: dict[tuple[str | None, str], str] = {}
    for place, row in _rows(path):
        alias, name, type_ = _checked(row, f"{_OPTION}: {path}: {place}")
        key = (type_, normalise(alias, rules))
        written.setdefault(key, alias)
        if normalise(names.setdefault(key, name), rules) != normalise(name, rules):
            raise ValueError(f"{_OPTION}: {path}: {place}: {alias!r} has two names, {names[key]!r} and {name!r}")
    return [
        Alias(type_, alias, _last_name(type_, alias, names, rules, path), written[type_, alias])
        for type_, alias in names
    ]


def _last_name(
    type_: str | None, alias: str, names: dict[tuple[str | None, str], str], rules: Collection[str], path: Path
) -> str:
    """The name that an alias leads to in the end."""
    seen = [alias]
    name = names[type_, alias]
    while True:
        target = normalise(name, rules)
        if target == seen[-1]:
            break
        if target in seen:
            raise ValueError(f"{_OPTION}: {path}: aliases must lead to a name, got a circle through {name!r}")
        seen.append(target)
        further = names.get((type_, target), names.get((None, target)))
        if further is None:
            break
        name = further
    return name


def _rows(path: Path) -> Iterator[tuple[str, Any]]:
    """The rows of a file, with where they stand."""
    if path.suffix.lower() == ".json":
        try:
            given = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise ValueError(must_be(f"{_OPTION}: {path}", "JSON", str(error))) from error
        if isinstance(given, dict):
            given = [{"alias": alias, "name": name} for alias, name in given.items()]
        if not isinstance(given, list):
            raise ValueError(must_be(f"{_OPTION}: {path}", "a list of objects, or an object of names by alias"))
        yield from ((f"entry {number}", row) for number, row in enumerate(given, start=1))
        return
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        try:
            if not {"alias", "name"} <= set(reader.fieldnames or ()):
                columns = ", ".join(reader.fieldnames or ()) or "none"
                raise ValueError(must_be(f"{_OPTION}: the columns of {path}", "alias, name and perhaps type", columns))
            for row in reader:
                yield f"line {reader.line_num}", row
        except (csv.Error, UnicodeDecodeError) as error:
            raise ValueError(must_be(f"{_OPTION}: {path}", "a CSV file in UTF-8, or .json", str(error))) from error


def _checked(row: Any, place: str) -> tuple[str, str, str | None]:
    alias, name, type_ = (row.get(key) if isinstance(row, dict) else None for key in ("alias", "name", "type"))
    if not (isinstance(alias, str) and isinstance(name, str) and alias.strip() and name.strip()):
        raise ValueError(must_be(place, "an alias and a name, both texts", repr(row)))
    if type_ is not None and not isinstance(type_, str):
        raise ValueError(must_be(f"{place}: type", "the name of a type, or absent", repr(type_)))
    return alias, " ".join(name.split()), (type_ or "").strip() or None
