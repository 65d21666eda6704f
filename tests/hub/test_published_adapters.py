"""Adapters on the Hub: published beside a card that names their base, and loaded over it from there."""

import json
import shutil

import pytest
from huggingface_hub import ModelCard

from spert_hf.hub.publishing import publish_model
from spert_hf.training.adapters import add_adapters, save_weights
from spert_hf.training.arguments import SpertTrainingArguments
from tests.support.tiny_models import make_encoder_folder, make_tiny_checkpoint

pytest.importorskip("peft")

PUBLISH = """
import sys
from huggingface_hub import HfApi
encoder, output, *dtypes = sys.argv[1:]
HfApi().create_repo("ada/encoder")
HfApi().upload_folder(repo_id="ada/encoder", folder_path=encoder)

from transformers import AutoTokenizer
from spert_hf import SpertModel
from spert_hf.hub.publishing import publish_model
from spert_hf.training.adapters import add_adapters, describe_adapters, save_weights
from spert_hf.training.arguments import SpertTrainingArguments

model = SpertModel.from_encoder("ada/encoder", entity_types=["Loc", "Peop"], relation_types=["Live_In"])
model = add_adapters(model, SpertTrainingArguments(lora_r=4))
print(describe_adapters(model))
save_weights(model, output)
AutoTokenizer.from_pretrained("ada/encoder").save_pretrained(output)
publish_model(output, "ada/adapter", onnx=dtypes)
"""

EXTRACT = """
import json, sys
mode, *models = sys.argv[1:]
if mode == "package":
    import spert_hf
else:
    sys.modules["spert_hf"] = None  # not to be imported, even if it is installed
from transformers import pipeline
trust = {} if mode == "package" else {"trust_remote_code": True}
for model in models:
    pipe = pipeline("spert-extraction", model=model, **trust)
    print(json.dumps(pipe("Marian Pell works for Northern Paper Co. in Duluth.")))
"""


def test_an_adapter_is_published_and_loaded_over_its_base(hub, run_python, tmp_path):
    encoder, output = make_encoder_folder("bert", tmp_path / "encoder"), tmp_path / "out"
    published = run_python("-c", PUBLISH, encoder, output)
    assert published.returncode == 0, published.stderr
    assert "Adapters and classifiers are trained: " in published.stdout
    assert " weights over ada/encoder (" in published.stdout
    files = hub.repositories["model", "ada/adapter"].find("main").files
    assert {"config.json", "tokenizer.json", "adapter/adapter_config.json"} <= set(files)
    assert [name for name in files if name.endswith(".safetensors")] == ["adapter/adapter_model.safetensors"]
    assert not any(str(tmp_path).encode() in content for content in files.values())
    commit = hub.repositories["model", "ada/encoder"].find("main").oid
    config = json.loads(files["adapter/adapter_config.json"])
    assert (config["base_model_name_or_path"], config["revision"]) == ("ada/encoder", commit)
    card = ModelCard(files["README.md"].decode())
    assert (card.data.base_model, card.data["base_model_relation"]) == ("ada/encoder", "adapter")
    assert "peft" in card.data.tags
    assert f"Its base model `ada/encoder` (revision `{commit}`) is downloaded with it" in " ".join(card.text.split())

    found = run_python("-c", EXTRACT, "package", output, "ada/adapter")
    assert found.returncode == 0, found.stderr
    from_folder, from_hub = map(json.loads, found.stdout.splitlines())
    assert from_folder == from_hub
    alone = run_python("-c", EXTRACT, "alone", "ada/adapter", package=False)
    assert alone.returncode == 0, alone.stderr
    assert json.loads(alone.stdout) == from_hub


EXTRACT_BY_ONNX = """
import json, sys
sys.modules.update(dict.fromkeys(["torch", "transformers"]))
from spert_hf.onnx import load_onnx
print(json.dumps(load_onnx("ada/adapter")("Marian Pell works for Northern Paper Co. in Duluth.")))
"""


@pytest.mark.e2e
def test_the_merged_model_is_published_as_onnx(hub, run_python, run_fresh_python, tmp_path):
    pytest.importorskip("onnxscript")
    encoder, output = make_encoder_folder("bert", tmp_path / "encoder"), tmp_path / "out"
    published = run_python("-c", PUBLISH, encoder, output, "float32")
    assert published.returncode == 0, published.stderr
    files = hub.repositories["model", "ada/adapter"].find("main").files
    record = json.loads(files["onnx/spert_onnx.json"])
    assert set(record["weights"]) == {"adapter/adapter_config.json", "adapter/adapter_model.safetensors"}
    merged = run_python("-c", EXTRACT, "package", "ada/adapter")
    found = run_fresh_python("-c", EXTRACT_BY_ONNX)
    assert found.returncode == 0, found.stderr
    assert json.loads(found.stdout) == json.loads(
        merged.stdout, parse_float=lambda one: pytest.approx(float(one), 1e-4)
    )
    other = files["adapter/adapter_model.safetensors"][:-4] + b"0123"
    changed = {**files, "adapter/adapter_model.safetensors": other}
    hub.repositories["model", "ada/adapter"].add("main", changed, "other")
    stale = run_fresh_python("-c", EXTRACT_BY_ONNX)
    assert "exported from other weights than those of adapter/adapter_model.safetensors: publish" in stale.stderr


@pytest.fixture
def adapter(tmp_path):
    """An adapter over a model in a folder, as training leaves it."""
    from spert_hf import SpertModel

    base = make_tiny_checkpoint("bert", tmp_path / "base")
    model = add_adapters(SpertModel.from_pretrained(base), SpertTrainingArguments(lora_r=2, model=str(base)))
    save_weights(model, tmp_path / "adapter")
    for path in base.glob("*token*"):
        shutil.copy(path, tmp_path / "adapter")
    return tmp_path / "adapter"


def test_an_adapter_over_a_folder_is_not_published(adapter):
    with pytest.raises(
        ValueError, match=r"base_model_name_or_path must be on the Hub, got the folder .*; or publish the whole model"
    ):
        publish_model(adapter, "ada/adapter", dry_run=True)


def test_training_that_could_not_be_published_is_refused_before(adapter):
    with pytest.raises(ValueError, match=r"push_to_hub needs adapters over a Hub id, got .*, a folder on this machine"):
        SpertTrainingArguments(lora_r=2, model=str(adapter.parent), push_to_hub=True, hub_model_id="ada/x")
