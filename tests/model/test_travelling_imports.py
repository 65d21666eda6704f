"""What transformers takes along with a checkpoint, by the imports that it reads in the text of files."""

import ast
from pathlib import Path

import pytest
from transformers.dynamic_module_utils import get_relative_imports

import spert_hf.model

FOLDER = Path(spert_hf.model.__file__).parent
LOADED_BY_NAME = ("configuration_spert", "modeling_spert", "pipeline_spert")


def named_in(name):
    """Files that transformers takes a file to need, by name."""
    return set(get_relative_imports(FOLDER / f"{name}.py"))


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
    assert (first.level, first.module) == (1, "versions")
