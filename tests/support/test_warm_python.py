"""A forked process is like one that was begun anew, as far as tests look at it."""

import os

import pytest

from tests.support.warm_python import IMPORTED, ROOT, WarmPython


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    variables = {**os.environ, "KEPT": "1", "TAKEN": "1"}
    with WarmPython(variables, tmp_path_factory.mktemp("streams"), ["colorsys"]) as python:
        yield python


def test_code_runs_with_its_arguments_folder_and_variables(python, tmp_path):
    code = "import os, sys\nprint(*sys.argv, os.getcwd(), os.environ.get('KEPT'), os.environ.get('TAKEN'))\nexit(7)"
    done = python.run(["-c", code, "a", 1], tmp_path, {"TAKEN": None})
    assert (done.returncode, done.stdout, done.stderr) == (7, f"-c a 1 {tmp_path} 1 None\n", "")
    assert python.run(["-c", "raise KeyError('gone')"], tmp_path, {}).stderr.endswith("KeyError: 'gone'\n")


def test_modules_and_scripts_are_those_of_its_folder(python, tmp_path):
    (tmp_path / "one.py").write_text("import sys, two\nprint(__name__, two.NAME, sys.argv[1:])\n")
    for folder in (tmp_path / "a", tmp_path / "b"):
        folder.mkdir()
        (folder / "one.py").write_text("import sys, two\nprint(__name__, two.NAME, sys.argv[1:])\n")
        (folder / "two.py").write_text(f"NAME = {folder.name!r}\n")
        for arguments in (["-m", "one", "x"], ["one.py", "x"]):
            assert python.run(arguments, folder, {}).stdout == f"__main__ {folder.name} ['x']\n"


def test_only_what_was_named_is_imported_before(python):
    code = "import sys\nprint(*{name.partition('.')[0] for name in sys.modules} & {'colorsys', 'spert_hf', 'tests'})"
    assert python.run(["-c", code], ROOT, {}).stdout == "colorsys\n"


def test_nothing_of_the_package_is_imported_for_all():
    assert not [name for name in IMPORTED if name.startswith("spert_hf")]
