"""Atomic writing of files, so that no reader ever sees a partial one."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from .outputs import (
    check_replaceable,
    give_mode_of,
    hidden_beside,
    is_stream,
    open_named,
    open_stream,
    put_in_place,
    real_target,
)

RUN_FILE = "training_run.json"
"""The record of a model's training, next to its weights: data, settings and scores."""

_READ_AT_ONCE = 1 << 20
"""In bytes."""


def write_atomically(path: str | Path, parts: Iterable[str]) -> None:
    """Write text as UTF-8 to a new file next to ``path``, and rename it to ``path`` when it is complete.

    Until then, an existing file is unchanged, also if ``parts`` or the writing fails. Links are followed, the mode of a
    file that is replaced is kept, and a stream, which can't be replaced, is written to directly.

    Args:
        path: The path of the file.
        parts: The parts of the text.

    Raises:
        OSError: If the folder does not exist or can't be written to, or an existing file is write-protected.
    """
    if is_stream(path):
        with open_stream(path) as stream:
            stream.writelines(part.encode() for part in parts)
        return
    with replacing(path) as beside, open_named(beside, "wb", path) as file:
        file.writelines(part.encode() for part in parts)


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Yield an empty file next to ``path``, which is renamed to ``path`` if the block ends without an error.

    Until then, an existing file is unchanged. Links are followed, and the mode of a file that is replaced is kept.

    Args:
        path: The path of the file.

    Raises:
        OSError: If the folder does not exist or can't be written to, or what exists at ``path`` is write-protected or
            not a regular file.
    """
    target = real_target(path)
    check_replaceable(target)
    beside = _beside(target, uuid.uuid4().hex[:8])
    try:
        beside.touch(exist_ok=False)
        give_mode_of(target, beside)  # before there is any content to read
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
    """Return the SHA-256 of a file's content."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while part := stream.read(_READ_AT_ONCE):
            digest.update(part)
    return digest.hexdigest()
