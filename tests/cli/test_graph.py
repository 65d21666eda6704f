"""`spert-hf graph`: what it says, writes and refuses, and what it does not import."""

import subprocess
import sys

import pyarrow.parquet as pq
import pytest

from spert_hf.cli.main import main
from tests.graph.found_records import found, names, triples, write_lines


@pytest.fixture
def lines(tmp_path):
    return write_lines(
        tmp_path / "found.jsonl",
        found("[Ada Byron|Peop] met [Byron|Peop] of [the Bath|Loc].", ("In", 0, 2), ("In", 0, 1), ("In", 1, 2, 0.1)),
        found("[Bath|Loc] [Ada Byron|Peop]", ("In", 1, 0)),
        {"text": "x", "error": "input 3: no"},
    )


def test_the_summary_adds_up(lines, tmp_path, capsys):
    output = tmp_path / "kg"
    assert main(["graph", str(lines), "--output", str(output), "--format", "neo4j", "--min-score", "0.2"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "2 records of 2 documents in 1 file, 1 more has an error and was skipped",
        "5 mentions → 2 entities",
        "  1 merged by article, from 1 form",
        "  1 merged by surname, from 1 form",
        "4 relations → 1 triple with 2 pieces of evidence",
        "  1 dropped: with a score below --min-score",
        "  1 dropped: from an entity to itself",
        f"Written to {output}: Parquet, neo4j",
    ]
    assert triples(output) == {("Ada Byron", "In", "Bath"): 2}
    assert (output / "neo4j" / "entities.csv").is_file()


@pytest.mark.parametrize(
    ("options", "entities"),
    [
        (["--no-merge", "surname"], 3),
        (["--no-merge", "all"], 4),
        (["--merge", "article"], 3),
        (["--merge", "all"], 2),
        (["--merge", "all", "--no-merge", "surname"], 3),
        (["--merge", "article,surname", "--no-merge", "article"], 3),
        (["--surname-types", "Org"], 3),
    ],
)
def test_rules_are_chosen(lines, tmp_path, options, entities):
    assert main(["graph", str(lines), "--output", str(tmp_path / "kg"), *options]) == 0
    assert len(names(tmp_path / "kg")) == entities


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--no-merge", "surnames"], "--no-merge must be all, 'unicode', "),
        (["--format", "neo"], "--format must be 'parquet', 'html', "),
        (["--aliases", "missing.csv"], "--aliases must be a file, got 'missing.csv'"),
        (
            ["--symmetric", "in"],
            "--symmetric must be among the types of relations that were found, 'In', got 'in'",
        ),
        (["--one-way", "Out"], "--one-way must be among the types of relations that were found, 'In', got 'Out'"),
        (["--memory-limit", "1"], "--memory-limit must be an amount of memory such as 500MB or 4GB, got '1'"),
    ],
)
def test_wrong_options_are_one_line(lines, tmp_path, capsys, options, message):
    assert main(["graph", str(lines), "--output", str(tmp_path / "kg"), *options]) == 1
    told = capsys.readouterr().err
    assert told.startswith("spert-hf graph: ") and message in told and told.count("\n") == 1
    assert not (tmp_path / "kg").exists()


def test_an_empty_list_of_rules_is_refused(lines, tmp_path, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["graph", str(lines), "--output", str(tmp_path / "kg"), "--merge", ""])
    told = capsys.readouterr().err
    assert stopped.value.code == 2 and told.count("\n") == 1
    assert "--merge: must be one or more names, with commas between them, got ''" in told


def test_aliases_without_a_mention_are_told(lines, tmp_path, capsys):
    table = tmp_path / "aliases.csv"
    table.write_text("alias,name,type\nbath,Bath Spa,\nByron,Lord Byron,Loc\nNowhere,Utopia,\n")
    assert main(["graph", str(lines), "--output", str(tmp_path / "kg"), "--aliases", str(table)]) == 0
    assert "  2 aliases without a mention: 'Byron', 'Nowhere'" in capsys.readouterr().out.splitlines()
    assert ("Loc", "Bath Spa") in names(tmp_path / "kg")


@pytest.mark.e2e
def test_no_model_is_imported(lines, tmp_path):
    code = "import sys; from spert_hf.cli.main import main; main(sys.argv[1:]); print('torch' in sys.modules)"
    command = [sys.executable, "-c", code, "graph", str(lines), "--output", str(tmp_path / "kg")]
    told = subprocess.run(command, check=True, capture_output=True, text=True)
    assert told.stdout.splitlines()[-1] == "False"


def test_no_output_below_the_input(lines, tmp_path, capsys):
    """The next run would take its tables for input."""
    assert main(["graph", str(lines.parent), "--output", str(lines.parent / "kg")]) == 1
    assert "--output must be a folder outside of the input folder" in capsys.readouterr().err
    assert not (lines.parent / "kg").exists()


def test_a_mean_is_not_above_the_best(tmp_path):
    """As rounding of sums has it."""
    text = found("[Bath|Loc] in [Wessex|Loc]", ("In", 0, 1, 0.999388575553894))
    for entity in text["entities"]:
        entity["score"] = 0.999388575553894
    path = write_lines(tmp_path / "found.jsonl", text)
    assert main(["graph", str(path), "--output", str(tmp_path / "kg")]) == 0
    for name in ("entities", "relations"):
        for row in pq.read_table(tmp_path / "kg" / f"{name}.parquet").to_pylist():
            assert row["mean_score"] <= row["best_score"]
