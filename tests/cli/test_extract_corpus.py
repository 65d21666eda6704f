"""`spert-hf extract` from files of all formats to a folder, or to one Parquet file."""

import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import datasets
import pyarrow.parquet as pq
import pytest

from spert_hf.cli import extract_corpus
from spert_hf.cli.main import main
from spert_hf.files.ownership import sole_owner
from spert_hf.scale import extraction
from spert_hf.scale.manifest import MANIFEST
from spert_hf.scale.stores import lock_of
from tests.scale.corpora import counted, names, rows_of, write_lines, write_parquet

ROOT = Path(__file__).parents[2]
SENTENCES = ["Marian Pell met Per Lund in Oslo.", "It rained.", "Anna Berg works for Northern Paper in Duluth."]


def texts(count, start=0):
    return [{"id": number, "text": SENTENCES[number % 3] * (1 + number % 4)} for number in range(start, start + count)]


@pytest.fixture
def corpus(tmp_path):
    folder = tmp_path / "in"
    write_lines(folder / "lines.jsonl", texts(40))
    write_lines(folder / "sub" / "packed.jsonl.gz", texts(10, 40))
    rows = texts(30, 50)
    columns = {name: [row[name] for row in rows] for name in ("id", "text")}
    write_parquet(folder / "sub" / "rows.parquet", columns, row_group_size=10)
    (folder / "table.csv").write_text("id,text\n" + "".join(f"{row['id']},{row['text']}\n" for row in texts(5, 80)))
    (folder / "list.json").write_text(json.dumps(texts(5, 85)))
    (folder / "README.md").write_text("About.")
    return folder


@pytest.fixture
def run(tiny_checkpoint, tmp_path, capsys):
    def run_extract(given, output, *more, code=0, model=tiny_checkpoint):
        given = [given] if isinstance(given, (str, Path)) else given
        names = ["--input", *map(str, given), "--output", str(output)]
        assert main(["extract", "--model", str(model), *names, *more]) == code
        return capsys.readouterr().err

    return run_extract


def test_a_folder_of_all_formats(run, corpus, tmp_path, tiny_pipeline):
    said = run(corpus, tmp_path / "found", "--shard-size", "10")
    assert "Note: 1 other file is in the input, hidden or of another format, and left out" in said
    assert "extracting: 90 texts in " in said and "10 of 10 shards" in said
    rows = rows_of(tmp_path / "found")
    assert sorted(int(row["id"]) for row in rows) == list(range(90))
    for row in rows[:3]:
        expected = tiny_pipeline(row["text"])
        assert [one["text"] for one in row["entities"]] == [one["text"] for one in expected["entities"]]
    assert len(list((tmp_path / "found" / "sub").glob("rows-*-of-00003.parquet"))) == 3
    assert any(row["relations"] for row in rows) or any(row["entities"] for row in rows)


def test_columns_are_those_of_the_first_file_that_has_records(run, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jsonl").write_text("")
    write_lines(tmp_path / "in" / "b.jsonl", texts(2))
    run(tmp_path / "in", tmp_path / "found")
    rows = pq.read_table(tmp_path / "found" / "b.parquet").to_pylist()
    assert [(row["id"], row["text"], row["other_fields"]) for row in rows] == [
        (i, SENTENCES[i] * (1 + i), None) for i in (0, 1)
    ]


def test_the_rows_are_those_of_the_command_for_one_file(run, corpus, tmp_path):
    run(corpus / "lines.jsonl", tmp_path / "one.jsonl")
    run(corpus / "lines.jsonl", tmp_path / "lines", "--format", "jsonl")
    run(corpus / "lines.jsonl", tmp_path / "found.parquet")
    one = (tmp_path / "one.jsonl").read_bytes()
    assert (tmp_path / "lines" / "lines.jsonl").read_bytes() == one
    rows = pq.read_table(tmp_path / "found.parquet").drop_columns(["error", "other_fields"]).to_pylist()
    assert rows == [json.loads(line) for line in one.splitlines()]


def test_only_what_is_missing_is_computed(run, corpus, tmp_path, monkeypatch):
    found = tmp_path / "found"
    run(corpus, found, "--shard-size", "20")
    whole = {name: (found / name).read_bytes() for name in names(found)}
    (found / "sub" / "packed.parquet").unlink()
    (found / "sub" / ".packed.parquet.01234567.tmp").write_text("what a run that was killed has left")
    extracted = []
    plain = extraction.extract_shard
    monkeypatch.setattr(
        "spert_hf.scale.engines.extract_shard", lambda *a, **k: extracted.append(a[1].name) or plain(*a, **k)
    )
    said = run(corpus, found, "--shard-size", "20", "--resume")
    assert extracted == ["sub/packed"]
    assert f"Note: 6 of 7 shards are in {found} already" in said
    assert {name: (found / name).read_bytes() for name in names(found)} == whole


def test_parts_meet_in_one_folder(run, corpus, tmp_path):
    run(corpus, tmp_path / "whole", "--shard-size", "10")
    for part in ("3/3", "1/3", "2/3"):
        run(corpus, tmp_path / "found", "--shard-size", "10", "--shard", part)
    assert names(tmp_path / "found") == names(tmp_path / "whole")
    assert rows_of(tmp_path / "found") == rows_of(tmp_path / "whole")


def test_another_model_or_setting_is_refused_and_nothing_is_overwritten(run, corpus, tiny_checkpoint, tmp_path):
    found = tmp_path / "found"
    run(corpus, found)
    before = {name: (found / name).read_bytes() for name in names(found)}
    other = shutil.copytree(tiny_checkpoint, tmp_path / "model")
    config = json.loads((other / "config.json").read_text())
    (other / "config.json").write_text(json.dumps(config | {"relation_threshold": 0.5}))
    said = run(corpus, found, "--overlap", "best", code=1, model=other)
    assert f'--output: {found} is of a run with another model, another overlap (none, now "best"), says its' in said
    write_lines(corpus / "more.jsonl", texts(1))
    assert f"other input files: 1 new ({corpus / 'more.jsonl'}), says" in run(corpus, found, code=1)
    assert {name: (found / name).read_bytes() for name in names(found)} == before


def test_a_shard_that_is_cut_off_costs_itself_only_and_is_named(run, corpus, tmp_path):
    packed = corpus / "sub" / "packed.jsonl.gz"
    whole = packed.read_bytes()
    packed.write_bytes(whole[:-20])
    said = run(corpus, tmp_path / "found", code=1)
    assert f"1 of 5 shards is missing from {tmp_path / 'found'}: sub/packed.parquet ({packed} is damaged or cut" in said
    assert sorted(int(row["id"]) for row in rows_of(tmp_path / "found")) == [*range(40), *range(50, 90)]


def test_a_shard_that_another_run_is_writing_is_left_to_it(run, corpus, tmp_path):
    pytest.importorskip("fcntl")
    lock = lock_of(str(tmp_path / "found" / "lines.parquet"))
    lock.parent.mkdir()
    with sole_owner(lock):
        said = run(corpus, tmp_path / "found", code=1)
        assert "1 of 5 shards is missing from " in said
        assert "lines.parquet (another run is writing it)" in said
    assert run(corpus, tmp_path / "found").count("missing") == 0


def test_bad_records_are_counted_and_too_many_of_them_end_the_run(run, tmp_path):
    write_lines(tmp_path / "in" / "a.jsonl", [*texts(5), {"body": "x"}, *texts(5)])
    write_lines(tmp_path / "in" / "b.jsonl", [{"body": "x"}, *texts(2)])
    said = run(tmp_path / "in", tmp_path / "found")
    assert (
        f"Note: 2 of 14 records have an error (field error), such as {tmp_path / 'in' / 'a.jsonl'}, record 6 " in said
    )
    assert [row["error"] is None for row in rows_of(tmp_path / "found")].count(False) == 2
    said = run(tmp_path / "in", tmp_path / "fewer", "--max-errors", "1", code=1)
    assert f"--max-errors: more records have errors than 1, such as {tmp_path / 'in' / 'b.jsonl'}, record 1 " in said
    assert f"1 of 2 shards is in {tmp_path / 'fewer'}; the same command goes on from there." in said
    assert names(tmp_path / "fewer") == [MANIFEST, "a.parquet"]
    assert run(tmp_path / "in", tmp_path / "fewer", "--max-errors", "5").count("missing") == 0


def test_an_interruption_keeps_the_finished_shards(run, corpus, tmp_path, monkeypatch):
    plain = extraction.extract_shard

    def interrupted(job, shard, *more, **others):
        if shard.name == "sub/rows":
            raise KeyboardInterrupt
        return plain(job, shard, *more, **others)

    with monkeypatch.context() as patch:
        patch.setattr("spert_hf.scale.engines.extract_shard", interrupted)
        said = run(corpus, tmp_path / "found", code=130)
    assert f"3 of 5 shards are in {tmp_path / 'found'}; the same command goes on from there." in said
    run(corpus, tmp_path / "found")
    assert sorted(int(row["id"]) for row in rows_of(tmp_path / "found")) == list(range(90))


def test_a_full_disk_ends_the_run_in_a_line(run, corpus, tmp_path, monkeypatch):
    def refuse(descriptor):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("spert_hf.scale.stores._flush_to_disk", refuse)
        said = run(corpus, tmp_path / "found", code=1)
    assert "No space left on device" in said and "Traceback" not in said
    assert names(tmp_path / "found") == [MANIFEST]
    run(corpus, tmp_path / "found")


@pytest.mark.parametrize(
    ("given", "output", "more", "message"),
    [
        ("in", "found.jsonl", (), "--output must be a folder for 5 input files, got "),
        ("in", "found.csv", (), "--output must be a folder, or a .parquet or .jsonl file, got "),
        ("in", "-", (), "--output must be a folder, or a .parquet or .jsonl file for one input file, got '-'"),
        ("in", "in", (), "--output must be a folder without input files, got "),
        ("in/sub", "in", (), "--output must be a folder without input files, got "),
        ("in", "in/found", (), "--output must be a folder outside of the input folder "),
        ("in", "found.jsonl.gz", (), "--output must be a folder, or a .parquet or .jsonl file, got "),
        ("in", "found.txt", (), "--output must be a folder, or a .parquet or .jsonl file, got "),
        ("in/lines.jsonl", "found.parquet", ("--format", "jsonl"), "--format must be left out with --output "),
        ("in/lines.jsonl", "found.parquet", ("--shard", "1/2"), "--output must be a folder with --shard and "),
        ("in/lines.jsonl", "none/found.parquet", (), "--output must be a file in a folder that exists, got "),
        ("in", "mine", (), "--output must be a new folder, an empty one, or one of an earlier run with its .manifest"),
        ("in", "found", ("--text-column", "body"), "rows.parquet: column 'body' must be strings or lists of strings"),
        ("in", "found", ("--id-column", "key"), "rows.parquet: column 'key' must be strings or integers, got nothing"),
        ("in/none*.jsonl", "found", (), "--input must be files of "),
        ("nowhere", "found", (), "--input must be a file, or a pattern, a folder, a data set of the Hub"),
        ("in/README.md", "found/", (), "README.md must be a file of "),
    ],
)
def test_what_cannot_be_is_said_at_once(run, corpus, tmp_path, given, output, more, message):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("mine")
    before = names(tmp_path)
    output = output if output == "-" else f"{tmp_path}/{output}"
    said = run(f"{tmp_path}/{given}", output, *more, code=1, model=tmp_path / "no-model")
    assert message in said
    assert said.splitlines()[-1].startswith("spert-hf extract: ")
    assert names(tmp_path) == before


def test_settings_that_the_model_does_not_have_are_said_at_once(run, corpus, tmp_path):
    said = run(corpus, tmp_path / "found", "--relation-type", "Nea", code=1)
    assert "relation_types must be one of 'Near', 'Live_In', 'Work_For' (did you mean 'Near'?), got 'Nea'" in said
    assert not (tmp_path / "found").exists()


@pytest.mark.parametrize(
    ("names_given", "message"),
    [
        (["--input", "-", "--text-column", "body"], "--input must be files with --text-column, got a standard stream"),
        (["--text", "One.", "--format", "jsonl"], "--input must be files with --format, got a text"),
        (["--input", "-", "a.txt"], "--input must be files, or a single -, got - and files"),
    ],
)
def test_streams_and_texts_are_no_corpora(tiny_checkpoint, capsys, names_given, message):
    assert main(["extract", "--model", str(tiny_checkpoint), *names_given]) == 1
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("part", ["0/2", "3/2", "2", "a/b", "1/0"])
def test_parts_that_there_cannot_be(tiny_checkpoint, capsys, part):
    with pytest.raises(SystemExit):
        main(["extract", "--model", str(tiny_checkpoint), "--input", "x", "--shard", part])
    assert "must be I/N with I from 1 to N, such as 1/8, got " in capsys.readouterr().err


def test_results_are_a_data_set(run, corpus, tmp_path):
    run(corpus, tmp_path / "found", "--shard-size", "10", "--relation-threshold", "0")
    found = datasets.load_dataset(
        "parquet", data_dir=str(tmp_path / "found"), split="train", cache_dir=str(tmp_path / "cache")
    )
    assert found.num_rows == 90
    assert found.features["relations"].feature.keys() == {"type", "score", "head", "tail"}


COMMAND = [sys.executable, "-m", "spert_hf.cli.main", "extract"]


@pytest.mark.e2e
def test_runs_that_are_killed_go_on_and_give_what_one_run_gives(run, tiny_checkpoint, tmp_path):
    """Each of two runs is killed once it has written another shard; the third ends."""
    for name in "abcdefgh":
        write_lines(tmp_path / "in" / f"{name}.jsonl", texts(40, 1000 * ord(name)))
    found = tmp_path / "found"
    command = [*COMMAND, f"--model={tiny_checkpoint}", f"--input={tmp_path / 'in'}", f"--output={found}"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}

    def shards():
        return set(found.glob("*.parquet"))

    def send_at_another_shard(number):
        """Send the run a signal once it has written another shard; begin anew where it was done with all before."""
        while True:
            before = shards()
            process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
            while shards() == before and process.poll() is None:
                time.sleep(0.01)
            process.send_signal(number)
            code = process.wait()
            if len(shards()) < 8:
                return code
            for path in shards() - before:
                path.unlink()

    assert send_at_another_shard(signal.SIGKILL) == -signal.SIGKILL
    assert send_at_another_shard(signal.SIGTERM) == 143
    assert len(shards()) >= 2
    run(tmp_path / "in", found)
    run(tmp_path / "in", tmp_path / "whole")
    assert names(found) == names(tmp_path / "whole")
    assert counted(rows_of(found)) == counted(rows_of(tmp_path / "whole"))
    assert len({row["id"] for row in rows_of(found)}) == 8 * 40


def test_paths_may_be_urls_of_files_here(run, corpus, tmp_path):
    run(f"file://{corpus}/lines.jsonl", f"file://{tmp_path}/found", "--format", "jsonl")
    assert names(tmp_path / "found") == [MANIFEST, "lines.jsonl"]


def test_compressed_files_alone(run, tmp_path):
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress("\n".join(SENTENCES).encode()))
    run(tmp_path / "a.txt.gz", tmp_path / "found.jsonl")
    assert [row["text"] for row in rows_of(tmp_path)] == SENTENCES


def test_several_inputs(run, corpus, tmp_path):
    run([corpus / "lines.jsonl", corpus / "sub", corpus / "*.csv"], tmp_path / "found", "--format", "jsonl")
    assert names(tmp_path / "found") == [MANIFEST, "lines.jsonl", "packed.jsonl", "rows.jsonl", "table.jsonl"]


def test_what_a_corpus_is_and_what_not(tmp_path, monkeypatch):
    from spert_hf.cli.parsers.extract import parse

    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text("x")
    (tmp_path / "folder").mkdir()

    def is_corpus(*names_given):
        return extract_corpus.is_corpus(parse(["--model", "m", *names_given]))

    assert not is_corpus("--input", "a.txt") and not is_corpus("a.txt", "--output", "new")
    assert not is_corpus("--input", "none.jsonl") and not is_corpus("--text", "One.", "--output", "folder")
    assert is_corpus("--input", "a.txt", "--output", "folder") and is_corpus("--input", "a.txt", "--output", "new/")
    assert is_corpus("--input", "folder") and is_corpus("folder") and is_corpus("--input", "a.txt", "a.txt")
    assert is_corpus("--input", "user/name") and is_corpus("--input", "s3://bucket/a.txt")
    assert is_corpus("--input", "a.txt", "--id-column", "id")
