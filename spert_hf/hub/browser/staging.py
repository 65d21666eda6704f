"""The folder of the static Space: the page, the view, the libraries, the tables, and perhaps a model."""

from __future__ import annotations

import hashlib
import json
import runpy
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...model.messages import either, must_be
from ...onnx.record import (
    FOLDER,
    PAIRS_FILE,
    RECORD_FILE,
    SPAN_FILES,
    TOKENIZER_FILE,
    OnnxRecord,
    check_files,
    copy_export,
    read_record,
)
from .runtime import FILE, runtime_file
from .tables import SEQUENCES, WORDS, make_tables

NEEDED_FILES = ("browser/index.html", "browser/README.md", "view/main.js", "spert_space/settings.py")
MODEL_FOLDER = "model"
HUB = "https://huggingface.co"

_HUB_HOSTS = "https://*.huggingface.co https://*.hf.co"
"""The hosts that the Hub sends browsers to for large files."""


def stage_browser(
    folder: Path, staged: Path, model: str | Path, endpoint: str = HUB, dtypes: Sequence[str] | None = None
) -> None:
    """Make the folder of a static Space.

    Args:
        folder: the demo: `browser/`, `view/`, and limits and examples in `spert_space/`.
        staged: a new folder.
        model: the Hub id of a model, which the page loads from there; or the folder of an export, which is copied.
        endpoint: the address of the Hub.
        dtypes: those of an export that are copied; default: `int8`, or else `float32`.

    Raises:
        ValueError: files are missing, the model can't be read in a browser, an export has not the dtypes, or npm's
            registry can't be reached.
        CheckpointError: the export is damaged, or made of other weights than those around it.
    """
    for needed in NEEDED_FILES:
        if not (folder / needed).is_file():
            raise ValueError(f"{folder} has no {needed}; the folder of the demo needs {', '.join(NEEDED_FILES)}")
    if isinstance(model, Path):
        export = read_record(model)
        check_export(export, str(model))
        dtypes = _chosen(export, str(model), dtypes)
    ignored = shutil.ignore_patterns(".*")
    shutil.copytree(folder / "browser", staged, ignore=ignored)
    shutil.copytree(folder / "view", staged / "view", ignore=ignored)
    shutil.copyfile(runtime_file(), staged / "vendor" / FILE)
    if isinstance(model, Path) and dtypes:
        _copy_export(model, staged / MODEL_FOLDER, dtypes)
    _write_json(staged / "tables.json", make_tables())
    _write_json(staged / "settings.json", _settings(folder, model, endpoint))
    addresses = _HUB_HOSTS if endpoint == HUB else ""
    _fill(staged / "index.html", {"HUB_ADDRESSES": f"{endpoint} {addresses}".strip()})
    if not isinstance(model, Path):
        _fill(staged / "README.md", {"license: apache-2.0\n": f"license: apache-2.0\nmodels:\n  - {model}\n"})
    _name_files(staged)


def find_export(model: Path) -> Path:
    """Return the folder of the export in a folder, which may be that of its checkpoint.

    Raises:
        ValueError: there is none.
    """
    for folder in (model, model / FOLDER):
        if (folder / RECORD_FILE).is_file():
            return folder
    raise ValueError(must_be("model", "a folder that `spert-hf export` has written, or one with it", repr(str(model))))


def check_export(record: OnnxRecord, name: str) -> None:
    """Check that the rules in the browser can read text as a model does, and that it reads sentences alone.

    Raises:
        ValueError: they can't.
    """
    reading = record.settings.text_reading
    for field, given, allowed in (("words", reading.words, WORDS), ("sequences", reading.sequences, SEQUENCES)):
        if given not in allowed:
            raise ValueError(must_be(f"{name}: text_reading.{field}", f"{either(allowed)} in a browser", repr(given)))
    if record.tokenization.context_window:
        raise ValueError(must_be(f"{name}: context_window", "0 in a browser", record.tokenization.context_window))


def _chosen(record: OnnxRecord, name: str, dtypes: Sequence[str] | None) -> Sequence[str]:
    """Return the dtypes whose graphs are copied: those asked for, or the smallest that was exported.

    Raises:
        ValueError: the export has not those asked for.
    """
    there = [dtype for dtype in ("int8", "float32") if SPAN_FILES[dtype] in record.files]
    for dtype in dtypes or ():
        if dtype not in there:
            raise ValueError(must_be("dtype", f"{either(there)}, as {name} was exported", repr(dtype)))
    return dtypes or there[:1]


def _copy_export(export: Path, target: Path, dtypes: Sequence[str]) -> None:
    """Copy the files that the page loads."""
    record = read_record(export)
    names = [*(SPAN_FILES[dtype] for dtype in dtypes), TOKENIZER_FILE]
    if record.settings.relation_types:
        names.append(PAIRS_FILE)
    check_files(export, record, names)
    target.mkdir()
    copy_export(export, record, names, target)


def _settings(folder: Path, model: str | Path, endpoint: str) -> dict[str, Any]:
    limits = runpy.run_path(str(folder / "spert_space" / "settings.py"))["Settings"]()
    examples = runpy.run_path(str(folder / "spert_space" / "examples.py"))["EXAMPLES"]
    return {
        "model": f"./{MODEL_FOLDER}/" if isinstance(model, Path) else model,
        "name": _name_of(model) if isinstance(model, Path) else model,
        "hub": endpoint,
        "examples": list(examples),
        "max_characters": limits.max_characters,
        "max_relations": limits.max_relations,
        "score_floor": limits.score_floor,
    }


def _name_of(export: Path) -> str:
    """Return the name of the checkpoint around an export, or that of its folder."""
    folder = export.resolve()
    return folder.parent.name if folder.name == FOLDER else folder.name


def _write_json(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")


def _fill(path: Path, values: dict[str, str]) -> None:
    """Replace what stands in a file for values."""
    text = path.read_text(encoding="utf-8")
    for name, value in values.items():
        if name not in text:
            raise ValueError(f"{path.name} has no {name!r}")
        text = text.replace(name, value)
    path.write_text(text, encoding="utf-8")


def _name_files(staged: Path) -> None:
    """Write the names of the page's files, and a digest of them all, to the service worker that keeps them."""
    worker = staged / "service_worker.js"
    kept = [
        path.relative_to(staged).as_posix()
        for path in sorted(staged.rglob("*"))
        if path.is_file() and path.suffix in (".html", ".js", ".mjs", ".css", ".json", ".wasm") and path != worker
    ]
    kept = [name for name in kept if not name.startswith(f"{MODEL_FOLDER}/")]
    digest = hashlib.sha256(worker.read_bytes())
    for name in kept:
        digest.update(hashlib.sha256((staged / name).read_bytes()).digest())
    _fill(worker, {"VERSION_OF_FILES": digest.hexdigest()[:16], '["LIST_OF_FILES"]': json.dumps(kept)})
