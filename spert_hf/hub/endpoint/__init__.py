"""What an Inference Endpoint needs in a model's repository: a handler, and libraries that its container may lack."""

import shutil
from pathlib import Path

from ...resources import package_folder

ENDPOINT_FILES = ("handler.py", "requirements.txt")


def stage_endpoint(staged: Path) -> None:
    """Copy the files of an Inference Endpoint into a staged checkpoint."""
    for name in ENDPOINT_FILES:
        shutil.copyfile(package_folder() / "hub" / "endpoint" / name, staged / name)
