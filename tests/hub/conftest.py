"""A Hub to publish to, and Python processes that use it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.hub_server import HubServer
from tests.support.warm_python import WarmPython

ROOT = Path(__file__).parents[2]
TOKEN = "hf_secret"


@pytest.fixture(scope="session")
def hub_server():
    with HubServer({TOKEN: "ada"}) as server:
        yield server


@pytest.fixture
def hub(hub_server):
    """A Hub without repositories, of which nothing has been asked."""
    hub_server.reset()
    return hub_server


@pytest.fixture(scope="session")
def hub_environment(hub_server, tmp_path_factory):
    """Variables of processes that use the Hub: clients read them when they are imported."""
    environment = {
        **os.environ,
        "HF_ENDPOINT": hub_server.url,
        "HF_HOME": str(tmp_path_factory.mktemp("hub") / "cache"),
        "HF_HUB_OFFLINE": "0",
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }
    for name in ("HF_TOKEN", "PYTHONPATH"):
        environment.pop(name, None)
    return environment


@pytest.fixture(scope="session")
def warm_python(hub_environment, tmp_path_factory):
    """As that of all tests, for processes that use the Hub."""
    with WarmPython(hub_environment, tmp_path_factory.mktemp("streams")) as python:
        yield python


@pytest.fixture
def empty_cache(hub_environment):
    """The Hub's cache, in which no test before has left anything."""
    shutil.rmtree(hub_environment["HF_HOME"], ignore_errors=True)


@pytest.fixture
def elsewhere(tmp_path):
    """A folder without `spert_hf`; where that is installed, programs must hide it."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return folder


@pytest.fixture
def run_python(hub, empty_cache, warm_python, elsewhere):
    """Run Python with a Hub, an empty cache and a token, beside the package or (`package=False`) elsewhere."""

    def run(*arguments, token=TOKEN, package=True):
        return warm_python.run(arguments, ROOT if package else elsewhere, {"HF_TOKEN": token})

    return run


@pytest.fixture
def run_fresh_python(hub, empty_cache, hub_environment, elsewhere):
    """As `run_python`, in processes that import everything themselves; `offline=True` is without a Hub."""

    def run(*arguments, token=TOKEN, package=True, offline=False):
        environment = hub_environment | {"HF_HUB_OFFLINE": "1" if offline else "0"}
        environment |= {"HF_TOKEN": token} if token else {}
        folder, command = ROOT if package else elsewhere, [sys.executable, *map(str, arguments)]
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
