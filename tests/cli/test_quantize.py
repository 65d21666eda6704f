"""`spert-hf quantize`, and `--backend openvino` of the commands that use a model."""

import json
import shutil
import sys

import pytest
from safetensors.torch import load_file

from spert_hf.cli.main import main
from spert_hf.hub.staging import stage_checkpoint
from spert_hf.openvino.quantization import QUANTIZED_FILES, WEIGHTS_FILE
from tests.support.documents import make_dataset_folder


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return make_dataset_folder(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def quantized(tiny_checkpoint, dataset, tmp_path_factory):
    """A checkpoint that the command has written into a new folder."""
    checkpoint = shutil.copytree(tiny_checkpoint, tmp_path_factory.mktemp("model") / "tiny")
    (checkpoint / "training_run.json").write_text("{}")
    output = tmp_path_factory.mktemp("quantized") / "int8"
    assert quantize(checkpoint, dataset, output) == 0
    return output


def quantize(checkpoint, dataset, output, *more):
    given = ["--model", str(checkpoint), "--dataset", str(dataset), "--output", str(output), *more]
    return main(["quantize", *given])


def extract(checkpoint, tmp_path, *more):
    given, output = tmp_path / "given.txt", tmp_path / "found.jsonl"
    given.write_text("Marian Pell works for Northern Paper Co. in Duluth.\n\nIt rained.\n")
    assert main(["extract", "--model", str(checkpoint), "--input", str(given), "--output", str(output), *more]) == 0
    return [json.loads(line) for line in output.read_text().splitlines()]


def test_a_whole_checkpoint_is_written(tiny_checkpoint, quantized, tmp_path):
    names = {path.name for path in quantized.iterdir()}
    assert {*QUANTIZED_FILES, "config.json", "tokenizer.json", "training_run.json"} <= names
    weights, expected = (load_file(folder / "model.safetensors") for folder in (quantized, tiny_checkpoint))
    assert all(weights[name].equal(expected[name]) for name in expected)
    assert extract(quantized, tmp_path) == extract(tiny_checkpoint, tmp_path)


def test_the_models_own_folder_gets_nothing_but_the_quantized_encoder(tiny_checkpoint, dataset, quantized, tmp_path):
    folder = shutil.copytree(tiny_checkpoint, tmp_path / "own")
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert quantize(folder, dataset, folder) == 0
    assert {path.name for path in folder.iterdir()} == before.keys() | set(QUANTIZED_FILES)
    assert all((folder / name).stat().st_mtime_ns == time for name, time in before.items())
    assert (folder / WEIGHTS_FILE).read_bytes() == (quantized / WEIGHTS_FILE).read_bytes()


def test_another_model_is_not_replaced_unasked(tiny_checkpoint, dataset, quantized, capsys, monkeypatch):
    monkeypatch.setattr("spert_hf.cli.quantize.load_stored", lambda options: pytest.fail("the model was loaded"))
    assert quantize(tiny_checkpoint, dataset, quantized) == 1
    assert f"--output: {quantized} holds a model; name another folder" in capsys.readouterr().err


def test_commands_use_it(quantized, dataset, tmp_path, capsys):
    by_torch = extract(quantized, tmp_path)
    by_openvino = extract(quantized, tmp_path, "--backend", "openvino")
    assert [line["entities"] for line in by_openvino] == [
        [{**entity, "score": pytest.approx(entity["score"], abs=1e-5)} for entity in line["entities"]]
        for line in by_torch
    ]
    in_int8 = extract(quantized, tmp_path, "--backend", "openvino", "--dtype", "int8")
    assert in_int8 not in (by_torch, by_openvino)
    given = ["--model", str(quantized), "--dataset", str(dataset), "--json"]
    assert main(["evaluate", *given, "--backend", "openvino", "--dtype", "int8"]) == 0
    assert json.loads(capsys.readouterr().out)["ner"]


def test_another_backend_does_not_go_on_with_an_extraction(quantized, tmp_path, capsys, monkeypatch):
    from spert_hf.cli import extract as command

    given, output = tmp_path / "given.txt", tmp_path / "found.jsonl"
    given.write_text("It rained.\n" * 600)
    run = ["extract", "--model", str(quantized), "--input", str(given), "--output", str(output), "--batch-size", "2"]

    def interrupt(line, after=[0]):  # noqa: B006
        after[0] += 1
        if after[0] > 100:
            raise KeyboardInterrupt
        return json.dumps(line)

    with monkeypatch.context() as patch:
        patch.setattr(command, "to_json_line", interrupt)
        assert main(run) == 130
    assert main([*run, "--resume", "--backend", "openvino"]) == 1
    assert "backend" in capsys.readouterr().err
    assert main([*run, "--resume"]) == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--dtype", "int8"], "--backend must be openvino, or onnx to extract, for --dtype int8, got torch"),
        (["--backend", "openvino", "--dtype", "float16"], "--dtype must be float32, bfloat16 or int8 with --"),
        (["--backend", "openvino", "--device", "meta"], "--device must be cpu with --backend openvino, got "),
        (
            ["--backend", "openvino", "--dtype", "int8"],
            "precision int8 needs a checkpoint that `spert-hf quantize` has written",
        ),
    ],
)
def test_options_that_do_not_go_together(tiny_checkpoint, dataset, options, message, capsys):
    assert main(["evaluate", "--model", str(tiny_checkpoint), "--dataset", str(dataset), *options]) == 1
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("command", ["quantize", "evaluate"])
def test_what_is_not_installed_is_said_before_anything_is_loaded(command, tmp_path, monkeypatch, capsys):
    for name in ("openvino", "nncf"):
        monkeypatch.setitem(sys.modules, name, None)
    options = {"quantize": ["--output", str(tmp_path / "new")], "evaluate": ["--backend", "openvino"]}[command]
    assert main([command, "--model", str(tmp_path), "--dataset", str(tmp_path), *options]) == 1
    assert 'is not installed: pip install "spert-hf[openvino]"' in capsys.readouterr().err


def test_the_output_is_a_folder(tiny_checkpoint, dataset, tmp_path, capsys):
    output = tmp_path / "file"
    output.write_text("")
    assert quantize(tiny_checkpoint, dataset, output) == 1
    assert f"--output must be a folder, got the file {output}" in capsys.readouterr().err


def test_it_is_published_with_its_checkpoint_if_sound(quantized, tmp_path):
    folder = shutil.copytree(quantized, tmp_path / "sound")
    (folder / "training_run.json").unlink()
    stage_checkpoint(folder, tmp_path / "staged")
    for name in QUANTIZED_FILES:
        assert (tmp_path / "staged" / name).read_bytes() == (folder / name).read_bytes()
    (folder / WEIGHTS_FILE).write_bytes(b"other")
    with pytest.raises(Exception, match=f"{WEIGHTS_FILE} is not what was written"):
        stage_checkpoint(folder, tmp_path / "again")
    (folder / WEIGHTS_FILE).unlink()
    with pytest.raises(Exception, match=f"{WEIGHTS_FILE} is not what was written: missing"):
        stage_checkpoint(folder, tmp_path / "and again")
