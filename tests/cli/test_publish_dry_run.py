"""`publish --dry-run`: all is made and checked and listed, and nothing is sent, whatever is to be published."""

import re
import shutil
from pathlib import Path

import pytest
from huggingface_hub import HfApi

from spert_hf.cli.main import main
from spert_hf.hub.publishing import space


@pytest.fixture(autouse=True)
def _nothing_is_sent(monkeypatch):
    """The Hub is not even asked."""
    for name in ("create_repo", "repo_info", "upload_folder", "create_branch", "hf_hub_download"):
        monkeypatch.setattr(HfApi, name, lambda *_, **__: pytest.fail("the Hub was asked"))
    monkeypatch.setenv("HF_TOKEN", "")


def listed(capsys, url):
    """The listed files, with their sizes as shown."""
    shown = capsys.readouterr()
    assert shown.out == f"Nothing was sent; would be published at {url}\n"
    return {name: size for size, name in re.findall(r"^ +(\S+ k?M?B) +(\S+)$", shown.err, re.MULTILINE)}


def test_a_model(tiny_checkpoint, capsys):
    assert main(["publish", "model", str(tiny_checkpoint), "ada/tiny", "--dry-run"]) == 0
    files = listed(capsys, "https://huggingface.co/ada/tiny")
    assert {"README.md", "config.json", "model.safetensors", "tokenizer.json", "modeling_spert.py"} <= set(files)
    size = (Path(tiny_checkpoint) / "model.safetensors").stat().st_size
    assert files["model.safetensors"] == f"{size / 1000:.1f} kB"


def test_a_model_that_does_not_load_is_refused(tiny_checkpoint, tmp_path, capsys):
    broken = shutil.copytree(tiny_checkpoint, tmp_path / "broken")
    (broken / "model.safetensors").write_bytes(b"cut off")
    assert main(["publish", "model", str(broken), "ada/tiny", "--dry-run"]) == 1
    assert "does not load, so it is not published" in capsys.readouterr().err
    assert main(["publish", "model", str(tiny_checkpoint), "a/b/c", "--dry-run"]) == 1
    assert "a/b/c" in capsys.readouterr().err


def test_a_data_set(capsys):
    assert main(["publish", "dataset", "quickstart", "ada/quick", "--dry-run"]) == 0
    files = listed(capsys, "https://huggingface.co/datasets/ada/quick")
    assert {"README.md", "quick.py"} <= set(files)
    assert any(name.endswith(".parquet") for name in files)


def test_the_metric(capsys):
    assert main(["publish", "metric", "ada/measure", "--dry-run"]) == 0
    assert "measure.py" in listed(capsys, "https://huggingface.co/spaces/ada/measure")


def test_the_demo(capsys, monkeypatch):
    monkeypatch.setattr(space, "check_model", lambda *_: None)
    monkeypatch.setattr(space, "stage_space", lambda folder, staged, *_: shutil.copytree(folder, staged))
    assert main(["publish", "space", "ada/demo", "--model", "ada/tiny", "--dry-run"]) == 0
    assert "app.py" in listed(capsys, "https://huggingface.co/spaces/ada/demo")
