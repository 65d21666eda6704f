"""A sound checkpoint to spoil, and a session of commands that talk to a Hub with tokens."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.documents import make_dataset_folder
from tests.support.hub_server import Fault, HubServer, Repository
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
from spert_hf.cli.parsers import parse
from importlib import import_module

codes = []
for command, *arguments in json.loads(sys.argv[1]):
    transformers_logging.set_verbosity_debug()
    try:
        options = parse(command, arguments)
        codes.append(import_module(f"spert_hf.cli.{command}").run(options))
    except Exception as error:
        traceback.print_exc()
        codes.append(type(error).__name__)
print(json.dumps(codes))
"""


@pytest.fixture(scope="session")
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
        ["evaluate", "--model=ada/tiny", "--dataset=ada/evil", f"--token={GIVEN}"],
    ]
    with HubServer({GIVEN: "ada", KNOWN: "ada"}) as hub:
        evil = hub.repositories["dataset", "ada/evil"] = Repository(private=False)
        evil.add("main", {"evil.py": f"open({str(folder / 'crater')!r}, 'w')".encode()}, "a loading script")
        hub.faults = [Fault("POST .*/commit/main", status=403)]
        environment = {
            **os.environ,
            "HF_ENDPOINT": hub.url,
            "HF_HOME": str(folder / "cache"),
            "HF_HUB_OFFLINE": "0",
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_TOKEN": KNOWN,
            "OMP_NUM_THREADS": "1",  # tiny models: more threads only get in each other's way
        }
        arguments = [sys.executable, "-c", RUN, json.dumps(commands)]
        done = subprocess.run(arguments, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr[-3000:]
    files = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return json.loads(done.stdout.splitlines()[-1]), done.stdout + done.stderr, files, hub


@pytest.fixture
def checkpoint(tiny_checkpoint, tmp_path):
    """A copy of a tiny checkpoint that may be spoilt."""
    return shutil.copytree(tiny_checkpoint, tmp_path / "checkpoint")
