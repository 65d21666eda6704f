"""What an output folder is the output of: runs that go on with it compare themselves with it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..files.atomic import replacing
from ..model.messages import must_be
from .job import Job
from .shards import Shard
from .sources import Source
from .stores import exists, is_url, join, names_below, open_input, written_whole

MANIFEST = ".manifest.json"
"""Hidden, as readers of folders of Parquet (`load_dataset`, `pyarrow.dataset`) take all other files for data."""

_SHOWN_FILES = 3
_OTHER_MODEL = "another model"


@dataclass(frozen=True)
class Manifest:
    """A run: its model, settings, files and shards.

    Attributes:
        settings: Everything that affects the results, by name.
        inputs: Of each file its path, size and version.
        shards: The names of the output files, relative to the output folder.
    """

    settings: Mapping[str, Any]
    inputs: Sequence[tuple[str, int, str]]
    shards: Sequence[str]

    @classmethod
    def of(cls, job: Job, model_digest: str, sources: Iterable[Source], shards: Iterable[Shard]) -> Manifest:
        """The manifest of a run.

        Args:
            job: What is asked for.
            model_digest: See `digest_of_model`.
            sources: The files of the corpus.
            shards: Its shards.
        """
        settings = {
            "model": model_digest,
            "format": job.format,
            "backend": f"{job.backend}, {job.dtype}",
            "text_column": job.text_column,
            "id_column": job.id_column,
            "columns": None if job.schema is None else [f"{field.name}: {field.type}" for field in job.schema],
            **{name: setting_as_text(value) for name, value in {**job.settings, **job.reading}.items()},
        }
        return cls(
            {name: value for name, value in settings.items() if value is not None},
            [(source.path, source.size, source.version) for source in sources],
            [job.file_name(shard) for shard in shards],
        )

    def begin(self, output: str) -> None:
        """Write the manifest into a new output folder, or compare it with the one that is there.

        Raises:
            ValueError: The folder is another run's, or holds other files; nothing is changed.
            OSError: It cannot be written.
        """
        path = join(output, MANIFEST)
        if not exists(path):
            check_output_folder(output)
            if self._write(path):
                return
        self._compare(path, output)

    def missing(self, output: str, shards: Iterable[str] | None = None) -> list[str]:
        """The outputs that are not there.

        Args:
            output: The output folder.
            shards: The names of those that are looked for; default: all.
        """
        there = names_below(output)
        return [name for name in (self.shards if shards is None else shards) if name not in there]

    def _write(self, path: str) -> bool:
        """Write the manifest; return whether it was not there."""
        text = self._to_json()
        if is_url(path):
            with written_whole(path) as stream:
                stream.write(text.encode())
            return True
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = target.with_name(f"{MANIFEST}.{os.getpid()}.tmp")
        try:
            with beside.open("w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            return _put_if_absent(beside, target)
        finally:
            beside.unlink(missing_ok=True)

    def _to_json(self) -> str:
        """JSON with a line for each file and shard, which people can read and compare."""
        parts = [f' "settings": {json.dumps(self.settings, ensure_ascii=False)}']
        for name, items in (("inputs", self.inputs), ("shards", self.shards)):
            lines = ",\n".join(f"  {json.dumps(item, ensure_ascii=False)}" for item in items)
            parts.append(f' "{name}": [\n{lines}\n ]')
        return "{\n" + ",\n".join(parts) + "\n}\n"

    def _compare(self, path: str, output: str) -> None:
        before = _read(path)
        changes = [
            _changed_setting(name, before.settings.get(name), self.settings.get(name))
            for name in {**self.settings, **before.settings}
            if before.settings.get(name) != self.settings.get(name)
        ]
        if before.settings.get("backend") != self.settings.get("backend"):  # the same model has another digest there
            changes = [change for change in changes if change != _OTHER_MODEL]
        changes += _changed_files(before.inputs, self.inputs)
        if not changes and before.shards != self.shards:
            changes.append("another --shard-size")
        if changes:
            raise ValueError(
                f"--output: {output} is of a run with {', '.join(changes)}, says its {MANIFEST}; "
                "use the same, or name another folder"
            )


def check_output_folder(output: str) -> None:
    """Check that a folder is that of a run, or has no files but hidden ones.

    Raises:
        ValueError: It has others, which might be somebody's work.
    """
    there = names_below(output)
    others = [name for name in there if not any(part.startswith(".") for part in name.split("/"))]
    if others and MANIFEST not in there:
        allowed = f"a new folder, an empty one, or one of an earlier run with its {MANIFEST}"
        raise ValueError(must_be("--output", allowed, f"{output} with other files ({_some(sorted(others))})"))


def setting_as_text(setting: Any) -> str:
    """Return a setting as a string that does not depend on the order of types."""
    if isinstance(setting, (tuple, list)):
        setting = sorted(set(setting))
    return json.dumps(setting, default=lambda pattern: pattern.pattern, sort_keys=True)


def _put_if_absent(beside: Path, target: Path) -> bool:
    """Give a file its name unless there is one; return whether there was none."""
    try:
        os.link(beside, target)
    except FileExistsError:
        return False
    except OSError:  # a file system without links: of two processes that begin at once, the last one's stays
        with replacing(target) as whole:
            whole.write_bytes(beside.read_bytes())
    return True


def _read(path: str) -> Manifest:
    with open_input(path) as stream:
        data = stream.read()
    with suppress(ValueError, KeyError, TypeError):
        found = json.loads(data)
        inputs = [(str(name), int(size), str(version)) for name, size, version in found["inputs"]]
        return Manifest(dict(found["settings"]), inputs, list(map(str, found["shards"])))
    raise ValueError(must_be(path, "the manifest of an earlier run", "something else; name another folder"))


def _changed_setting(name: str, before: Any, now: Any) -> str:
    """In words, how a setting of a run differs from that of another."""
    if name == "columns" and isinstance(before, list) and isinstance(now, list):
        kinds = {"gone": [one for one in before if one not in now], "new": [one for one in now if one not in before]}
        told = [f"{kind} {_some(columns)}" for kind, columns in kinds.items() if columns]
        return f"other columns ({'; '.join(told) or 'in another order'})"
    if name == "model":
        return _OTHER_MODEL
    return f"another {name} ({_given(before)}, now {_given(now)})"


def _given(setting: Any) -> str:
    return "none" if setting is None else str(setting)


def _changed_files(before: Sequence[tuple[str, int, str]], now: Sequence[tuple[str, int, str]]) -> list[str]:
    """In words, how the files of a run differ from those of another."""
    old, new = ({path: (size, version) for path, size, version in files} for files in (before, now))
    kinds = {
        "gone": [path for path in old if path not in new],
        "new": [path for path in new if path not in old],
        "changed": [path for path in new if path in old and old[path] != new[path]],
    }
    told = [f"{len(paths)} {kind} ({_some(paths)})" for kind, paths in kinds.items() if paths]
    return [f"other input files: {', '.join(told)}"] if told else []


def _some(paths: Sequence[str]) -> str:
    return ", ".join([*paths[:_SHOWN_FILES], *(["…"] if len(paths) > _SHOWN_FILES else [])])
