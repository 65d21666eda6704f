"""What travels with every checkpoint needs nothing but torch, transformers, what that requires, and Python."""

import ast
import sys
from pathlib import Path

import pytest
from transformers.dynamic_module_utils import get_relative_imports

import spert_hf.model

FOLDER = Path(spert_hf.model.__file__).parent
FILES = sorted(FOLDER.glob("*.py"))
LOADED_BY_NAME = ("configuration_spert", "modeling_spert", "pipeline_spert")
ALLOWED = {"torch", "transformers", "regex", *sys.stdlib_module_names}  # transformers requires regex


def imported(tree):
    """Top-level packages that a file imports, and its relative imports as (level, module)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.level, node.module) if node.level else node.module.partition(".")[0]


def named_in(name):
    """Files that transformers takes a file to need, by name."""
    return set(get_relative_imports(FOLDER / f"{name}.py"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_only_what_is_there_wherever_a_model_is_loaded(file):
    for found in imported(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(found, tuple):
            assert found[0] == 1 and (file.parent / f"{found[1]}.py").is_file()
        else:
            assert found in ALLOWED


@pytest.mark.parametrize("name", LOADED_BY_NAME)
def test_what_is_loaded_by_name_names_all_that_it_needs(name):
    """From a folder, transformers before 5.16 copies what such a file names, and nothing that those name in turn."""
    needed, waiting = set(), [name]
    while waiting:
        new = named_in(waiting.pop()) - needed
        needed |= new
        waiting += new
    assert needed - {name} <= named_in(name)


def test_the_version_is_checked_before_anything_else_is_asked_for():
    """Of configuration_spert.py, which is the first file that is loaded."""
    tree = ast.parse((FOLDER / "configuration_spert.py").read_text(encoding="utf-8"))
    first = next(node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom))
    assert (first.level, first.module) == (1, "versions_spert")
