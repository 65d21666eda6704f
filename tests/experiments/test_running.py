"""Runs: trained once, resumed when interrupted, kept without a path of this machine."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from threading import Timer

import pytest

from spert_hf.experiments import running
from spert_hf.experiments.analyses import ANALYSES
from spert_hf.experiments.rendering import stray_results
from spert_hf.experiments.running import RunFailedError, Runner, Workplace, missing_runs
from spert_hf.experiments.runs import plan_runs, read_result
from tests.experiments.small_table import make_table, put_results
from tests.support.tiny_models import make_encoder_folder

PATIENCE = 120
"""Seconds after which a process counts as hanging, however busy the machine is."""

COMMAND = """
import pickle, sys
from spert_hf.experiments.running import Runner
workplace, runs = pickle.load(open(sys.argv[1], "rb"))
Runner(workplace, print).carry_out(runs)
"""


@pytest.fixture
def table(tmp_path):
    return make_table(tmp_path / "data")


@pytest.fixture
def encoder(tmp_path):
    return str(make_encoder_folder("bert", tmp_path / "tiny-encoder"))


@pytest.fixture
def workplace(tmp_path):
    return Workplace(tmp_path / "results", tmp_path / "work")


def wait_for(reached):
    """Wait until something is so."""
    end = time.monotonic() + PATIENCE
    while not reached():
        assert time.monotonic() < end, "never came about"
        time.sleep(0.01)


@pytest.mark.e2e
def test_a_run_tells_how_far_it_is_and_leaves_its_result_and_nothing_else(
    table, encoder, workplace, tmp_path, monkeypatch
):
    monkeypatch.setattr(running, "SECONDS_BETWEEN_LINES", 0.5)
    said = []
    run = plan_runs(table, table.rows[1], encoder)[0]
    assert missing_runs([run, run], workplace.results_dir) == [run]
    Runner(workplace, said.append).carry_out([run])
    assert missing_runs([run], workplace.results_dir, ANALYSES) == []
    result = read_result(run.result_file(workplace.results_dir), run)
    assert (result["split"], result["scores"]["documents"], result["resumed_at_step"]) == ("dev", 4, 0)
    assert result["settings"]["span_pooling"] == "mean"
    assert result["settings"]["encoder"] == "tiny-encoder"
    assert set(result["analyses"]) == set(ANALYSES)
    assert {"torch", "transformers", "spert_hf"} <= set(result["versions"])
    text = run.result_file(workplace.results_dir).read_text()
    assert str(tmp_path) not in text
    assert tmp_path.anchor + tmp_path.parts[1] + "/" not in text
    assert [file for file in workplace.work_dir.rglob("*") if file.is_file()] == []
    first, *meanwhile, last = said
    assert "small: mean, seed 1: training in" in first
    assert meanwhile
    assert all(line.startswith("[1/1] small: mean, seed 1: ") for line in said)
    assert "done in" in last


def test_what_is_done_is_skipped(table, encoder, workplace):
    put_results(table, workplace.results_dir, {"max": [50.0]}, encoder)
    done, missing = plan_runs(table, table.rows[0], encoder)
    assert missing_runs([done, missing], workplace.results_dir) == [missing]
    assert missing_runs([done], workplace.results_dir, ["sentence_lengths"]) == []
    assert missing_runs([done], workplace.results_dir, ["an analysis that came later"]) == [done]


def test_changed_settings_are_refused(table, encoder, workplace):
    put_results(table, workplace.results_dir, {"max": [50.0]}, encoder)
    run = plan_runs(table, table.rows[0], encoder)[0]
    file = run.result_file(workplace.results_dir)
    result = json.loads(file.read_text())
    result["settings"]["num_train_epochs"] = 3
    file.write_text(json.dumps(result))
    with pytest.raises(ValueError, match=r"seed-1\.json: num_train_epochs: 3 there, but 2 in small: max, seed 1"):
        missing_runs([run], workplace.results_dir)


def test_what_another_command_has_done_meanwhile_is_not_done_again(table, encoder, workplace):
    run = plan_runs(table, table.rows[0], encoder)[0]
    put_results(table, workplace.results_dir, {"max": [50.0]}, encoder)
    said = []
    Runner(workplace, said.append).carry_out([run])
    assert said == ["[1/1] small: max, seed 1: done by another command"]


@pytest.mark.e2e
def test_teachers_are_trained_first_and_leave_their_results(table, encoder, tmp_path):
    """And their models, which other runs may need."""
    teacher = table.rows[0]
    taught = replace(teacher, label="taught", teachers=teacher, teacher_seeds=(7, 8))
    run = plan_runs(table, taught, encoder)[0]
    workplace = Workplace(tmp_path / "results", tmp_path / "work", jobs=2)
    said = []
    Runner(workplace, said.append).carry_out([run])
    assert [line.split(":")[0] for line in said[-1:]] == ["[3/3] small"]
    assert "taught, seed 1: done in" in said[-1]
    assert not missing_runs([run, *run.teachers], workplace.results_dir, ANALYSES)
    result = read_result(run.result_file(workplace.results_dir), run)
    assert result["settings"]["teachers"] == ",".join(teacher.key for teacher in run.teachers)
    assert str(tmp_path) not in json.dumps({**result, "settings": {**result["settings"], "dataset": ""}})
    assert sorted(workplace.work_dir.glob("*/seed-*")) == sorted(workplace.work_dir / one.key for one in run.teachers)
    assert stray_results(workplace.results_dir, {"small": replace(table, rows=(taught,))}) == []


@pytest.mark.nightly
def test_a_run_is_not_begun_without_its_teacher(table, encoder, workplace):
    teacher = replace(table.rows[0], settings={"learning_rate": 1e30})
    (run, _) = plan_runs(table, replace(table.rows[0], teachers=teacher, teacher_seeds=(7,)), encoder)
    with pytest.raises(RunFailedError, match="max, seed 1: not begun, as a teacher failed"):
        Runner(workplace, lambda line: None).carry_out([run])
    assert not (workplace.work_dir / run.key).exists()


@pytest.mark.nightly
def test_a_failed_run_does_not_stop_the_others(table, encoder, workplace):
    good = plan_runs(table, table.rows[0], encoder)[0]
    bad = plan_runs(table, table.rows[0], "no/encoder-of-this-name")[0]
    with pytest.raises(RunFailedError, match=r"max, seed 1: ended with exit code 1; .*train\.log ends") as raised:
        Runner(workplace, lambda line: None).carry_out([bad, good])
    assert str(raised.value).count("ended with") == 1
    assert missing_runs([bad, good], workplace.results_dir) == [bad]


@pytest.mark.nightly
def test_ctrl_c_saves_checkpoints_and_the_same_command_goes_on(table, encoder, tmp_path):
    """Two at a time; they end with the scores of runs that were never interrupted."""
    settings = {**table.settings, "num_train_epochs": 30}
    table = make_table(tmp_path / "long", settings=settings)
    runs = [plan_runs(table, row, encoder)[0] for row in table.rows]
    workplace = Workplace(tmp_path / "results", tmp_path / "work", jobs=2, save_steps=10)
    checkpoints = [lambda run=run: list((workplace.work_dir / run.key).glob("checkpoint-*")) for run in runs]

    def interrupt_in_time():
        wait_for(lambda: all(found() for found in checkpoints))
        os.kill(os.getpid(), signal.SIGINT)

    Timer(0, interrupt_in_time).start()
    with pytest.raises(KeyboardInterrupt):
        Runner(workplace, lambda line: None).carry_out(runs)
    assert len(missing_runs(runs, workplace.results_dir)) == 2
    assert all(found() for found in checkpoints)
    Runner(workplace, lambda line: None).carry_out(runs)
    whole = Workplace(tmp_path / "results of whole runs", tmp_path / "other work", jobs=2)
    Runner(whole, lambda line: None).carry_out(runs)
    for run in runs:
        resumed, uninterrupted = (read_result(run.result_file(one.results_dir)) for one in (workplace, whole))
        assert resumed["resumed_at_step"] > 0
        assert uninterrupted["resumed_at_step"] == 0
        assert resumed["scores"] == uninterrupted["scores"]
        assert resumed["analyses"] == uninterrupted["analyses"]


@pytest.mark.nightly
def test_a_run_whose_command_was_killed_is_waited_for_and_resumed(table, encoder, tmp_path):
    import pickle

    table = make_table(tmp_path / "long", settings={**table.settings, "num_train_epochs": 30})
    run = plan_runs(table, table.rows[0], encoder)[0]
    workplace = Workplace(tmp_path / "results", tmp_path / "work", save_steps=10)
    (tmp_path / "job").write_bytes(pickle.dumps((workplace, [run])))
    command = subprocess.Popen([sys.executable, "-c", COMMAND, str(tmp_path / "job")])
    wait_for(lambda: list((workplace.work_dir / run.key).glob("checkpoint-*")) or command.poll() is not None)
    command.kill()
    command.wait()
    workplace = replace(workplace, save_steps=1000)  # checkpoints take longer than these steps
    Runner(workplace, lambda line: None).carry_out([run])
    assert read_result(run.result_file(workplace.results_dir), run)["resumed_at_step"] > 0
