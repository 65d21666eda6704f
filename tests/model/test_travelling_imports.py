"""What travels with every checkpoint needs nothing but torch, transformers, what that requires, and Python."""

import ast
import sys
from pathlib import Path

import pytest

import spert_hf.model

FILES = sorted(Path(spert_hf.model.__file__).parent.glob("*.py"))
ALLOWED = {"torch", "transformers", "regex", *sys.stdlib_module_names}  # transformers requires regex


def imported(tree):
    """Top-level packages that a file imports, and its relative imports as (level, module)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.level, node.module) if node.level else node.module.partition(".")[0]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_only_what_is_there_wherever_a_model_is_loaded(file):
    for found in imported(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(found, tuple):
            assert found[0] == 1 and (file.parent / f"{found[1]}.py").is_file()
        else:
            assert found in ALLOWED
