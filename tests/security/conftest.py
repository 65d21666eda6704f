"""A sound checkpoint to spoil."""

import shutil

import pytest


@pytest.fixture
def checkpoint(tiny_checkpoint, tmp_path):
    """A copy of a tiny checkpoint that may be spoilt."""
    return shutil.copytree(tiny_checkpoint, tmp_path / "checkpoint")
