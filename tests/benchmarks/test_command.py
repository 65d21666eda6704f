"""The command: its options, and a run from end to end on a tiny encoder."""

import json
import math

import pytest

from tests.benchmarks.command import SECTIONS, main
from tests.support.tiny_models import make_encoder_folder

OTHERS = ["training", "growth"]  # that on memory needs an encoder that takes whole documents


def test_help_names_every_section(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    shown = capsys.readouterr().out
    assert all(name in shown for name in SECTIONS)
    for option in ("--json", "--quick", "--encoder", "--data-dir", "--threads", "--repeats", "--reference-checkout"):
        assert option in shown


def test_a_folder_that_is_no_checkout_is_refused(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["--reference-checkout", str(tmp_path)])
    assert f"--reference-checkout must be a folder with spert/models.py, got {tmp_path}" in capsys.readouterr().err


TIERS = {"inference": pytest.mark.e2e} | dict.fromkeys(OTHERS, pytest.mark.nightly)


@pytest.mark.parametrize("name", [pytest.param(name, marks=mark) for name, mark in TIERS.items()])
def test_a_section_is_measured_and_reported(name, tmp_path, capsys):
    encoder = make_encoder_folder("bert", tmp_path / "encoder")
    output = tmp_path / "figures.json"
    options = ["--quick", "--only", name, "--encoder", str(encoder), "--threads", "1", "--repeats", "1"]
    main([*options, "--json", str(output)])
    page = capsys.readouterr().out
    assert f"{name.upper()}: " in page
    assert "targets met" in page
    (section,) = json.loads(output.read_text(encoding="utf-8"))["sections"]
    assert section["name"] == name
    assert all(math.isfinite(figure["median"]) for group in section["groups"] for figure in group["figures"])
