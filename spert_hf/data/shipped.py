"""Folders that come with the package but do not lie in it."""

from __future__ import annotations

import sysconfig
from pathlib import Path


def shipped_folder(name: str) -> Path:
    """Where such a folder is: beside the package in a checkout, under `share` when it was installed."""
    beside = Path(__file__).parents[2] / name
    return beside if beside.is_dir() else Path(sysconfig.get_path("data")) / "share" / "spert-hf" / name
