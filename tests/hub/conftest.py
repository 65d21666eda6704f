"""A Hub to publish to, and Python processes that use it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.hub_server import HubServer

ROOT = Path(__file__).parents[2]
TOKEN = "hf_secret"


@pytest.fixture
def hub():
    with HubServer({TOKEN: "ada"}) as server:
        yield server


@pytest.fixture
def run_python(hub, tmp_path):
    """Run Python with a Hub, a cache and a token of its own: clients read these when they are imported.

    `package=False` runs it in a folder without `spert_hf`; where that is installed, the program must hide it.
    """

    def run(*arguments, token=TOKEN, package=True, offline=False):
        environment = {
            **os.environ,
            "HF_ENDPOINT": hub.url,
            "HF_HOME": str(tmp_path / "cache"),
            "HF_HUB_OFFLINE": "1" if offline else "0",
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
        }
        for name in ("HF_TOKEN", "PYTHONPATH"):
            environment.pop(name, None)
        if token:
            environment["HF_TOKEN"] = token
        (tmp_path / "elsewhere").mkdir(exist_ok=True)
        folder = ROOT if package else tmp_path / "elsewhere"
        command = [sys.executable, *map(str, arguments)]
        return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=240)

    return run


# Calls functions of `spert_hf.hub.publishing`, in turn, and prints what each returned or said of its failure.
PUBLISH = """
import json, sys
from spert_hf.hub import publishing
for function, arguments in json.loads(sys.argv[1]):
    try:
        print(json.dumps(["published", getattr(publishing, function)(**arguments)]))
    except (OSError, ValueError) as error:
        print(json.dumps([type(error).__name__, str(error)]))
"""


@pytest.fixture
def publish_in_turn(run_python):
    """Call functions of `spert_hf.hub.publishing`: pairs of name and arguments to pairs of outcome and text."""

    def publish(*calls):
        done = run_python("-c", PUBLISH, json.dumps(calls))
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    return publish
