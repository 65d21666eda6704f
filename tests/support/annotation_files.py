"""Files that annotation tools wrote, with what a right reader gives for each."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from spert_hf.data.annotation.annotated_text import AnnotatedText

FILES = Path(__file__).parents[1] / "data" / "annotation" / "files"


def expected_of(tool: str) -> dict[str, Any]:
    """What is in a tool's ``expected.json``."""
    return json.loads((FILES / tool / "expected.json").read_text(encoding="utf-8"))


def as_expected(text: AnnotatedText) -> dict[str, Any]:
    """A text in the form of ``expected.json``: without what only some of its documents say."""
    return {
        "text": text.text,
        "entities": [
            {"type": one.type, "start": one.start, "end": one.end, "text": text.text[one.start : one.end]}
            for one in text.entities
        ],
        "relations": [{"type": one.type, "head": one.head, "tail": one.tail} for one in text.relations],
    }


def plain(document: dict[str, Any]) -> dict[str, Any]:
    """A document of ``expected.json`` with the fields of `as_expected` alone."""
    keys = {"entities": ("type", "start", "end", "text"), "relations": ("type", "head", "tail")}
    return {
        "text": document["text"],
        **{kind: [{key: one[key] for key in keys[kind]} for one in document.get(kind, [])] for kind in keys},
    }


def shared_files() -> Path | None:
    """The folder with the original files where the environment names one, as tests of the data sets do."""
    data = os.environ.get("SPERT_SHARED_DATA")
    folder = Path(data).parent / "annotation" if data else None
    return folder if folder is not None and folder.is_dir() else None
