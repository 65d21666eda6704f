"""Digests of a folder's files, by which damage is found."""

import json
import os
from pathlib import Path

from ..files.atomic import digest_of_file
from ..model.messages import must_be

DIGESTS_FILE = "digests.json"


def write_digests(folder: Path) -> None:
    """Flush all files of a folder to the disk, and write their SHA-256 to its `digests.json`."""
    digests = {path.name: digest_of_file(path) for path in sorted(folder.iterdir()) if path.name != DIGESTS_FILE}
    target = folder / DIGESTS_FILE
    target.write_text(json.dumps(digests, indent=2) + "\n", encoding="utf-8")
    for path in folder.iterdir():
        _flush(path)


def check_digests(folder: Path) -> None:
    """Check that each file that `write_digests` recorded is still there and unchanged.

    Raises:
        ValueError: if a file is missing or damaged; the message names it.
    """
    for name, digest in _read_digests(folder / DIGESTS_FILE).items():
        path = folder / name
        if not path.is_file():
            raise ValueError(f"{path} is missing")
        if digest_of_file(path) != digest:
            raise ValueError(f"{path} is not what was saved: truncated or changed")


def _read_digests(path: Path) -> dict[str, str]:
    try:
        digests = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"{path} can't be read: {error}") from error
    if not isinstance(digests, dict):
        raise ValueError(must_be(str(path), "a mapping of files to digests", type(digests).__name__))
    return digests


def _flush(path: Path) -> None:
    """Flush a file to the disk, so that a power cut can't destroy it once the checkpoint before it is removed."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())
