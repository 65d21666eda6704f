"""Writing files so that no reader ever sees half of one."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from .outputs import check_replaceable, give_mode_of, hidden_beside, is_stream, open_stream, put_in_place, real_target

RUN_FILE = "training_run.json"
"""What a model was trained on, how, and with which scores: it stands beside the model's weights."""

_READ_AT_ONCE = 1 << 20
"""Bytes."""


def write_atomically(path: str | Path, parts: Iterable[str]) -> None:
    """Write text as UTF-8 to a new file beside ``path`` and give it that name when it is complete.

    Whatever stands at ``path`` stays as it is until then, and for good if ``parts`` or the writing fails. Links are
    followed, the mode of a file that is replaced stays, and a stream, which can't be replaced, is written to directly.

    Raises:
        OSError: The folder does not exist or cannot be written to, or the file there is write-protected.
    """
    if is_stream(path):
        with open_stream(path) as stream:
            stream.writelines(part.encode() for part in parts)
        return
    with replacing(path) as beside, beside.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(parts)


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Give an empty file beside ``path`` to write to, which gets that name when the block is left without an error.

    Whatever stands at ``path`` stays as it is until then. Links are followed, the mode of a file that is replaced
    stays.

    Raises:
        OSError: The folder does not exist or cannot be written to, the file there is write-protected, or it is none.
    """
    target = real_target(path)
    check_replaceable(target)
    beside = _beside(target, uuid.uuid4().hex[:8])
    try:
        beside.touch(exist_ok=False)
        give_mode_of(target, beside)  # before there is anything to read in it
        yield beside
        put_in_place(beside, target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def leftovers(paths: Iterable[Path]) -> Iterator[tuple[Path, Path]]:
    """What processes that were killed have left of files that they were writing.

    Yields:
        The path of a file that has not got its name, and the one of `paths` that was being written.
    """
    targets = [real_target(path) for path in paths]
    none = "0" * 8
    by_start = {str(_beside(target, none)).removesuffix(f"{none}.tmp"): target for target in targets}
    for folder in sorted({target.parent for target in targets}):
        for left in sorted(folder.glob(".*.tmp")):
            target = by_start.get(str(left)[: -len(f"{none}.tmp")])
            if target is not None:
                yield left, target


def _beside(target: Path, mark: str) -> Path:
    return hidden_beside(target, f"{mark}.tmp")


def digest_of_file(path: Path) -> str:
    """SHA-256 of a file's content."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while part := stream.read(_READ_AT_ONCE):
            digest.update(part)
    return digest.hexdigest()
