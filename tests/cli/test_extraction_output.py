"""What `spert-hf extract --output` leads to: files over links, streams as they are, and one run at a time."""

import csv
import json
import os
import stat
import threading

import pytest

from spert_hf.cli import extract
from spert_hf.cli.main import main
from spert_hf.data.found import TRIPLE_COLUMNS, triple_rows

pytestmark = pytest.mark.skipif(os.name != "posix", reason="modes, links and pipes as POSIX has them")
TEXTS = ["Marian Pell met Per Lund in Oslo.", "It rained."]


@pytest.fixture
def run(tiny_checkpoint, tmp_path_factory):
    given = tmp_path_factory.mktemp("given") / "texts.txt"
    given.write_text("\n".join(TEXTS))

    def run_extract(output, *more):
        return main(["extract", "--model", str(tiny_checkpoint), "--input", str(given), "--output", str(output), *more])

    return run_extract


def texts_of(content):
    return [json.loads(line)["text"] for line in content.splitlines()]


def test_the_reader_of_a_named_pipe_gets_all_lines(run, tmp_path):
    pipe = tmp_path / "found"
    os.mkfifo(pipe)
    read = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text(encoding="utf-8")))
    reader.start()
    assert run(pipe) == 0
    reader.join()
    assert texts_of(read[0]) == TEXTS
    assert [path.name for path in tmp_path.iterdir()] == ["found"] and stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_device_stays_one_and_cannot_be_resumed(run, capsys):
    assert run(os.devnull) == 0
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)  # noqa: PTH116
    assert run(os.devnull, "--resume") == 1
    assert "--output must be a regular file with --resume, got '/dev/null'" in capsys.readouterr().err


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no full device")  # noqa: PTH110
def test_a_full_device_is_named(run, capsys):
    assert run("/dev/full") == 1
    assert "spert-hf extract: [Errno 28] No space left on device: '/dev/full'\n" in capsys.readouterr().err


def test_links_are_followed_and_modes_kept(run, tmp_path):
    folder, link, dangling = tmp_path / "folder", tmp_path / "link", tmp_path / "dangling"
    folder.mkdir()
    (folder / "found.jsonl").write_text("old")
    (folder / "found.jsonl").chmod(0o640)
    link.symlink_to("folder/found.jsonl")
    dangling.symlink_to("folder/new.jsonl")
    assert run(link) == run(dangling) == 0
    assert link.is_symlink() and dangling.is_symlink()
    assert stat.S_IMODE((folder / "found.jsonl").stat().st_mode) == 0o640
    assert {path.name: texts_of(path.read_text()) for path in folder.iterdir()} == {
        "found.jsonl": TEXTS,
        "new.jsonl": TEXTS,
    }


def test_a_link_to_the_input_or_into_no_folder_is_refused(run, tiny_checkpoint, tmp_path, capsys):
    given = tmp_path / "texts.txt"
    given.write_text("One.")
    (tmp_path / "link").symlink_to(given)
    (tmp_path / "nowhere").symlink_to("no/such/folder")
    names = ["extract", "--model", str(tiny_checkpoint), "--input", str(given), "--output"]
    assert main([*names, str(tmp_path / "link")]) == 1
    assert "--output must be another file than the input, got " in capsys.readouterr().err
    assert main([*names, str(tmp_path / "nowhere")]) == 1
    assert "--output must be a file in a folder that exists, got " in capsys.readouterr().err


@pytest.mark.parametrize("name", ["x" * 255, "ü" * 120, "x" * 234])
def test_names_may_be_long(run, tmp_path, name):
    assert run(tmp_path / name) == 0
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert texts_of((tmp_path / name).read_text()) == TEXTS


def test_a_run_that_comes_while_another_ends_leaves_its_result_alone(run, tmp_path, monkeypatch, capsys):
    """The second one opens its files before the first has finished, and looks at them after that."""
    pytest.importorskip("fcntl")
    output = tmp_path / "found.jsonl"
    plain, seen = extract.extract, []

    def with_others_at_each_moment(pipe, records, **settings):
        yield from plain(pipe, records, **settings)
        if not seen:
            seen.append(run(output))

    monkeypatch.setattr(extract, "extract", with_others_at_each_moment)
    assert run(output) == 0
    assert seen == [1]
    assert "another run is writing " in capsys.readouterr().err
    assert texts_of(output.read_text()) == TEXTS
    assert [path.name for path in tmp_path.iterdir()] == ["found.jsonl"]


def test_a_csv_is_one_of_triples(tiny_checkpoint, run, tmp_path, capsys):
    assert run(tmp_path / "found.jsonl", "--relation-threshold", "0") == 0
    assert run(tmp_path / "found.csv", "--relation-threshold", "0") == 0
    with (tmp_path / "found.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    found = [json.loads(line) for line in (tmp_path / "found.jsonl").read_text().splitlines()]
    assert header == list(TRIPLE_COLUMNS)
    expected = [row for number, record in enumerate(found, start=1) for row in triple_rows(number, record)]
    assert rows == [list(map(str, row)) for row in expected]
    assert rows
    assert run(tmp_path / "found.csv", "--resume") == 1
    assert "--output must be a JSON Lines file with --resume, got " in capsys.readouterr().err


@pytest.mark.parametrize("name", ["found.json", "found.tsv", "found.TXT", "found.jsonl.gz", "found.arrow"])
def test_a_name_that_promises_another_format_is_refused(run, tmp_path, capsys, name):
    assert run(tmp_path / name) == 1
    assert (
        "--output must be a .jsonl or .ndjson file (JSON Lines), a .parquet file, or a .csv file (triples), got "
        in capsys.readouterr().err
    )


def test_fields_of_the_input_are_not_lost(tiny_checkpoint, tmp_path):
    given, output = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    given.write_text('{"text": "One.", "entities": ["own"], "size": 1e999}\n')
    assert main(["extract", "--model", str(tiny_checkpoint), "--input", str(given), "--output", str(output)]) == 0
    line = output.read_text()
    assert line.startswith('{"text": "One.", "given_entities": ["own"], "size": 1e999, "entities": [')
