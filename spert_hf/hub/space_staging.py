"""Stage the demo for publication: its files with this package, checked to start without anything else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from ..resources import package_folder

OF_STATIC_SPACE = "browser"
"""The folder of the demo's files that only a static Space needs."""

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
"""The time limit in seconds for building the app, including the download of its model."""


def stage_space(folder: Path, staged: Path, model: str, token: str | None = None) -> None:
    """Copy the demo's folder and the package, and build the app from the copy with its model.

    Args:
        folder: The demo: `app.py` with a function `build_app`, `README.md` with the Space's settings, and
            `requirements.txt`.
        staged: A new folder.
        model: The argument of `build_app`: the Hub id of the model.
        token: For the Hub.

    Raises:
        ValueError: Files are missing, or the app can't be built from the copy.
    """
    for needed in NEEDED_FILES:
        if not (folder / needed).is_file():
            raise ValueError(f"{folder} has no {needed}; the folder of a Space needs {', '.join(NEEDED_FILES)}")
    ignored = shutil.ignore_patterns("__pycache__", ".*", "shipped")
    shutil.copytree(folder, staged, ignore=shutil.ignore_patterns("__pycache__", ".*", "shipped", OF_STATIC_SPACE))
    package = package_folder()
    shutil.copytree(package, staged / package.name, ignore=ignored)
    _check_starts(folder, staged, model, token)


def _check_starts(folder: Path, staged: Path, model: str, token: str | None) -> None:
    """Build the app from the copy in a separate process, which finds only the copied package."""
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONSAFEPATH")}
    environment["PYTHONDONTWRITEBYTECODE"] = "1"  # so that nothing is added to the copy
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
