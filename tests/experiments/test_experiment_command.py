"""`spert-hf experiment`: its usage, and that it trains what is missing and renders."""

import pytest

from spert_hf.cli import experiment
from spert_hf.cli.main import main
from spert_hf.cli.parsers import experiment as parser
from spert_hf.experiments.runs import plan_runs
from spert_hf.experiments.tables import TABLES
from tests.experiments.small_table import make_result, make_table, put_results


def use_tables(monkeypatch, tables):
    for module in (experiment, parser):
        monkeypatch.setattr(module, "TABLES", tables)


@pytest.fixture
def table(tmp_path, monkeypatch):
    table = make_table(tmp_path / "data")
    use_tables(monkeypatch, {"small": table})
    return table


@pytest.fixture
def trained(monkeypatch):
    """Labels of the runs that were carried out; each leaves a result without being trained."""
    from spert_hf.experiments import running

    labels = []

    def carry_out(self, run, place, count):
        labels.append(run.label)
        running.write_result(run.result_file(self.workplace.results_dir), make_result(run, 50.0))

    monkeypatch.setattr(running.Runner, "_carry_out", carry_out)
    return labels


def call(tmp_path, *arguments):
    places = ["--results-dir", str(tmp_path / "results"), "--work-dir", str(tmp_path / "work")]
    return main(["experiment", *arguments, *places, "--encoder", "some/encoder"])


def test_it_trains_what_is_missing_seed_by_seed_and_renders(table, trained, tmp_path, capsys):
    put_results(table, tmp_path / "results", {"max": [50.0]})
    assert call(tmp_path, "small") == 0
    assert trained == ["small: mean, seed 1", "small: max, seed 2", "small: mean, seed 2"]
    assert "4 runs, 3 of them to do" in capsys.readouterr().err
    assert "| mean | 50.00 ± 0.00 |" in (tmp_path / "results" / "README.md").read_text()
    assert call(tmp_path, "small") == 0
    assert len(trained) == 3


def test_seeds_can_be_chosen(table, trained, tmp_path):
    assert call(tmp_path, "small", "--seeds", "2") == 0
    assert trained == ["small: max, seed 2", "small: mean, seed 2"]
    assert "| 1 of 2 |" in (tmp_path / "results" / "README.md").read_text()


def test_render_only_trains_nothing(table, trained, tmp_path):
    put_results(table, tmp_path / "results", {"max": [50.0]})
    assert call(tmp_path, "--render-only") == 0
    assert trained == []
    assert "| mean | – | – | 0 of 2 |" in (tmp_path / "results" / "README.md").read_text()


def test_without_matplotlib_the_page_is_written_and_it_is_said_what_to_install(table, tmp_path, monkeypatch, capsys):
    put_results(table, tmp_path / "results", {"max": [50.0]})
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    assert call(tmp_path, "--render-only") == 0
    assert "pip install spert-hf[experiments]" in capsys.readouterr().err
    assert "| max | 50.00 |" in (tmp_path / "results" / "README.md").read_text()


def test_failed_runs_are_named_and_the_rest_is_rendered(table, trained, tmp_path, monkeypatch, capsys):
    from spert_hf.experiments import running

    def fail(self, run, place, count):
        raise running.RunFailedError("ended with exit code 3")

    monkeypatch.setattr(running.Runner, "_carry_out", fail)
    put_results(table, tmp_path / "results", {"max": [50.0]})
    assert call(tmp_path, "small", "--seeds", "1") == 1
    assert "spert-hf experiment: small: mean, seed 1: ended with exit code 3" in capsys.readouterr().err
    assert (tmp_path / "results" / "README.md").is_file()


def test_data_that_cannot_be_read_is_told_once_and_nothing_is_trained(table, trained, tmp_path, capsys):
    assert call(tmp_path, "small", "--data-dir", str(tmp_path / "none")) == 1
    [count, *_, fault] = capsys.readouterr().err.splitlines()
    assert count == "4 runs, 4 of them to do"
    assert fault.startswith("spert-hf experiment: data_dir must be left out, as ")
    assert trained == []
    assert (tmp_path / "results" / "README.md").is_file()


def test_data_that_cannot_be_read_does_not_stop_other_tables(table, trained, tmp_path, monkeypatch, capsys):
    gone = make_table(tmp_path / "gone", name="gone")
    (tmp_path / "gone" / "train.json").write_text("[")
    use_tables(monkeypatch, {"gone": gone, "small": table})
    assert call(tmp_path, "gone", "small", "--seeds", "1") == 1
    assert trained == ["small: max, seed 1", "small: mean, seed 1"]
    assert "train.json" in capsys.readouterr().err.splitlines()[-1]


def test_ctrl_c_has_its_exit_code(table, tmp_path, monkeypatch):
    from spert_hf.experiments import running

    def interrupt(self, runs):
        raise KeyboardInterrupt

    monkeypatch.setattr(running.Runner, "carry_out", interrupt)
    assert call(tmp_path, "small") == 130


def test_a_result_of_other_settings_is_named_in_one_line(table, tmp_path, capsys):
    put_results(table, tmp_path / "results", {"max": [50.0]})
    file = plan_runs(table, table.rows[0], "some/encoder")[0].result_file(tmp_path / "results")
    file.write_text(file.read_text().replace('"learning_rate": 0.001', '"learning_rate": 0.5'))
    assert call(tmp_path, "small") == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"spert-hf experiment: {file}: learning_rate: 0.5 there")


def test_a_result_that_no_table_shows_is_named(table, tmp_path, capsys):
    put_results(make_table(tmp_path / "old", settings={"num_train_epochs": 7}), tmp_path / "results", {"max": [50.0]})
    assert call(tmp_path, "--render-only") == 0
    assert "no table has these settings any more" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing"], "'precision' or 'annotation', got 'nothing'"),
        ([], "without --render-only, got none"),
        (["conll04", "--seeds", "7"], "--seeds must be among 42 43 44 45 46 for conll04, got 7"),
        (["conll04", "--jobs", "0"], "--jobs: must be an integer of 1 or more, got '0'"),
    ],
)
def test_wrong_usage(arguments, message, capsys):
    with pytest.raises(SystemExit) as raised:
        main(["experiment", *arguments])
    assert raised.value.code == 2
    assert message in capsys.readouterr().err


def test_help_names_every_table(capsys):
    with pytest.raises(SystemExit) as raised:
        main(["experiment", "--help"])
    assert raised.value.code == 0
    shown = capsys.readouterr().out
    assert all(f"  {name} " in shown for name in TABLES)
