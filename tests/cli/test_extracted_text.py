"""`spert-hf extract` of one text: what is taken for a text, and how it is shown."""

import json
import re
import sys

import pytest

from spert_hf.cli.main import main

TEXT = "Marian Pell works for Northern Paper Co. in Duluth, Minn."


@pytest.fixture
def run(tiny_checkpoint, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "400")

    def run_extract(*given, code=0, at_terminal=False):
        monkeypatch.setattr(sys.stdout, "isatty", lambda: at_terminal)
        assert main(["extract", "--model", str(tiny_checkpoint), *map(str, given)]) == code
        shown = capsys.readouterr()
        return re.sub(r"\x1b\[[\d;]*m", "", shown.err if code else shown.out)

    return run_extract


def test_a_text_gives_one_line_of_json_where_no_terminal_is(run, tiny_pipeline):
    expected = {"text": TEXT, **tiny_pipeline(TEXT)}
    assert json.loads(run(TEXT)) == json.loads(run("--text", TEXT)) == json.loads(run("--json", TEXT)) == expected


def test_at_a_terminal_it_is_readable(run, tiny_pipeline):
    found = tiny_pipeline(TEXT, overlap="best")
    sentence, *relations = run(TEXT, "--overlap", "best", at_terminal=True).splitlines()
    marked, shift = TEXT, 0
    for entity in found["entities"]:
        start, end = entity["start"] + shift, entity["end"] + shift
        marked = f"{marked[:start]}[{marked[start:end]}]{entity['type']}{marked[end:]}"
        shift += 2 + len(entity["type"])
    assert sentence.strip() == marked
    for line, relation in zip(relations, found["relations"][:20], strict=False):
        head, tail = (found["entities"][relation[end]]["text"] for end in ("head", "tail"))
        assert line.strip() == f"{head}  ─ {relation['type']} {relation['score']:.2f} →  {tail}"


def test_at_a_terminal_there_is_json_on_demand(run, tiny_pipeline):
    assert json.loads(run("--json", TEXT, at_terminal=True)) == {"text": TEXT, **tiny_pipeline(TEXT)}


def test_lines_are_kept_and_nothing_steers_the_terminal(run):
    shown = run("--text", "It rained.\n\n\x1b[2J Overnight\t[/bold] too.", at_terminal=True)
    assert "\x1b" not in shown and "\t" not in shown
    assert "␛" in shown
    words = re.sub(r"\](Loc|Org|Peop)|\[(?!2J|/bold)", "", shown.replace("[/bold]", "(bold)"))
    assert "rained.\n" in words


def test_a_file_goes_before_a_text(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my texts.txt").write_text("It rained.\nOvernight")
    assert [json.loads(line)["text"] for line in run("my texts.txt").splitlines()] == ["It rained.", "Overnight"]
    assert json.loads(run("--text", "my texts.txt"))["text"] == "my texts.txt"


def test_a_text_may_be_written_to_a_file(run, tmp_path, tiny_pipeline):
    assert run(TEXT, "--output", tmp_path / "found.jsonl") == ""
    assert json.loads((tmp_path / "found.jsonl").read_text()) == {"text": TEXT, **tiny_pipeline(TEXT)}


def test_a_long_text_is_no_name(run):
    assert json.loads(run("It rained. " * 1000))["text"] == "It rained. " * 1000


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            ["text.txt"],
            "'text.txt' is not a file; name a file, give a text of several words, or use --text 'text.txt'",
        ),
        ([""], "'' is not a file; name a file, give a text of several words"),
        ([TEXT, "--resume", "--output", "x.jsonl"], "--resume needs files for --input and --output, got a text"),
    ],
)
def test_what_is_neither(run, given, message):
    assert message in run(*given, code=1)


@pytest.mark.parametrize("given", [[], [TEXT, "--text", TEXT], [TEXT, "--input", "x.txt"]])
def test_one_of_three_forms(run, given, capsys):
    with pytest.raises(SystemExit) as left:
        run(*given)
    assert left.value.code == 2
    assert "give one of TEXT_OR_FILE, --text and --input" in capsys.readouterr().err
