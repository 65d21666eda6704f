"""`spert-hf suggest`, as a user meets it."""

import json
import random

import pytest

from spert_hf.annotation.strategies import STRATEGIES
from spert_hf.cli.main import main
from tests.support.tiny_models import SENTENCES

WORDS = sorted({word for words in SENTENCES for word in words})


@pytest.fixture
def pool(tmp_path):
    draw = random.Random(7)
    file = tmp_path / "pool.jsonl"
    records = [{"id": f"t{number}", "text": " ".join(draw.choices(WORDS, k=12)), "page": 3} for number in range(20)]
    file.write_text("\n".join(map(json.dumps, records)))
    return file


def run(checkpoint, pool, output, *more):
    places = ["--model", str(checkpoint), "--input", str(pool), "--output", str(output), "--format", "json-lines"]
    return main(["suggest", *places, *map(str, more)])


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_texts_are_written_with_what_the_model_finds_in_them(tiny_checkpoint, pool, tmp_path, strategy, capsys):
    output = tmp_path / "next.jsonl"
    assert run(tiny_checkpoint, pool, output, "--budget", 4, "--strategy", strategy) == 0
    given = {record["id"]: record["text"] for record in map(json.loads, pool.read_text().splitlines())}
    written = [json.loads(line) for line in output.read_text().splitlines()]
    assert len(written) == len({record["id"] for record in written}) == 4
    assert all(given[record["id"]] == record["text"] for record in written)
    assert any(record["entities"] for record in written)
    assert "Written to" in capsys.readouterr().out


def test_fewer_texts_than_are_wanted_are_told(tiny_checkpoint, pool, tmp_path, capsys):
    assert run(tiny_checkpoint, pool, tmp_path / "next.jsonl", "--budget", 30) == 0
    assert f"Note: 20 texts: {pool} has no more, or its best ones are near-duplicates" in capsys.readouterr().err


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_texts_that_are_annotated_are_not_chosen_again(tiny_checkpoint, pool, tmp_path, strategy):
    first, second, third = (tmp_path / f"{name}.jsonl" for name in ("first", "second", "third"))
    chosen = ("--strategy", strategy, "--budget", 8)
    assert run(tiny_checkpoint, pool, first, *chosen) == 0
    assert run(tiny_checkpoint, pool, second, *chosen, "--annotated", first) == 0
    assert run(tiny_checkpoint, pool, third, *chosen, "--annotated", first, second) == 0
    ids = [json.loads(line)["id"] for file in (first, second, third) for line in file.read_text().splitlines()]
    assert len(ids) == len(set(ids)) == 20


def test_a_pool_that_is_all_annotated_is_told(tiny_checkpoint, pool, tmp_path, capsys):
    assert run(tiny_checkpoint, pool, tmp_path / "all.jsonl", "--budget", 20, "--strategy", "random") == 0
    assert run(tiny_checkpoint, pool, tmp_path / "next.jsonl", "--annotated", tmp_path / "all.jsonl") == 1
    assert f"--input must be a file with texts that --annotated does not have, got {pool}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "more", "message"),
    [
        ("", (), "--input must be a file with texts, got"),
        ('{"text": 3}', (), "record 1 (line 1): text"),
        ('{"text": "It rained ."}', ("--relation-threshold", "Marry=0.5"), "Marry"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_written(tiny_checkpoint, tmp_path, content, more, message, capsys):
    pool, output = tmp_path / "pool.jsonl", tmp_path / "next.jsonl"
    pool.write_text(content)
    assert run(tiny_checkpoint, pool, output, *more) == 1
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error
    assert not output.exists()


def test_what_to_install_is_said_before_the_model_is_loaded(pool, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(__import__("sys").modules, "sklearn.cluster", None)
    assert run("some/model", pool, tmp_path / "next.jsonl") == 1
    assert capsys.readouterr().err == (
        "spert-hf suggest: strategy 'both' needs the package scikit-learn: pip install scikit-learn (or "
        "'spert-hf[annotation]')\n"
    )


def test_the_pool_is_not_written_over(tiny_checkpoint, pool, capsys):
    assert run(tiny_checkpoint, pool, pool) == 1
    assert "--output must be another file than the input" in capsys.readouterr().err
