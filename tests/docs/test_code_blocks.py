"""Code of the documentation: Python runs, with tiny models for real ones; commands are read by their parsers."""

import shutil
from importlib import import_module
from pathlib import Path

import pytest

from spert_hf.cli.main import COMMANDS
from spert_hf.graph.formats import FORMATS, WriterOptions, writer_of
from tests.graph.graph_tables import small_graph
from tests.support.annotation_files import FILES
from tests.support.documented_commands import CommandError, check_command, known_options, split_commands
from tests.support.markdown_pages import (
    DOCS,
    all_pages,
    blocks_of,
    documentation_pages,
    inline_code_of,
    name_of,
)

CHECKPOINTS = ("checkpoints/quickstart", "USER/NAME")
ENCODERS = ("FacebookAI/roberta-base",)
OUTPUT_LANGUAGES = {"bibtex", "json", "text", "xml"}
READ_BY_THEIR_OWN_TESTS = {"dockerfile"}
EXPORT = FILES / "label_studio" / "export.json"
PAGES_WITH_PYTHON = [page for page in documentation_pages() if any(b.language == "python" for b in blocks_of(page))]
PROGRAMS = ("spert-hf ", "accelerate ", "python -m ", "python space", "pytest ", "pip install ", "mkdocs ")
OPTIONS_OF_OTHERS = {
    *("--cpu", "--dist", "--fix", "--hypothesis-profile", "--num_processes", "--strict", "--target"),
    *("--force-reinstall", "--label", "--no-deps", "--option", "--span-label", "--wrap"),
}


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, marks=pytest.mark.e2e) if page.name == "onnx.md" else page  # an export takes seconds
        for page in PAGES_WITH_PYTHON
    ],
    ids=name_of,
)
def test_python_runs(page, request, tmp_path, monkeypatch):
    blocks = [block for block in blocks_of(page) if block.language == "python"]
    if any("from peft" in block.text for block in blocks):
        pytest.importorskip("peft", reason="needs the extra peft")
    if any("spacy" in block.text for block in blocks):
        pytest.importorskip("spacy", reason="needs the extra spacy")
        import_module("spert_hf.integrations.spacy_component")  # a checkout installed before has no entry point
    if any("openvino" in block.text for block in blocks):
        pytest.importorskip("nncf", reason="needs the extra openvino")
        checkpoint = request.getfixturevalue("quantized_checkpoint")
    elif any("spert_hf.onnx" in block.text for block in blocks):
        checkpoint = request.getfixturevalue("exported_checkpoint")
    else:
        checkpoint = request.getfixturevalue("tiny_checkpoint")
    encoder = checkpoint.parent / "encoder"
    monkeypatch.chdir(tmp_path)
    shutil.copy(EXPORT, tmp_path / "export.json")
    if any('"kg/graph.' in block.text for block in blocks):
        write_example_graph(tmp_path / "kg")
    namespace = {"__name__": "__main__"}
    for block in blocks:
        code = with_other_models(block.text, checkpoint, encoder)
        lines_before = "\n" * (block.line - 1)  # tracebacks name the page's lines
        exec(compile(lines_before + code, page, "exec"), namespace)


def write_example_graph(folder):
    """The small graph of the tests, in the formats that the pages open."""
    small_graph(folder)
    for name in ("graphml", "turtle", "ladybug"):
        pytest.importorskip(FORMATS[name].extra_module or "pyarrow", reason="needs the extra graph")
        options = WriterOptions(name, base_iri="https://example.org/kg/", threads=1)
        writer_of(name)(folder, folder / FORMATS[name].target, options)


def with_other_models(code: str, checkpoint: Path, encoder: Path) -> str:
    """Code with tiny models in place of those that the pages name."""
    for name, folder in {**dict.fromkeys(CHECKPOINTS, checkpoint), **dict.fromkeys(ENCODERS, encoder)}.items():
        code = code.replace(f'"{name}"', repr(str(folder)))
    return code


@pytest.mark.parametrize("page", documentation_pages(), ids=name_of)
def test_every_block_is_run_read_or_output(page):
    assert {block.language for block in blocks_of(page)} <= {
        "bash",
        "python",
        *OUTPUT_LANGUAGES,
        *READ_BY_THEIR_OWN_TESTS,
    }


@pytest.mark.parametrize("page", all_pages(), ids=name_of)
def test_commands_are_taken_by_their_programs(page):
    for block in blocks_of(page):
        if block.language == "bash":
            for command in split_commands(block.text):
                check_command(command)


@pytest.mark.parametrize("page", documentation_pages(), ids=name_of)
def test_commands_within_lines_are_taken_by_their_programs(page):
    for code in inline_code_of(page):
        if not code.startswith(PROGRAMS) or "…" in code or "COMMAND" in code:
            continue
        for command in split_commands(code):
            if len(command) > 2 or command[0] != "spert-hf":
                check_command(command)
            else:  # the command's name alone
                assert command[1] in COMMANDS


def test_options_within_lines_are_some_command_s():
    named = {
        word.partition("=")[0]
        for page in documentation_pages()
        for code in inline_code_of(page)
        for word in code.split()
        if word.startswith("--")
    }
    assert named - known_options() <= OPTIONS_OF_OTHERS


@pytest.mark.parametrize(
    "script",
    [
        "spert-hf extract --modle DIR",
        "spert-hf improve --model DIR",
        'pip install -e ".[quickstarts]"',
        "accelerate launch train.py --datasets my/",
        "time accelerate launch tain.py",
        "spert-hf check my/train.json && pytest tests/none",
        "python -m tests.benchmark",
        "unknown --help",
    ],
)
def test_a_command_that_would_be_refused_is_found(script):
    with pytest.raises(CommandError):
        for command in split_commands(script):
            check_command(command)


def test_the_command_table_names_every_command():
    named = {code.split()[1] for code in inline_code_of(DOCS.parent / "README.md") if code.startswith("spert-hf ")}
    assert named - {"COMMAND"} == set(COMMANDS)
