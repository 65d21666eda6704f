"""The page on serving: its calls are made, and its Dockerfile names what there is."""

import json
import re
import shlex
import subprocess

import pytest

from spert_hf.serving.parameters import describe_parameters
from spert_hf.serving.settings import ServerLimits
from tests.support.documented_commands import check_command
from tests.support.markdown_pages import DOCS, ROOT, blocks_of

PAGE = DOCS / "serving.md"
URL = "http://127.0.0.1:8000"


def calls():
    lines = [line for block in blocks_of(PAGE) if block.language == "bash" for line in block.text.splitlines()]
    return [line for line in lines if line.startswith("curl ")]


def test_its_calls_are_answered(tiny_pipeline):
    pytest.importorskip("prometheus_client", reason="needs the extra serve")
    from tests.support.serving import serve_pipelines

    made = calls()
    assert {re.search(f"{URL}(/[a-z.]+)", call)[1] for call in made} == {
        *("/extract", "/openapi.json", "/health", "/ready", "/metrics")
    }
    with serve_pipelines(tiny_pipeline) as server:
        answers = []
        for call in made:
            run = subprocess.run(["bash", "-c", call.replace(URL, server.url)], capture_output=True, timeout=60)
            assert run.returncode == 0 and run.stdout, call
            answers.append(run.stdout.decode())
        metrics = answers.pop()
    found, refused, document, health, ready = map(json.loads, answers)
    assert found == tiny_pipeline("Marian Pell works for Northern Paper.", overlap="best")
    assert json.dumps(refused) in [block.text.strip() for block in blocks_of(PAGE) if block.language == "json"]
    assert document["paths"]
    assert (health["status"], ready["status"]) == ("ok", "ready")
    named = re.findall(r"`(spert_\w+)`", PAGE.read_text(encoding="utf-8"))
    assert len(named) == 8
    assert all(f"# TYPE {name.removesuffix('_total')}" in metrics for name in named)


def test_its_tables_are_those_of_the_code():
    text = PAGE.read_text(encoding="utf-8")
    for one in describe_parameters(ServerLimits().max_characters):
        assert " ".join(f"| `{one.name}` | {one.default} | {one.description} |".split()) in text
    limits = ServerLimits()
    for option, value in (
        ("queue-size", limits.queue_size),
        ("max-characters", limits.max_characters),
        ("requests-per-minute", limits.requests_per_minute),
        ("grace-seconds", int(limits.grace_seconds)),
    ):
        assert f"| `--{option}` | {value} |" in text


def test_its_dockerfile_names_what_there_is():
    (block,) = (block for block in blocks_of(PAGE) if block.language == "dockerfile")
    text = block.text.replace("\\\n", "")
    instructions = dict.fromkeys(line.split(" ", 1)[0] for line in text.splitlines() if line)
    assert {"FROM", "COPY", "RUN", "USER", "HEALTHCHECK", "ENTRYPOINT", "CMD"} <= instructions.keys()
    for path in re.findall(r"/src/([\w./]+)", text):
        assert ROOT.joinpath(path.rstrip("/")).exists(), path
    assert 'serve = ["starlette' in (ROOT / "distributions" / "onnx" / "pyproject.toml").read_text(encoding="utf-8")
    entry, arguments = (
        json.loads(re.search(rf"^{name} (\[.*\])$", text, re.MULTILINE)[1]) for name in ("ENTRYPOINT", "CMD")
    )
    check_command([*entry, *arguments])
    assert shlex.split(re.search(r"^USER (.*)$", text, re.MULTILINE)[1]) == ["spert"]
    health = json.loads(re.search(r"^HEALTHCHECK .*CMD (\[.*\])$", text, re.MULTILINE)[1])
    compile(health[-1], "HEALTHCHECK", "exec")
