"""The types that brat's `annotation.conf` names, to say which of the annotations' types it does not."""

from __future__ import annotations

import re
from pathlib import Path

from .annotated_text import AnnotatedText
from .report import Report

NAME = "annotation.conf"

_SECTION = re.compile(r"\s*\[(.*)\]\s*")
_SECTIONS = {"entities": "entities", "spans": "entities", "events": "entities", "relations": "relations"}
"""What has which kind of types; the trigger of an event is an entity."""


class Configurations:
    """The `annotation.conf` files of a collection: the one that is nearest above a text is its own.

    Args:
        report: Takes a note for each type that they do not name.
    """

    def __init__(self, report: Report) -> None:
        self._report = report
        self._files: dict[Path, dict[str, set[str]] | None] = {}
        self._noted: set[tuple[Path, str, str]] = set()

    def check(self, text: AnnotatedText, folder: Path, root: Path) -> None:
        """Note the types of a text that its configuration does not name.

        Args:
            text: The text.
            folder: Where its files are.
            root: The collection's folder: one above is not looked at.
        """
        path, named = self._nearest(folder, root)
        if named is None:
            return
        for kind, title in (("entities", "entity"), ("relations", "relation")):
            for each in getattr(text, kind):
                key = (path, kind, each.type)
                if each.type not in named[kind] and key not in self._noted:
                    self._noted.add(key)
                    self._report.note(f"{path} does not name the {title} type {each.type}")

    def _nearest(self, folder: Path, root: Path) -> tuple[Path, dict[str, set[str]] | None]:
        while True:
            path = folder / NAME
            if path not in self._files:
                self._files[path] = _types_of(path) if path.is_file() else None
            if self._files[path] is not None or folder in (root, folder.parent):
                return path, self._files[path]
            folder = folder.parent


def _types_of(path: Path) -> dict[str, set[str]]:
    """The types of each kind: the first word of each line, without the `!` of those that only group others."""
    named: dict[str, set[str]] = {"entities": set(), "relations": set()}
    kind = None
    for line in path.read_text(encoding="utf-8-sig", errors="replace").split("\n"):
        if (section := _SECTION.fullmatch(line)) is not None:
            kind = _SECTIONS.get(section.group(1))
        elif kind is not None and (words := line.split()) and not words[0].startswith("#"):
            named[kind].update(term.removeprefix("!") for term in words[0].split("|"))
    return named
