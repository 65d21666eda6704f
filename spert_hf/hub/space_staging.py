"""What is to be published of the demo: its files and this package beside them, proved to start with nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NEEDED_FILES = ("app.py", "README.md", "requirements.txt")
_PACKAGE = Path(__file__).parents[1]
_CHECK = """
from pathlib import Path
import app, spert_hf
found = Path(spert_hf.__file__).resolve().parents[1]
if found != Path.cwd().resolve():
    raise ImportError(f"spert_hf was imported from {found}")
if not callable(app.build_app):
    raise TypeError("app.build_app cannot be called")
"""
_TIME_LIMIT = 300
"""Seconds that importing the app may take; importing torch, transformers and gradio takes tens on a slow machine."""


def stage_space(folder: Path, staged: Path) -> None:
    """Copy the demo's folder with the package beside it, and import it by itself.

    Args:
        folder: The demo: `app.py` with a function `build_app`, `README.md` with the Space's settings, and
            `requirements.txt`.
        staged: A new folder.

    Raises:
        ValueError: Files are missing, or the copy cannot be imported.
    """
    for needed in NEEDED_FILES:
        if not (folder / needed).is_file():
            raise ValueError(f"{folder}: has no {needed}; allowed the folder of a Space with {', '.join(NEEDED_FILES)}")
    ignored = shutil.ignore_patterns("__pycache__", ".*")
    shutil.copytree(folder, staged, ignore=ignored)
    shutil.copytree(_PACKAGE, staged / _PACKAGE.name, ignore=ignored)
    _check_starts(folder, staged)


def _check_starts(folder: Path, staged: Path) -> None:
    """Import the copy's app in a process of its own, which finds the copy's package and no other."""
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONSAFEPATH")}
    environment["PYTHONDONTWRITEBYTECODE"] = "1"  # the copy stays what goes up
    command = [sys.executable, "-c", _CHECK]
    try:
        done = subprocess.run(
            command, cwd=staged, env=environment, capture_output=True, text=True, timeout=_TIME_LIMIT, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise ValueError(
            f"{folder}: app.py takes more than {_TIME_LIMIT} s to import, so it is not published"
        ) from error
    if done.returncode:
        said = next((line for line in reversed(done.stderr.splitlines()) if line.strip()), f"exit {done.returncode}")
        raise ValueError(f"{folder}: app.py does not start, so it is not published: {said.strip()}")
