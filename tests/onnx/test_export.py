"""Exported models compute what the model computes, without torch, and nothing else is taken for them."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

import spert_hf
from spert_hf.cli.main import main
from spert_hf.model.errors import CheckpointError
from spert_hf.onnx import export_onnx, load_onnx
from spert_hf.onnx.record import MAPPED_FILE, PAIRS_FILE, RECORD_FILE, SPAN_FILES, TOKENIZER_FILE, read_record
from spert_hf.training.adapters import adapted_model, save_weights
from tests.conftest import read_golden
from tests.support.tiny_models import SENTENCES

pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")

pytestmark = pytest.mark.e2e

TEXTS = [
    "Marian Pell works for Northern Paper Co. in Duluth, Minn., where she was born. It rained in Oslo.",
    "",
    "Per Lund, chief of the Oslo Harbour Authority, told Bluewater Salvage: no.",
    *SENTENCES,
    " ".join(SENTENCES[4] * 12),  # longer than the encoder takes
]


def rounded(results):
    """Results with scores to five digits."""
    return json.loads(json.dumps(results), parse_float=lambda text: pytest.approx(float(text), abs=1e-5))


@pytest.fixture
def checkpoint(exported_checkpoint):
    return exported_checkpoint


@pytest.fixture
def copied(checkpoint, tmp_path):
    return shutil.copytree(checkpoint, tmp_path / "copy")


def test_results_are_those_of_the_pipeline(checkpoint):
    pipe, extractor = spert_hf.load(checkpoint), load_onnx(checkpoint)
    assert extractor(TEXTS) == rounded(pipe(TEXTS))
    assert extractor(TEXTS[0]) == rounded(pipe(TEXTS[0]))
    settings = {"relation_threshold": {"Near": 0.7}, "entity_threshold": 0.3, "overlap": "best", "with_text": True}
    assert extractor(TEXTS, **settings) == rounded(pipe(TEXTS, **settings))
    few = {"relation_types": ["Near"], "entity_types": ["Loc", "Org"], "words": "whitespace", "sequences": "document"}
    assert extractor(TEXTS, batch_size=2, **few) == rounded(pipe(TEXTS, **few))
    assert list(extractor(iter([*TEXTS, None]), errors="skip")) == rounded([*pipe([*TEXTS, None], errors="skip")])
    entities = [{"type": "Org", "token_start": 4, "token_end": 7}, {"type": "Peop", "token_start": 0, "token_end": 2}]
    given = {"entities": entities, "relation_threshold": 0.0}
    words = {"tokens": SENTENCES[0]}
    assert extractor(words, **given) == rounded(pipe(words, **given))


def test_golden_figures(golden_model, tmp_path):
    model, processor = golden_model
    export_onnx(model, processor.tokenizer, tmp_path / "out")
    extractor = load_onnx(tmp_path / "out")
    for document, expected in zip(read_golden("documents"), read_golden("inference"), strict=True):
        (encoded,) = extractor.spert_processor.encode([document["tokens"]])
        inputs = extractor.spert_processor.pad([encoded])
        assert inputs["input_ids"][0].tolist() == expected["input_ids"]
        logits, _ = extractor._graphs.spans.run(None, inputs)
        powers = np.exp(logits[0] - logits[0].max(-1, keepdims=True))
        probabilities = powers / powers.sum(-1, keepdims=True)
        ours = [probabilities[end - start - 1, start] for start, end in expected["spans"]]
        np.testing.assert_allclose(ours, expected["span_probabilities"], atol=1e-5)
        found = extractor({"tokens": document["tokens"]})
        ends = sorted((e["token_start"], e["token_end"], e["type"]) for e in found["entities"])
        assert ends == sorted((e["start"], e["end"], e["type"]) for e in expected["entities"])
        assert sorted(r["score"] for r in found["relations"]) == pytest.approx(
            sorted(r["score"] for r in expected["relations"]), abs=1e-5
        )


def test_an_export_without_mapped_weights_gives_the_same(copied):
    """Exports of older versions have none; what others read holds its weights itself."""
    expected = load_onnx(copied)(TEXTS)
    record = json.loads((copied / "onnx" / RECORD_FILE).read_text())
    del record["files"][MAPPED_FILE]
    (copied / "onnx" / RECORD_FILE).write_text(json.dumps(record))
    (copied / "onnx" / MAPPED_FILE).unlink()
    assert load_onnx(copied)(TEXTS) == expected


@pytest.mark.parametrize("count", [1, 2, 3, 5, 40])
def test_several_threads_give_the_same(checkpoint, count):
    texts = (TEXTS * 10)[:count]
    one, several = (load_onnx(checkpoint, threads=threads)(texts) for threads in (1, 3))
    assert several == rounded(one)


def test_several_threads_give_the_same_once_the_export_is_gone(copied):
    extractor = load_onnx(copied, threads=2)
    expected = load_onnx(copied, threads=1)(TEXTS * 5, batch_size=2)
    shutil.rmtree(copied)
    assert extractor(TEXTS * 5, batch_size=2) == rounded(expected)


def test_int8_finds_about_the_same_in_a_third_of_the_bytes(checkpoint):
    exact, quantized = (load_onnx(checkpoint, dtype=dtype) for dtype in SPAN_FILES)
    scores = [
        [e["score"] for e in extractor({"tokens": SENTENCES[0]}, overlap="keep")["entities"]]
        for extractor in (exact, quantized)
    ]
    assert scores[0] != scores[1]
    assert np.mean(scores[0]) == pytest.approx(np.mean(scores[1]), abs=0.1)


def test_neither_torch_nor_transformers_is_needed(checkpoint):
    code = (
        "import sys, json; sys.modules['torch'] = sys.modules['transformers'] = None\n"
        "from spert_hf.onnx import load_onnx\n"
        "print(json.dumps(load_onnx(sys.argv[1])(json.loads(sys.argv[2]))))"
    )
    command = [sys.executable, "-c", code, str(checkpoint), json.dumps(TEXTS)]
    found = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    assert json.loads(found.stdout) == rounded(spert_hf.load(checkpoint)(TEXTS))


@pytest.mark.parametrize("name", [SPAN_FILES["float32"], MAPPED_FILE, PAIRS_FILE, TOKENIZER_FILE])
def test_a_file_that_is_cut_off_is_told(copied, name):
    path = copied / "onnx" / name
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(CheckpointError, match=rf"{name} is not what was exported: missing, cut off or changed"):
        load_onnx(copied)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": 1, "settings": 3}', '{"format": 9}'])
def test_a_damaged_record_is_told(copied, content):
    (copied / "onnx" / RECORD_FILE).write_text(content)
    with pytest.raises(CheckpointError, match=RECORD_FILE):
        load_onnx(copied)


@pytest.mark.parametrize(
    ("part", "changed", "message"),
    [
        ("settings", {"relation_threshold": 40}, "settings: relation_threshold must be a number from 0 to 1, got 40"),
        ("settings", {"overlap": "all"}, "settings: overlap must be 'keep', 'drop' or 'best', got 'all'"),
        ("settings", {"entity_types": "Loc"}, "settings: entity_types must be a list of non-empty names, got 'Loc'"),
        ("settings", {"entity_types": ["Loc"]}, "settings: entity_types must be 3 names, as it was exported, got 1"),
        ("settings", {"relation_types": ["Near"], "symmetric_relation_types": []}, "settings: relation_types must be "),
        ("settings", {"relation_types": [], "symmetric_relation_types": []}, "relation_types must be given with the f"),
        ("settings", {"max_span_size": 3}, ", as it was exported, got 3"),
        ("settings", {"relation_temperature": 0}, "settings: relation_temperature must be a number from 0.01 to 100"),
        ("settings", {"relation_signatures": {"Near": [["Loc", "X"]]}}, "settings: relation_signatures.'Near' must be"),
        ("tokenization", {"window_size": 0}, "tokenization: window_size must be an integer of 1 or more, got 0"),
        ("tokenization", {"prefix": "[CLS]"}, "tokenization: prefix must be a list of ids, got "),
        ("files", {PAIRS_FILE: "0"}, "files must have 'model.onnx' or 'model_quantized.onnx', got ['model_pairs"),
    ],
)
def test_an_edited_record_that_makes_no_sense_is_told(checkpoint, tmp_path, part, changed, message):
    """What makes sense, such as another threshold, is for whoever edits it, unless a checkpoint beside it differs."""
    folder = tmp_path / "edited"
    folder.mkdir()
    record = json.loads((checkpoint / "onnx" / RECORD_FILE).read_text())
    for path in (checkpoint / "onnx").iterdir():
        (folder / path.name).symlink_to(path)
    (folder / RECORD_FILE).unlink()
    edited = changed if part == "files" else record[part] | changed
    (folder / RECORD_FILE).write_text(json.dumps({**record, part: edited}))
    with pytest.raises(CheckpointError) as raised:
        load_onnx(folder)
    assert str(raised.value).startswith(f"{folder / RECORD_FILE}: ")
    assert message in str(raised.value) and "\n" not in str(raised.value)


def test_an_export_of_other_weights_or_settings_is_refused(copied):
    weights = copied / "model.safetensors"
    content = weights.read_bytes()
    weights.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(CheckpointError, match=r"exported from other weights than those of .*safetensors: export it"):
        load_onnx(copied)
    weights.write_bytes(content)
    config = json.loads((copied / "config.json").read_text())
    (copied / "config.json").write_text(json.dumps({**config, "relation_threshold": 0.9}))
    with pytest.raises(CheckpointError, match=r"other settings than those of .*config.json \(relation_threshold\)"):
        load_onnx(copied)


@pytest.fixture
def exported_adapter(tiny_checkpoint, tmp_path):
    """A folder with an adapter over another folder, and its export."""
    peft = pytest.importorskip("peft")
    base = shutil.copytree(tiny_checkpoint, tmp_path / "base")
    settings = {"r": 2, "target_modules": ["query"], "modules_to_save": ["entity_classifier", "relation_classifier"]}
    config = peft.LoraConfig(init_lora_weights=False, **settings)
    adapter = tmp_path / "adapter"
    adapter.mkdir()
    save_weights(adapted_model(peft.get_peft_model(spert_hf.SpertModel.from_pretrained(base), config)), adapter)
    for path in base.glob("tokenizer*"):
        shutil.copy(path, adapter)
    assert main(["export", "--model", str(adapter)]) == 0
    return adapter


def test_an_adapter_is_exported_merged_and_tied_to_both_weights(exported_adapter):
    adapter, base = exported_adapter, exported_adapter.parent / "base"
    assert load_onnx(adapter)(TEXTS) == rounded(spert_hf.load(adapter)(TEXTS))
    for changed in (base / "model.safetensors", adapter / "adapter_model.safetensors", adapter / "adapter_config.json"):
        content = changed.read_bytes()
        changed.write_bytes(content.replace(b'"lora_alpha": 8', b'"lora_alpha": 9')[:-1] + b" ")
        with pytest.raises(CheckpointError, match=f"exported from other weights than those of {changed}: export it"):
            load_onnx(adapter)
        changed.write_bytes(content)
    load_onnx(adapter)


def test_what_is_not_there_is_told(checkpoint, tmp_path, tiny_checkpoint):
    with pytest.raises(ValueError, match="model must be a folder that `spert-hf export` has written, got"):
        load_onnx(tiny_checkpoint)
    with pytest.raises(ValueError, match="model must be a folder that exists, or the id of a model on the Hub, got"):
        load_onnx("a/b/c")
    shutil.copytree(checkpoint / "onnx", tmp_path / "one")
    record = json.loads((tmp_path / "one" / RECORD_FILE).read_text())
    del record["files"][SPAN_FILES["int8"]]
    (tmp_path / "one" / RECORD_FILE).write_text(json.dumps(record))
    with pytest.raises(ValueError, match="dtype must be float32, as the model was exported, got 'int8'"):
        load_onnx(tmp_path / "one", dtype="int8")
    shutil.copytree(checkpoint / "onnx", tmp_path / "other")
    assert load_onnx(checkpoint).dtype == "float32"
    record["files"] = {
        **record["files"],
        SPAN_FILES["int8"]: read_record(checkpoint / "onnx").files[SPAN_FILES["int8"]],
    }
    del record["files"][SPAN_FILES["float32"]]
    (tmp_path / "other" / RECORD_FILE).write_text(json.dumps(record))
    assert load_onnx(tmp_path / "other").dtype == spert_hf.load(tmp_path / "other", backend="onnx").dtype == "int8"
    with pytest.raises(TypeError, match=r"relation_treshold is not a setting of the extractor .did you mean"):
        load_onnx(checkpoint, relation_treshold=0.4)


def test_a_folder_with_files_is_left_alone(checkpoint, tmp_path, capsys):
    before = sorted((checkpoint / "onnx").iterdir())
    assert main(["export", "--model", str(checkpoint)]) == 1
    held = f"--output: {checkpoint / 'onnx'} holds an export; name another folder, or pass --overwrite"
    assert held in capsys.readouterr().err
    assert sorted((checkpoint / "onnx").iterdir()) == before
    other = tmp_path / "mine"
    other.mkdir()
    (other / "thesis.doc").write_text("")
    assert main(["export", "--model", str(checkpoint), "--output", str(other), "--overwrite"]) == 1
    assert "--output must be a new or empty folder, got" in capsys.readouterr().err
    assert [path.name for path in other.iterdir()] == ["thesis.doc"]


@pytest.mark.e2e
def test_a_stale_export_is_replaced_where_that_is_asked_for(checkpoint, tmp_path, capsys):
    copied = shutil.copytree(checkpoint, tmp_path / "copy")
    config = json.loads((copied / "config.json").read_text())
    (copied / "config.json").write_text(json.dumps({**config, "relation_threshold": 0.9}))
    with pytest.raises(CheckpointError, match=r"export it again \(spert-hf export --overwrite\)"):
        load_onnx(copied)
    assert main(["export", "--model", str(copied), "--overwrite"]) == 0
    assert "entities" in load_onnx(copied)("It rained.")
    assert sorted(path.name for path in copied.iterdir()) == sorted(path.name for path in checkpoint.iterdir())


def test_nothing_is_reported(checkpoint, tmp_path):
    """From version 1.29 on, onnxruntime reports its use by default, in a thread of its own and with an id it keeps."""
    code = "import sys; from spert_hf.onnx import load_onnx; load_onnx(sys.argv[1])('It rained.')"
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PYTHONPATH": ":".join(sys.path)}
    command = [sys.executable, "-c", code, str(checkpoint)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)
    assert done.returncode == 0, done.stderr
    assert not [path for path in tmp_path.rglob("*") if "microsoft" in path.name.lower()]
