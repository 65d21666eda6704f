"""`spert-hf-onnx`: the package, built from this repository, extracts with what it depends on and nothing else."""

import json
import subprocess
import sys
import zipfile
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from spert_hf.version import DISTRIBUTIONS
from tests.support.tiny_models import SENTENCES

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "distributions" / "onnx"

_ALONE = """
import json, sys
absent, folder, *arguments = json.loads(sys.argv[1])
sys.modules.update(dict.fromkeys(absent))
sys.path.insert(0, folder)
import spert_hf
assert spert_hf.__file__.startswith(folder), spert_hf.__file__
from spert_hf.cli.main import main
sys.exit(main(arguments))
"""


def read_project(path):
    tomllib = pytest.importorskip("tomllib", reason="is part of Python 3.11")
    return tomllib.loads(path.read_text(encoding="utf-8"))["project"]


def test_it_is_of_the_same_version_and_asks_for_the_same_libraries():
    whole, own = read_project(ROOT / "pyproject.toml"), read_project(FOLDER / "pyproject.toml")
    assert (whole["name"], own["name"]) == DISTRIBUTIONS
    for field in ("version", "license", "requires-python", "scripts", "entry-points"):
        assert own[field] == whole[field], field
    extras = whole["optional-dependencies"]
    known = {Requirement(one).name: one for one in [*whole["dependencies"], *extras["onnx"]]}
    for one in own["dependencies"]:
        assert known.get(Requirement(one).name, one) == one
    for name in ("icu", "sentencex", "serve", "spacy"):
        assert own["optional-dependencies"][name] == extras[name]


def needed(names):
    """Names of distributions, with all that they depend on."""
    found, waiting = set(), [*names]
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name not in found:
            found.add(name)
            asked = map(Requirement, requires(name) or ())
            waiting += [one.name for one in asked if one.marker is None or one.marker.evaluate({"extra": ""})]
    return found


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """The built package, unpacked."""
    pytest.importorskip("hatchling", reason="builds the package")
    folder = tmp_path_factory.mktemp("build")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=FOLDER, check=True, capture_output=True)
    (built,) = folder.glob("spert_hf_onnx-*.whl")
    with zipfile.ZipFile(built) as archive:
        archive.extractall(folder / "unpacked")
    return folder / "unpacked"


@pytest.fixture(scope="module")
def run_alone(place):
    """Runs a command of the built package, without what it does not depend on."""
    there = needed(Requirement(one).name for one in read_project(FOLDER / "pyproject.toml")["dependencies"])
    installed = packages_distributions()
    absent = [name for name, owners in installed.items() if not there & {canonicalize_name(one) for one in owners}]
    assert {"torch", "transformers", "wrapt", "rich"} <= set(absent)
    absent.remove("spert_hf")

    def run(*arguments):
        given = json.dumps([absent, str(place), *map(str, arguments)])
        command = [sys.executable, "-c", _ALONE, given]
        return subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=300)

    return run


@pytest.mark.e2e
def test_it_extracts(run_alone, exported_checkpoint):
    from spert_hf.onnx import load_onnx

    text = " ".join(SENTENCES[0])
    done = run_alone("extract", "--backend", "onnx", "--model", exported_checkpoint, "--text", text)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"text": text, **load_onnx(exported_checkpoint)(text)}


@pytest.mark.e2e
@pytest.mark.parametrize(
    "command", [["train", "--dataset", "quickstart", "--output-dir", "x"], ["extract", "--text", "It rained."]]
)
def test_what_needs_torch_says_so(run_alone, tiny_checkpoint, command):
    done = run_alone(*command, *(["--model", tiny_checkpoint] if command[0] == "extract" else []))
    assert done.returncode == 1
    assert (
        "this needs torch, which spert-hf installs and spert-hf-onnx does not; without it, `spert-hf extract` and"
        in done.stderr
    )
