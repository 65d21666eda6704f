"""What is to be published of the demo: its files and this package beside them, proved to start with nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from ..resources import package_folder

NEEDED_FILES = ("app.py", "README.md", "requirements.txt")
_CHECK = """
import sys
from importlib.util import find_spec
from pathlib import Path
import app
found = Path(find_spec("spert_hf").origin).resolve().parents[1]
if found != Path.cwd().resolve():
    raise ImportError(f"spert_hf is taken from {found}")
app.build_app(sys.argv[1])
"""
_TIME_LIMIT = 900
"""Seconds that building the app may take, in which its model is fetched."""


def stage_space(folder: Path, staged: Path, model: str, token: str | None = None) -> None:
    """Copy the demo's folder with the package beside it, and build it by itself with its model.

    Args:
        folder: The demo: `app.py` with a function `build_app`, `README.md` with the Space's settings, and
            `requirements.txt`.
        staged: A new folder.
        model: What `build_app` is given: the model's name on the Hub.
        token: Of the Hub.

    Raises:
        ValueError: Files are missing, or the copy's app cannot be built.
    """
    for needed in NEEDED_FILES:
        if not (folder / needed).is_file():
            raise ValueError(f"{folder}: has no {needed}; allowed the folder of a Space with {', '.join(NEEDED_FILES)}")
    ignored = shutil.ignore_patterns("__pycache__", ".*", "shipped")
    shutil.copytree(folder, staged, ignore=ignored)
    package = package_folder()
    shutil.copytree(package, staged / package.name, ignore=ignored)
    _check_starts(folder, staged, model, token)


def _check_starts(folder: Path, staged: Path, model: str, token: str | None) -> None:
    """Build the copy's app in a process of its own, which finds the copy's package and no other."""
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONSAFEPATH")}
    environment["PYTHONDONTWRITEBYTECODE"] = "1"  # the copy stays what goes up
    if token:
        environment["HF_TOKEN"] = token
    command = [sys.executable, "-c", _CHECK, model]
    try:
        done = subprocess.run(
            command, cwd=staged, env=environment, capture_output=True, text=True, timeout=_TIME_LIMIT, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise ValueError(
            f"{folder}: app.py takes more than {_TIME_LIMIT} s to build, so it is not published"
        ) from error
    if done.returncode:
        said = next((line for line in reversed(done.stderr.splitlines()) if line.strip()), f"exit {done.returncode}")
        raise ValueError(f"{folder}: app.py does not start, so it is not published: {said.strip()}")
