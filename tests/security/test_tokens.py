"""A token is seen by the Hub it belongs to, and by nobody and nothing else."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from spert_hf.cli.main import main
from spert_hf.training.arguments import SpertTrainingArguments, read_recipe
from tests.support.documents import make_dataset_folder
from tests.support.hub_server import Fault, HubServer
from tests.support.tiny_models import make_encoder_folder

ROOT = Path(__file__).parents[2]
GIVEN, KNOWN, WRONG = (f"hf_{name}Token7Qz3vXw9RkBn" for name in ("given", "known", "wrong"))

# Runs each command, with all that is logged on the way and the whole traceback of what goes wrong.
RUN = """
import json, logging, sys, traceback
logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
from huggingface_hub.utils import logging as hub_logging
hub_logging.set_verbosity_debug()
from transformers.utils import logging as transformers_logging
from spert_hf.cli.main import COMMANDS, main
from importlib import import_module

codes = []
for command, *arguments in json.loads(sys.argv[1]):
    transformers_logging.set_verbosity_debug()
    try:
        codes.append(import_module(f"spert_hf.cli.{command}").run(arguments))
    except Exception as error:
        traceback.print_exc()
        codes.append(type(error).__name__)
print(json.dumps(codes))
"""


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """Codes of all commands, what they printed and logged, the files they left, and what went up."""
    folder = tmp_path_factory.mktemp("tokens")
    (folder / "data").mkdir()
    (folder / "texts.txt").write_text("Marian Pell works for Northern Paper Co. in Duluth.\n")
    output = folder / "out"
    train = [
        "train",
        f"--dataset={make_dataset_folder(folder / 'data')}",
        f"--encoder={make_encoder_folder('bert', folder / 'encoder')}",
        f"--output-dir={output}",
        *("--num-train-epochs=1", "--save-steps=3", "--report-to=tensorboard", "--push-to-hub"),
        *("--hub-model-id=ada/tiny", "--hub-private-repo", f"--hub-token={GIVEN}"),
    ]
    publish = ["publish", "model", str(output), "ada/tiny", "--private"]
    extract = ["extract", "--model=ada/tiny", f"--input={folder / 'texts.txt'}", f"--output={folder / 'found.jsonl'}"]
    commands = [
        train,  # the upload breaks off
        [*publish, f"--token={GIVEN}"],
        publish,  # with the token of the environment
        [*publish, f"--token={WRONG}"],
        [*extract, f"--token={GIVEN}"],
        [*extract, f"--token={WRONG}"],
        ["evaluate", "--model=ada/tiny", "--dataset=ada/none", f"--token={GIVEN}"],
    ]
    with HubServer({GIVEN: "ada", KNOWN: "ada"}) as hub:
        hub.faults = [Fault("POST .*/commit/main", status=403)]
        environment = {
            **os.environ,
            "HF_ENDPOINT": hub.url,
            "HF_HOME": str(folder / "cache"),
            "HF_HUB_OFFLINE": "0",
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_TOKEN": KNOWN,
        }
        arguments = [sys.executable, "-c", RUN, json.dumps(commands)]
        done = subprocess.run(arguments, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr[-3000:]
    files = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return json.loads(done.stdout.splitlines()[-1]), done.stdout + done.stderr, files, hub


def test_the_commands_did_what_they_should(seen):
    """Otherwise there would be nothing to see."""
    codes, said, files, hub = seen
    assert codes[0] == "PublishingError", codes
    assert codes[1:3] == [0, 0], codes
    assert codes[3] == "PublishingError", codes
    assert codes[4] == 0, codes
    assert not {0, None} & set(codes[5:]), codes
    assert "Traceback" in said
    assert "DEBUG:" in said
    assert any("tfevents" in path.name for path in files)
    assert len(hub.repositories["model", "ada/tiny"].branches["main"]) == 2


def test_nothing_printed_or_logged_has_a_token(seen):
    _, said, _, _ = seen
    assert not [line for line in said.splitlines() if re.search("Token7Qz3vXw9RkBn", line)]


def test_no_file_has_a_token(seen):
    _, _, files, hub = seen
    names = {path.name for path in files}
    assert {"training_run.json", "training_log.jsonl", "config.json", "trainer_state.json", "found.jsonl"} <= names
    assert not [path for path, content in files.items() if b"Token7Qz3vXw9RkBn" in content]
    published = hub.repositories["model", "ada/tiny"].find("main").files
    assert {"README.md", "training_run.json"} <= set(published)
    assert not [name for name, content in published.items() if b"Token7Qz3vXw9RkBn" in content]


def test_settings_do_not_show_it():
    settings = SpertTrainingArguments(hub_token=GIVEN)
    assert GIVEN not in f"{settings} {settings!r}"


@pytest.mark.parametrize("text", ["hub_token: {}: x", "hub_token: [{}]", "hub_token: '{}", "hub_token: !{} x"])
def test_a_recipe_that_is_wrong_is_not_quoted(tmp_path, capsys, text):
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("seed: 3\n" + text.format(GIVEN))
    with pytest.raises(ValueError, match="is no YAML|hub_token: given another") as raised:
        read_recipe(recipe)
    assert GIVEN not in str(raised.value)
    assert main(["train", f"--config={recipe}"]) == 1
    assert GIVEN not in capsys.readouterr().err
