"""Commands leave the process that they run in as it was."""

import datasets
import huggingface_hub.utils as hub
import pytest
import torch
from transformers.utils import logging

from spert_hf.cli import main as command_line
from spert_hf.cli.global_state import restored_state
from spert_hf.cli.main import main


def state():
    return {
        "verbosity": logging.get_verbosity(),
        "bars": logging.is_progress_bar_enabled(),
        "bars of the Hub": not hub.are_progress_bars_disabled(),
        "bars of datasets": datasets.is_progress_bar_enabled(),
        "threads": torch.get_num_threads(),
    }


@pytest.fixture(params=[True, False], ids=["bars", "no bars"])
def chosen(request):
    """Settings that are no defaults and no command's."""
    with restored_state():
        logging.set_verbosity_info()
        torch.set_num_threads(2)
        (logging.enable_progress_bar if request.param else logging.disable_progress_bar)()
        (datasets.enable_progress_bars if request.param else datasets.disable_progress_bars)()
        hub.enable_progress_bars()
        yield state()


def test_a_command_that_is_done(chosen, tiny_checkpoint, tmp_path):
    (tmp_path / "texts.txt").write_text("It rained.")
    files = ["--input", str(tmp_path / "texts.txt"), "--output", str(tmp_path / "found.jsonl")]
    assert main(["extract", "--model", str(tiny_checkpoint), *files]) == 0
    assert state() == chosen
    assert main(["experiment", "--render-only", "--results-dir", str(tmp_path)]) == 0
    assert state() == chosen


@pytest.mark.parametrize(
    "arguments", [["train", "--dataset", "none.json"], ["publish", "model", "none", "ada/tiny"], ["check", "none.json"]]
)
def test_a_command_that_fails(chosen, arguments, capsys):
    assert main(arguments) == 1
    assert state() == chosen


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, RuntimeError])
def test_a_command_that_changes_everything_and_breaks(chosen, monkeypatch, error):
    def run(_):
        logging.set_verbosity_error()
        logging.disable_progress_bar()
        hub.disable_progress_bars()
        datasets.disable_progress_bars()
        torch.set_num_threads(1)
        raise error("broken")

    monkeypatch.setattr("spert_hf.cli.check.run", run)
    if error in (ValueError, KeyboardInterrupt):
        command_line.run_command("check", ["documents.jsonl"])
    else:
        with pytest.raises(error):
            command_line.run_command("check", ["documents.jsonl"])
    assert state() == chosen
