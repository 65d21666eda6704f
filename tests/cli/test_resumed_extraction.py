"""`spert-hf extract --resume`: an interrupted run goes on, and ends as if it had not been interrupted."""

import json
import shutil

import pytest

from spert_hf.cli import extract
from spert_hf.cli.main import main
from spert_hf.cli.resumable import unfinished_output, unfinished_path
from spert_hf.data.inputs import read_inputs
from spert_hf.model.extraction import BATCHES_READ_AHEAD

COUNT = 60
GROUP = BATCHES_READ_AHEAD  # texts that the pipeline reads at once with batches of one


def write_texts(folder):
    path = folder / "texts.jsonl"
    lines = [
        json.dumps({"text": "Marian Pell met Per Lund in Oslo. " * (number % 3), "id": number})
        for number in range(COUNT)
    ]
    path.write_text("\n".join(lines))
    return path


def run_extract(model, given, output, *more):
    names = ["--model", str(model), "--input", str(given), "--output", str(output), "--batch-size", "1"]
    return main(["extract", *names, *more])


@pytest.fixture
def given(tmp_path):
    return write_texts(tmp_path)


@pytest.fixture
def run(tiny_checkpoint, given):
    def run(output, *more, model=tiny_checkpoint):
        return run_extract(model, given, output, *more)

    return run


@pytest.fixture
def interrupted(run, tmp_path, monkeypatch):
    """An output whose run was interrupted while the given number of texts were read."""

    def interrupt(texts_read, *more):
        def read_some(path):
            for number, record in enumerate(read_inputs(path)):
                if number == texts_read:
                    raise KeyboardInterrupt
                yield record

        output = tmp_path / "found.jsonl"
        with monkeypatch.context() as patch:
            patch.setattr(extract, "read_inputs", read_some)
            assert run(output, *more) == 130
        assert not output.exists()
        return output

    return interrupt


@pytest.fixture(scope="module")
def whole(tiny_checkpoint, tmp_path_factory):
    """What a run writes that nothing interrupts."""
    folder = tmp_path_factory.mktemp("whole")
    assert run_extract(tiny_checkpoint, write_texts(folder), folder / "whole.jsonl") == 0
    return (folder / "whole.jsonl").read_bytes()


@pytest.mark.parametrize("texts_read", [0, 1, GROUP, GROUP + 1, 3 * GROUP + 5, COUNT - 1])
def test_the_result_is_that_of_a_run_that_nothing_interrupted(run, interrupted, whole, capsys, texts_read):
    output = interrupted(texts_read)
    assert "--resume continues from there" in capsys.readouterr().err
    assert unfinished_path(output).read_bytes().count(b"\n") == texts_read // GROUP * GROUP
    assert run(output, "--resume") == 0
    assert output.read_bytes() == whole
    assert not unfinished_path(output).exists()


@pytest.mark.parametrize("cut", [1, 300, 20_000])
def test_a_line_that_is_cut_off_is_written_anew(run, interrupted, whole, cut):
    output = interrupted(COUNT - 1)
    content = unfinished_path(output).read_bytes()
    assert len(content) > cut
    unfinished_path(output).write_bytes(content[:-cut])
    assert run(output, "--resume") == 0
    assert output.read_bytes() == whole


def test_only_what_is_missing_is_computed(run, interrupted, monkeypatch):
    output = interrupted(COUNT - 1)
    extracted = []

    def count(pipe, records, **settings):
        records = list(records)
        extracted.append(len(records))
        return iter([record | {"entities": [], "relations": []} for record in records])

    monkeypatch.setattr(extract, "extract", count)
    assert run(output, "--resume") == 0
    assert extracted == [COUNT - 3 * GROUP]


def test_another_input_is_refused_and_nothing_is_lost(run, interrupted, given, whole, capsys):
    output = interrupted(GROUP + 1)
    before = given.read_text()
    given.write_text(before + '\n{"text": "One more."}')
    assert run(output, "--resume") == 1
    assert "--resume: the interrupted run for" in (said := capsys.readouterr().err)
    assert "had another input; use the same" in said
    given.write_text(before)
    assert run(output, "--resume") == 0
    assert output.read_bytes() == whole


def test_other_settings_and_another_model_are_refused(run, interrupted, tiny_checkpoint, tmp_path, capsys):
    output = interrupted(GROUP + 1)
    other = shutil.copytree(tiny_checkpoint, tmp_path / "model")
    config = json.loads((other / "config.json").read_text())
    (other / "config.json").write_text(json.dumps(config | {"relation_threshold": 0.5}))
    assert run(output, "--resume", "--overlap", "best", model=other) == 1
    assert "had another model, another overlap" in capsys.readouterr().err


TYPES = ("--entity-type", "Peop", "--entity-type", "Loc")


@pytest.mark.parametrize(
    ("now", "named"),
    [
        ((*TYPES[:2], "--relation-threshold", "Live_In=0.2"), "another entity_types;"),
        ((), "another entity_types, another relation_threshold;"),
        ((*TYPES, "--relation-threshold", "Live_In=0.3"), "another relation_threshold;"),
        ((*TYPES, "--relation-threshold", "Live_In=0.2", "--entity-threshold", "0.1"), "another entity_threshold;"),
    ],
)
def test_what_is_wanted_is_part_of_a_run_and_named(run, interrupted, capsys, now, named):
    output = interrupted(GROUP + 1, *TYPES, "--relation-threshold", "Live_In=0.2")
    assert run(output, "--resume", *now) == 1
    assert f"had {named}" in capsys.readouterr().err


def test_the_order_of_types_is_no_other_setting(run, interrupted, tmp_path):
    wanted = ("--relation-threshold", "Live_In=0.2", "--relation-threshold", "Work_For=0.1")
    output = interrupted(GROUP + 1, *TYPES, *wanted)
    assert run(output, "--resume", *TYPES[2:], *TYPES[:2], *wanted[2:], *wanted[:2]) == 0
    assert run(tmp_path / "whole.jsonl", *TYPES, *wanted) == 0
    assert output.read_bytes() == (tmp_path / "whole.jsonl").read_bytes()


def test_other_weights_are_another_model(run, interrupted, tiny_checkpoint, tmp_path, capsys):
    from spert_hf import SpertModel

    output = interrupted(GROUP + 1)
    other = shutil.copytree(tiny_checkpoint, tmp_path / "model")
    model = SpertModel.from_pretrained(other)
    model.entity_classifier.bias.data[0] += 1e-3
    model.save_pretrained(other)
    assert run(output, "--resume", model=other) == 1
    assert "had another model;" in capsys.readouterr().err


def test_without_the_flag_a_run_begins_anew(run, interrupted, whole):
    output = interrupted(COUNT - 1)
    unfinished_path(output).write_text("what an older run left\n" * 99)
    assert run(output) == 0
    assert output.read_bytes() == whole


def test_with_nothing_to_go_on_with_a_run_begins_anew(run, tmp_path, whole):
    output = tmp_path / "found.jsonl"
    assert run(output, "--resume") == 0
    assert output.read_bytes() == whole
    unfinished_path(output).write_bytes(whole)  # without the note of which run wrote it
    assert run(output, "--resume") == 0
    assert output.read_bytes() == whole


def test_two_runs_do_not_write_to_one_output(run, tmp_path, capsys):
    pytest.importorskip("fcntl")
    output = tmp_path / "found.jsonl"
    with unfinished_output(output, {}, False):
        assert run(output) == 1
        assert "another run is writing " in capsys.readouterr().err
    assert output.read_bytes() == b""
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_nothing_is_said_to_be_kept_where_nothing_could_be_written(run, tmp_path, capsys, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError("read-only")

    monkeypatch.setattr("pathlib.Path.open", refuse)
    assert run(tmp_path / "found.jsonl") == 1
    said = capsys.readouterr().err
    assert "read-only" in said and "kept" not in said


def test_standard_streams_cannot_be_resumed(tiny_checkpoint, capsys):
    assert main(["extract", "--model", str(tiny_checkpoint), "--input", "-", "--resume"]) == 1
    assert "--resume needs files for --input and --output, got a standard stream" in capsys.readouterr().err
