"""`spert-hf extract --backend onnx` gives what it gives with torch, and imports neither torch nor transformers."""

import json
import subprocess
import sys

import pytest

import spert_hf
from spert_hf.cli.main import main
from spert_hf.onnx import OnnxExtractor
from tests.support.tiny_models import SENTENCES

TEXTS = [*(" ".join(words) for words in SENTENCES), "", "Oslo 한국 😀 \u202eab"]

_WITHOUT_TORCH = """
import sys
absent = "torch", "transformers", "datasets", "accelerate", "evaluate", "pyarrow", "pandas", "jinja2", "psutil", "ijson"
sys.modules.update(dict.fromkeys([*absent, "safetensors"]))
from spert_hf.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


def rounded(results):
    """Results with scores to five digits."""
    return json.loads(json.dumps(results), parse_float=lambda text: pytest.approx(float(text), abs=1e-5))


def lines_of(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture
def inputs(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("a", "b"):
        (folder / f"{name}.txt").write_text("\n".join(TEXTS) + "\n")
    return folder


@pytest.mark.e2e
@pytest.mark.parametrize("more", [[], ["--dtype", "int8", "--overlap", "best", "--relation-threshold", "Near=0.2"]])
def test_a_file_without_torch(exported_checkpoint, inputs, tmp_path, more):
    source = inputs / "a.txt"
    ours, expected = tmp_path / "ours.jsonl", tmp_path / "expected.jsonl"
    options = ["extract", "--backend", "onnx", "--model", exported_checkpoint, "--input", source, "--output", ours]
    subprocess.run([sys.executable, "-c", _WITHOUT_TORCH, *map(str, options), *more], check=True, timeout=300)
    if more:
        settings = {"overlap": "best", "relation_threshold": {"Near": 0.2}}
        results = spert_hf.load(exported_checkpoint, backend="onnx", dtype="int8", **settings)(TEXTS, batch_size=32)
        records = [{"text": text, **found} for text, found in zip(TEXTS, results, strict=True)]
    else:
        options = ["extract", "--model", exported_checkpoint, "--input", source, "--output", expected]
        assert main([*map(str, options)]) == 0
        records = lines_of(expected)
    assert lines_of(ours) == rounded(records)


@pytest.mark.e2e
def test_a_corpus_without_torch_goes_on_where_it_was(exported_checkpoint, inputs, tmp_path, capsys):
    outputs = {backend: tmp_path / backend for backend in ("onnx", "torch")}
    for backend, output in outputs.items():
        options = ["extract", "--model", exported_checkpoint, "--backend", backend, "--input", inputs]
        options = [*map(str, [*options, "--output", f"{output}/", "--format", "jsonl"])]
        if backend == "onnx":
            subprocess.run([sys.executable, "-c", _WITHOUT_TORCH, *options], check=True, timeout=300)
            (output / "b.jsonl").unlink()
        assert main(options) == 0
    assert "1 of 2 shards is in" in capsys.readouterr().err
    for name in ("a.jsonl", "b.jsonl"):
        assert lines_of(outputs["onnx"] / name) == rounded(lines_of(outputs["torch"] / name))
    options[options.index("torch")] = "onnx"
    assert main(options) == 1  # an output folder is one model's and one backend's
    assert "backend" in capsys.readouterr().err


@pytest.mark.e2e
def test_parquet_needs_pyarrow(exported_checkpoint, inputs, tmp_path):
    options = ["extract", "--backend", "onnx", "--model", exported_checkpoint, "--input", inputs, "--output"]
    command = [sys.executable, "-c", _WITHOUT_TORCH, *map(str, options), f"{tmp_path / 'out'}/"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 1
    assert "--format parquet needs the package pyarrow: pip install pyarrow" in done.stderr


@pytest.mark.e2e
def test_load_gives_an_extractor(exported_checkpoint):
    extract = spert_hf.load(exported_checkpoint, backend="onnx", relation_threshold=0.1, threads=1)
    assert isinstance(extract, OnnxExtractor)
    assert extract(TEXTS) == rounded(spert_hf.load(exported_checkpoint, relation_threshold=0.1)(TEXTS))
    digests = {spert_hf.load(exported_checkpoint, backend="onnx", dtype=dtype).digest for dtype in ("float32", "int8")}
    assert len(digests) == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--dtype", "bfloat16"], "--dtype must be float32 or int8 with --backend onnx, got bfloat16"),
        ([], "--model must be a folder that `spert-hf export` has written, got"),
    ],
)
def test_bad_options_are_told(tiny_checkpoint, capsys, options, message):
    given = ["extract", "It rained.", "--backend", "onnx", "--model", str(tiny_checkpoint), *options]
    assert main(given) == 1
    assert message in capsys.readouterr().err


def test_bad_arguments_are_told(tiny_checkpoint):
    with pytest.raises(ValueError, match="dtype must be float32 or int8 with backend onnx, got bfloat16"):
        spert_hf.load(tiny_checkpoint, backend="onnx", dtype="bfloat16")
    with pytest.raises(ValueError, match="device must be cpu with backend onnx, got cuda:0"):
        spert_hf.load(tiny_checkpoint, backend="onnx", device="cuda:0")
    with pytest.raises(ValueError, match=r"backend must be 'torch', 'openvino' or 'onnx', got 'onyx'"):
        spert_hf.load(tiny_checkpoint, backend="onyx")


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("spert_hf.load('x')", "backend='torch' needs torch, which spert-hf installs and spert-hf-onnx does not"),
        ("spert_hf.SpertModel", "spert_hf.SpertModel needs torch, which spert-hf installs"),
        ("spert_hf.loading.check_device('--device', 'cuda:0')", "--device must be cpu without torch, got 'cuda:0'"),
        (
            "__import__('spert_hf.model.words').model.words.import_extra('nowhere', 'this', 'icu')",
            "this needs the package nowhere: pip install nowhere",
        ),
    ],
)
def test_what_needs_torch_says_so(code, message):
    blocked = (
        "import sys; sys.modules.update(dict.fromkeys(['torch', 'transformers'])); import spert_hf, spert_hf.loading"
    )
    done = subprocess.run([sys.executable, "-c", f"{blocked}\n{code}"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].partition(": ")[2].startswith(message)
