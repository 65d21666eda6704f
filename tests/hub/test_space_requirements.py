"""The demo asks for the versions that were tested."""

import re
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

tomllib = pytest.importorskip("tomllib", reason="Python reads TOML from 3.11 on")
ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SPACE = ROOT / "space"
needs_space = pytest.mark.skipif(not (SPACE / "app.py").is_file(), reason="no demo in this checkout")


def requirements_of(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line.strip() and not line.startswith("#")]


@needs_space
def test_the_demo_asks_for_the_versions_that_were_tested():
    python = yaml.safe_load((SPACE / "README.md").read_text(encoding="utf-8").split("---\n")[1])["python_version"]
    tested = {
        canonicalize_name(requirement.name): requirement.specifier
        for requirement in requirements_of(ROOT / "constraints.txt")
        if requirement.marker is None or requirement.marker.evaluate({"python_version": python})
    }
    asked = {canonicalize_name(given.name): given.specifier for given in requirements_of(SPACE / "requirements.txt")}
    assert asked == {name: tested.get(name) for name in asked}
    needed = {re.match(r"[\w-]+", line)[0] for line in PROJECT["project"]["dependencies"]}
    assert needed <= set(asked)  # what the package needs, which lies beside the app and is not installed
