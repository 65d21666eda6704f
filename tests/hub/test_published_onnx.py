"""An ONNX export goes to the Hub with its checkpoint, tied to the weights, and is used without torch."""

import json
import shutil

import pytest

from spert_hf.cli.main import main
from spert_hf.hub.onnx_staging import stage_onnx
from spert_hf.hub.staging import stage_checkpoint
from spert_hf.onnx.record import RECORD_FILE, SPAN_FILES

pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")

TEXT = "Marian Pell works for Northern Paper Co. in Duluth, where she was born."

PUBLISH = """
import sys
from spert_hf.cli.main import main
sys.exit(main(["publish", "model", *sys.argv[1:]]))
"""

EXTRACT = """
import json, sys
sys.modules.update(dict.fromkeys(["torch", "transformers"]))
from spert_hf.onnx import load_onnx
print(json.dumps(load_onnx(sys.argv[1], dtype=sys.argv[2])(sys.argv[3])))
"""


@pytest.mark.e2e
def test_it_is_published_and_used(hub, run_python, run_fresh_python, exported_checkpoint):
    done = run_python("-c", PUBLISH, exported_checkpoint, "ada/onnx", "--onnx", "--onnx-dtype", "float32", "int8")
    assert done.returncode == 0, done.stderr
    assert "taking the ONNX export in" in done.stderr
    main_branch = hub.repositories["model", "ada/onnx"].branches["main"]
    files = main_branch[-1].files
    assert {f"onnx/{name}" for name in (RECORD_FILE, *SPAN_FILES.values())} <= set(files)
    card = files["README.md"].decode()
    assert 'load_onnx("ada/onnx")' in card
    assert "\n- onnx\n" in card
    for dtype in SPAN_FILES:
        local = run_fresh_python("-c", EXTRACT, exported_checkpoint, dtype, TEXT)
        there = run_fresh_python("-c", EXTRACT, "ada/onnx", dtype, TEXT)
        assert there.returncode == 0, there.stderr
        assert json.loads(there.stdout) == json.loads(local.stdout)
        offline = run_fresh_python("-c", EXTRACT, "ada/onnx", dtype, TEXT, token=None, offline=True)
        assert offline.stdout == there.stdout, offline.stderr

    # What somebody else puts beside it is not what it was made of.
    weights = files["model.safetensors"]
    hub.repositories["model", "ada/onnx"].add("main", {**files, "model.safetensors": weights[:-4] + b"0123"}, "other")
    stale = run_fresh_python("-c", EXTRACT, "ada/onnx", "float32", TEXT)
    assert (
        "ada/onnx/onnx was exported from other weights than those of model.safetensors: publish it again"
        in stale.stderr
    )

    # Published without, the weights may be others: none is left.
    done = run_python("-c", PUBLISH, exported_checkpoint, "ada/onnx")
    assert done.returncode == 0, done.stderr
    assert not [name for name in main_branch[-1].files if name.startswith("onnx/")]


@pytest.mark.e2e
@pytest.mark.parametrize("is_stale", [True, False])
def test_an_export_that_does_not_fit_is_made_anew(exported_checkpoint, tmp_path, caplog, is_stale):
    caplog.set_level("INFO", "spert_hf.hub")
    folder = shutil.copytree(exported_checkpoint, tmp_path / "own")
    if is_stale:
        record = json.loads((folder / "onnx" / RECORD_FILE).read_text())
        record["weights"]["model.safetensors"] = "0"
        (folder / "onnx" / RECORD_FILE).write_text(json.dumps(record))
    else:
        (folder / "onnx" / SPAN_FILES["int8"]).unlink()  # this dtype is not asked for
    staged = stage_checkpoint(folder, tmp_path / "staged", ("float32",))
    assert staged.onnx == ("float32",)
    assert ("exporting to ONNX" in caplog.text) == is_stale
    there = {path.name for path in (staged.folder / "onnx").iterdir()}
    assert there == {RECORD_FILE, "model.onnx", "model_mapped.onnx", "model_pairs.onnx", "tokenizer.json"}
    record = json.loads((staged.folder / "onnx" / RECORD_FILE).read_text())
    assert set(record["files"]) == there - {RECORD_FILE}


@pytest.mark.e2e
def test_an_export_that_predicts_otherwise_is_not_published(exported_checkpoint, tiny_pipeline, tmp_path):
    staged = tmp_path / "staged"
    staged.mkdir()
    for name in ("config.json", "model.safetensors"):
        shutil.copy(exported_checkpoint / name, staged)
    with pytest.raises(ValueError, match="staged: its ONNX export predicts otherwise, so it is not published"):
        stage_onnx(exported_checkpoint, staged, tiny_pipeline, ("float32",))


def test_a_dtype_needs_an_export(tiny_checkpoint, capsys):
    assert main(["publish", "model", str(tiny_checkpoint), "ada/x", "--dry-run", "--onnx-dtype", "int8"]) == 1
    assert "--onnx must be given with --onnx-dtype, got none" in capsys.readouterr().err
