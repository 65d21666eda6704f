"""Writing files so that no reader ever sees half of one, and no two processes write the same."""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

with suppress(ImportError):  # not on Windows
    import fcntl

RUN_FILE = "training_run.json"
"""What a model was trained on, how, and with which scores: it stands beside the model's weights."""

_READ_AT_ONCE = 1 << 20
"""Bytes."""


def write_atomically(path: str | Path, parts: Iterable[str]) -> None:
    """Write text as UTF-8 to a new file beside ``path`` and give it that name when it is complete.

    Whatever stands at ``path`` stays as it is until then, and for good if ``parts`` or the writing fails.

    Raises:
        OSError: The folder does not exist or cannot be written to.
    """
    target = Path(os.path.realpath(path))  # a link keeps pointing to the file that is replaced
    beside = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        with beside.open("x", encoding="utf-8", newline="\n") as stream:
            stream.writelines(parts)
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def digest_of_file(path: Path) -> str:
    """SHA-256 of a file's content."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while part := stream.read(_READ_AT_ONCE):
            digest.update(part)
    return digest.hexdigest()


def try_to_lock(stream: IO[Any]) -> bool:
    """Keep other processes from locking the same open file; the lock ends with the process, however it ends.

    Returns:
        Whether that was possible: ``False`` if another process has the lock. Where there are no locks, ``True``.
    """
    if "fcntl" not in globals():
        return True
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
