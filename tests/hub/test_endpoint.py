"""A published model's handler, loaded from the repository's files as an Inference Endpoint loads it."""

import json
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from spert_hf.cli.main import main
from spert_hf.hub.endpoint import ENDPOINT_FILES

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib

TEXT = "Marian Pell works for Northern Paper Co. in Duluth, where she was born."

PUBLISH = """
import sys
from spert_hf.cli.main import main
sys.exit(main(["publish", "model", *sys.argv[1:]]))
"""

# As `check_and_register_custom_pipeline_from_directory` of huggingface_inference_toolkit does, without this package.
ENDPOINT = """
import importlib.util, json, sys
sys.modules["spert_hf"] = None
folder, *bodies = sys.argv[1:]
spec = importlib.util.spec_from_file_location("handler.EndpointHandler", folder + "/handler.py")
sys.path.insert(0, folder)
module = importlib.util.module_from_spec(spec)
sys.modules["handler.EndpointHandler"] = module
spec.loader.exec_module(module)
handler = module.EndpointHandler(folder)
for body in bodies:
    try:
        print(json.dumps(handler(json.loads(body))))
    except Exception as error:
        print(json.dumps({"error": str(error)}))
"""

REFUSED = [
    ({}, "inputs must be a text, an object with text or tokens, or a list of them, got none"),
    ({"inputs": 7}, "inputs must be a text, an object with text or tokens, or a list of them, got int"),
    ({"inputs": TEXT, "parameters": []}, "parameters must be an object, got list"),
    ({"inputs": TEXT, "parameters": {"threshold": 1}}, "parameters must be among batch_size, entities, "),
    ({"inputs": TEXT, "parameters": {"overlap": "some"}}, "overlap must be 'keep', 'drop' or 'best', got 'some'"),
    ({"inputs": TEXT, "parameters": {"relation_threshold": 2}}, "relation_threshold must be a number from 0 to 1"),
    ({"inputs": [TEXT, 7]}, "input 1: must be a string or a list of words, got 7"),
]


@pytest.mark.e2e
def test_an_endpoint_answers_as_the_pipeline_does(hub, run_python, tiny_checkpoint, tiny_pipeline, tmp_path):
    done = run_python("-c", PUBLISH, tiny_checkpoint, "ada/served", "--handler")
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "repository"
    for name, content in hub.repositories["model", "ada/served"].branches["main"][-1].files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    settings = {"relation_threshold": 0.2, "overlap": "best", "with_text": True}
    words = {"tokens": TEXT.split()}
    bodies = [
        {"inputs": TEXT},
        {"inputs": [TEXT, words, "It rained."], "parameters": settings},
        {"inputs": [], "parameters": None},
        *(body for body, _ in REFUSED),
    ]
    done = run_python("-c", ENDPOINT, folder, *map(json.dumps, bodies))
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    expected = [tiny_pipeline(TEXT), tiny_pipeline([TEXT, words, "It rained."], **settings), []]
    assert answers[:3] == json.loads(json.dumps(expected), parse_float=lambda one: pytest.approx(float(one), abs=1e-5))
    for answer, (body, message) in zip(answers[3:], REFUSED, strict=True):
        assert answer["error"].startswith(message), body
        assert "\n" not in answer["error"]


def test_its_files_are_added_only_when_asked_for(tiny_checkpoint, capsys):
    for arguments in ([], ["--handler"]):
        assert main(["publish", "model", str(tiny_checkpoint), "ada/tiny", "--dry-run", *arguments]) == 0
        listed = capsys.readouterr().err.split()
        assert all((name in listed) == bool(arguments) for name in ENDPOINT_FILES)


def test_the_container_gets_what_the_package_asks_for():
    root = Path(__file__).parents[2]
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = {Requirement(one).name: one for one in project["dependencies"]}
    lines = (root / "spert_hf" / "hub" / "endpoint" / "requirements.txt").read_text(encoding="utf-8").split()
    assert lines == [asked["torch"], asked["transformers"]]
