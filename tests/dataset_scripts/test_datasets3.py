"""The loading scripts, and what is published of them, under `datasets` 3, in an environment of its own."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from spert_hf.data.script_dataset import build_script
from tests.support.hub_server import HubServer
from tests.support.loading_scripts import SCRIPTS
from tests.support.source_files import MAKERS

VERSION = "3.6.0"
TOKEN = "hf_secret"
CONFIGURATIONS = {"quickstart": [None], "conll04": [None, "train_plus_dev"], "scierc": [None], "ade": [None, "full"]}

PUBLISH = """
import json, sys
from spert_hf.hub.publishing import publish_dataset
for name, data_dir in json.loads(sys.argv[1]):
    publish_dataset(name, f"ada/{name}", data_dir=data_dir)
"""

# Each line of the answer: rows by split, and the features' types as Arrow has them.
LOAD = """
import json, sys
import datasets
assert datasets.__version__ == sys.argv[1], datasets.__version__
for path, settings in json.loads(sys.argv[2]):
    loaded = datasets.load_dataset(path, **settings)
    schema = loaded["train"].features.arrow_schema.remove_metadata()
    print(json.dumps([{split: part.to_list() for split, part in loaded.items()}, str(schema)]))
"""

pytestmark = pytest.mark.nightly


@pytest.fixture(scope="module")
def python_with_datasets3(request):
    """A Python with `datasets` 3, kept between runs."""
    folder = Path(request.config.cache.mkdir(f"datasets-{VERSION}"))
    python = folder / "bin" / "python"
    ready = folder / "ready"
    if not ready.is_file():
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        command = [python, "-m", "pip", "install", "--quiet", f"datasets=={VERSION}"]
        installed = subprocess.run(command, capture_output=True, text=True, timeout=600)
        if installed.returncode:
            pytest.skip(f"datasets {VERSION} can't be installed: {installed.stderr.strip().splitlines()[-1]}")
        ready.touch()
    return python


@pytest.fixture
def hub():
    with HubServer({TOKEN: "ada"}) as server:
        yield server


@pytest.fixture
def run(hub, tmp_path):
    """Run a program with the Hub's server and caches of its own, for each Python one."""

    def run_program(python, *arguments, folder):
        environment = {
            **os.environ,
            "HF_ENDPOINT": hub.url,
            "HF_TOKEN": TOKEN,
            "HF_HOME": str(tmp_path / f"cache-{Path(python).parents[1].name}"),
            "HF_HUB_OFFLINE": "0",
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
        }
        environment.pop("PYTHONPATH", None)
        command = [str(python), "-c", *arguments]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=500)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run_program


def test_scripts_and_published_data_sets_load_alike(hub, run, python_with_datasets3, tmp_path):
    sources = {name: str(make(tmp_path / name)) for name, make in MAKERS.items()}
    asked = [(name, config) for name, configs in CONFIGURATIONS.items() for config in configs]
    run(
        sys.executable,
        PUBLISH,
        json.dumps([(name, sources.get(name)) for name in CONFIGURATIONS]),
        folder=SCRIPTS.parent,
    )
    from_scripts = [
        (str(SCRIPTS / name), {"name": config, "data_dir": sources.get(name), "trust_remote_code": True})
        for name, config in asked
    ]
    from_hub = [(f"ada/{name}", {"name": config} if config else {}) for name, config in asked]
    from_branch = [("ada/quickstart", {"revision": "script", "trust_remote_code": True})]
    calls = json.dumps([*from_scripts, *from_hub, *from_branch])
    lines = run(python_with_datasets3, LOAD, VERSION, calls, folder=tmp_path).splitlines()
    loaded = [json.loads(line) for line in lines]
    schemas = {schema for _, schema in loaded}
    assert len(schemas) == 1 and "start: int32" in schemas.pop()
    answers = [rows for rows, _ in loaded]
    for number, (name, config) in enumerate(asked):
        data_dir = Path(sources[name]) if name in sources else None
        built = build_script(SCRIPTS / name / f"{name}.py", data_dir=data_dir, config_name=config).rows
        assert answers[number] == built, name
        assert in_any_order(answers[len(asked) + number]) == in_any_order(built), name
    assert answers[-1] == answers[0]


def in_any_order(rows):
    """Rows by split, whose order does not count: those of folds follow file by file once they are published."""
    return {split: Counter(map(repr, part)) for split, part in rows.items()}
