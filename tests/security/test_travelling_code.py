"""The code that travels with a checkpoint refuses what the package refuses."""

import json
import shutil

import pytest
import torch

from tests.support.hostile_checkpoints import WEIGHTS, change_json, change_weights, plant_pickle

# Without the package: the checkpoint's own code is run.
LOAD = """
import json, sys
sys.modules["spert_hf"] = None  # not to be imported, even if it is installed
from transformers import pipeline

errors = []
for folder in json.loads(sys.argv[1]):
    try:
        pipe = pipeline("spert-extraction", model=folder, trust_remote_code=True)
        errors.append(["none", type(pipe).__module__.split(".")[0]])
    except Exception as error:
        errors.append([type(error).__name__, str(error)])
print(json.dumps(errors))
"""


@pytest.mark.e2e
def test_it_refuses_what_is_not_sound(warm_python, tiny_pipeline, tmp_path):
    sound = tmp_path / "sound"
    tiny_pipeline.save_pretrained(sound)
    crater = tmp_path / "crater"

    def pickled(folder):
        (folder / WEIGHTS).unlink()
        plant_pickle(folder / "pytorch_model.bin", crater)

    def cut(folder):
        (folder / WEIGHTS).write_bytes((folder / WEIGHTS).read_bytes()[:5000])

    def config(change):
        return lambda folder: change_json(folder / "config.json", change)

    def weights(change):
        return lambda folder: change_weights(folder, change)

    faults = [
        (lambda folder: None, "none", "transformers_modules"),
        (pickled, "CheckpointError", "has no model.safetensors"),
        (cut, "CheckpointError", "is not a complete safetensors file"),
        (weights(lambda held: held.pop("entity_classifier.bias")), "CheckpointError", "has no weights for entity_clas"),
        (weights(lambda held: held["entity_classifier.bias"].fill_(torch.nan)), "CheckpointError", "are not finite"),
        (
            config(lambda file: file.update(max_span_size=10**9)),
            "ValueError",
            "max_span_size must be an integer from 1 to 1000, got 1000000000",
        ),
        (config(lambda file: file["encoder_config"].update(hidden_size=96_000_000)), "CheckpointError", "asks for"),
        (config(lambda file: file["encoder_config"].update(num_hidden_layers=10**6)), "ValueError", "got 1000000"),
    ]
    folders = []
    for number, (spoil, _, _) in enumerate(faults):
        folder = shutil.copytree(sound, tmp_path / f"spoilt_{number}")
        spoil(folder)
        folders.append(str(folder))
    done = warm_python.run(["-c", LOAD, json.dumps(folders)], tmp_path, {})
    assert done.returncode == 0, done.stderr[-3000:]
    for (_, kind, message), (given_kind, given_message) in zip(
        faults, json.loads(done.stdout.splitlines()[-1]), strict=True
    ):
        assert (given_kind, message in given_message) == (kind, True), given_message
    assert not crater.exists()
