"""Data sets, cards and the demo are found wherever the package lies: in a folder, unpacked or not."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from spert_hf.training.recipes import MEASURED

pytest.importorskip("hatchling", reason="builds the package")
ROOT = Path(__file__).parents[1]
SHOW = """
from spert_hf.resources import package_folder, shipped_folder
for name in ("dataset_scripts", "model_cards", "space"):
    folder = shipped_folder(name)
    print(name, *sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*")))
package = package_folder()
there = [path.relative_to(package).as_posix() for path in package.rglob("*")]
print(package.name, *(path for path in there if not path.endswith((".py", ".pyc"))))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("build")
    source = folder / "source"
    ignored = shutil.ignore_patterns("__pycache__", "results")
    for name in ("spert_hf", "dataset_scripts", "space", "model_cards"):
        shutil.copytree(ROOT / name, source / name, ignore=ignored)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(params=["unpacked", "zipped"])
def place(request, wheel, tmp_path):
    """What to put on Python's path."""
    if request.param == "zipped":
        return wheel
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    return tmp_path


@pytest.mark.e2e
def test_every_file_is_found_without_a_checkout(place, tmp_path):
    code = f"import sys; sys.path.insert(0, {str(place)!r})\n{SHOW}"
    shown = subprocess.run(
        [sys.executable, "-P" if sys.version_info >= (3, 11) else "-s", "-c", code],
        cwd=tmp_path,
        env={"PATH": ""},
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    found = {name: files for name, *files in map(str.split, shown.splitlines())}
    for name in ("dataset_scripts", "space"):
        there = {path.relative_to(ROOT / name).as_posix() for path in (ROOT / name).rglob("*.*")}
        assert found[name] == sorted(path for path in there if "__pycache__" not in path)
    assert {"README.md", "ade/README.md", *(one.file for one in MEASURED.values())} <= {*found["model_cards"]}
    assert not any(path.startswith("results") for path in found["model_cards"])
    templates = {"hub/templates/model_card.md.jinja", "evaluation/templates/report.html.jinja"}
    templates |= {"graph/templates/graph.html.jinja", "graph/page/main.js", "graph/page/network.css"}
    assert templates | {"evaluation/spert_metric/README.md", "evaluation/spert_metric/index.html"} <= {
        *found["spert_hf"]
    }


def test_no_file_is_looked_for_beside_the_code():
    """Where a package is imported from a zip file, there is nothing."""
    sources = {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in ROOT.glob("spert_hf/**/*.py")
    }
    assert [name for name, text in sources.items() if "__file__" in text] == []
