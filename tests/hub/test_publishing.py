"""Publishing a model to, and using it from, a server that speaks the Hub's API; the clients are the real ones."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from spert_hf.hub.publishing import publish_model
from tests.support.documents import make_dataset_folder
from tests.support.hub_server import HubServer
from tests.support.tiny_models import make_encoder_folder

ROOT = Path(__file__).parents[2]
TOKEN = "hf_secret"


@pytest.fixture
def hub():
    with HubServer({TOKEN: "ada"}) as server:
        yield server


@pytest.fixture
def run_python(hub, tmp_path):
    """Run Python with a Hub, a cache and a token of its own: clients read these when they are imported."""

    def run(*arguments, token=TOKEN):
        environment = {
            **os.environ,
            "HF_ENDPOINT": hub.url,
            "HF_HOME": str(tmp_path / "cache"),
            "HF_HUB_OFFLINE": "0",
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
        }
        environment.pop("HF_TOKEN", None)
        if token:
            environment["HF_TOKEN"] = token
        command = [sys.executable, *map(str, arguments)]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240)

    return run


EXTRACT = """
import json, sys
from transformers import pipeline
import spert_hf
pipe = pipeline("spert-extraction", model=sys.argv[1], revision=sys.argv[2] if len(sys.argv) > 2 else None)
print(json.dumps(pipe("Marian Pell works for Northern Paper Co. in Duluth.")))
"""


def test_train_uploads_and_the_pipeline_loads_it_from_there(hub, run_python, tmp_path):
    (tmp_path / "data").mkdir()
    dataset = make_dataset_folder(tmp_path / "data")
    encoder = make_encoder_folder("bert", tmp_path / "encoder")
    trained = run_python(
        "train.py",
        f"--dataset={dataset}",
        f"--encoder={encoder}",
        f"--output-dir={tmp_path / 'out'}",
        "--num-train-epochs=1",
        "--save-steps=3",
        "--push-to-hub",
        "--hub-model-id=ada/spert-tiny",
        "--hub-private-repo",
    )
    assert trained.returncode == 0, trained.stderr
    assert f"Published at {hub.url}/ada/spert-tiny" in trained.stdout
    repository = hub.repositories["model", "ada/spert-tiny"]
    files = repository.find("main").files
    assert {"config.json", "model.safetensors", "tokenizer.json", "training_run.json"} <= set(files)
    assert not [name for name in files if name.startswith(("checkpoint-", "best"))]
    assert len(repository.branches["main"]) == 2  # the empty start and one commit
    assert not any(TOKEN.encode() in content for content in files.values())
    assert TOKEN not in trained.stdout + trained.stderr

    local = run_python("-c", EXTRACT, tmp_path / "out")
    loaded = run_python("-c", EXTRACT, "ada/spert-tiny")
    assert loaded.returncode == 0, loaded.stderr
    assert json.loads(loaded.stdout) == json.loads(local.stdout)

    first = repository.find("main").oid
    repository.add("main", {**files, "model.safetensors": b"broken"}, "break it")
    pinned = run_python("-c", EXTRACT, "ada/spert-tiny", first)
    assert pinned.returncode == 0, pinned.stderr
    assert json.loads(pinned.stdout) == json.loads(local.stdout)

    stranger = run_python("-c", EXTRACT, "ada/spert-tiny", first, token=None)
    assert stranger.returncode != 0


def test_a_refused_token_changes_nothing(hub, run_python, tiny_checkpoint):
    script = "import sys; from spert_hf.hub.publishing import publish_model; publish_model(sys.argv[1], 'ada/tiny')"
    assert run_python("-c", script, tiny_checkpoint, token="hf_wrong").returncode != 0
    assert not hub.repositories
    assert run_python("-c", script, tiny_checkpoint).returncode == 0
    assert "model.safetensors" in hub.repositories["model", "ada/tiny"].find("main").files


def test_only_whole_checkpoints_are_published(tmp_path, tiny_checkpoint):
    with pytest.raises(ValueError, match=r"has no config\.json; allowed the folder of a saved SpERT model"):
        publish_model(tmp_path, "ada/tiny")
    with pytest.raises(ValueError, match="hub_model_id: given none"):
        publish_model(tiny_checkpoint, "")
