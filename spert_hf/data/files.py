"""Writing files so that no reader ever sees half of one."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable
from pathlib import Path


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
