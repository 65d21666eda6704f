"""The lowest versions that the package declares are those it was run with."""

from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from spert_hf.model.versions import LOWEST_TRANSFORMERS

tomllib = pytest.importorskip("tomllib", reason="Python reads TOML from 3.11 on")
ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
NOT_RUN = {
    "openvino",
    "nncf",
    "peft",
    "gradio",
    "starlette",
    "uvicorn",
    "prometheus-client",
    "playwright",
    "axe-playwright-python",
}
NOT_RUN |= {"dkpro-cassis", "spacy", "onnx", "onnxruntime", "onnxscript", "ray"}
NOT_RUN |= {"duckdb", "ladybug", "pyoxigraph", "rdflib"}
NEWER_RUN = {"torch"}  # for lack of a build of the lowest


def declared():
    """Lowest version by name, of all that the package and its tests need; other tools are those of constraints.txt."""
    extras = PROJECT["optional-dependencies"]
    groups = [PROJECT["dependencies"], *(extras[name] for name in extras if name not in ("dev", "docs"))]
    requirements = [Requirement(line) for group in groups for line in group]
    return {
        canonicalize_name(given.name): Version(bound.version)
        for given in requirements
        for bound in given.specifier
        if bound.operator in (">=", "==")
    }


def run_together():
    lines = (ROOT / "constraints-lowest.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.split("==") for line in lines if line and not line.startswith("#"))
    return {canonicalize_name(name): Version(version) for name, version in pairs}


def test_what_is_declared_is_what_was_run():
    lowest, run = declared(), run_together()
    assert not NOT_RUN & set(run)
    compared = set(lowest) - NOT_RUN - NEWER_RUN
    assert {name: lowest[name] for name in compared} == {name: run.get(name) for name in compared}
    assert all(run[name] >= lowest[name] for name in NEWER_RUN)


def test_the_package_and_the_code_that_travels_ask_for_the_same_transformers():
    assert declared()["transformers"] == Version(LOWEST_TRANSFORMERS)
