import os
import subprocess
import sys
from pathlib import Path

import pytest

from app import main
from spert_space import models
from spert_space.models import find_model

ROOT = Path(__file__).parents[2]


def run_app(*arguments, **variables):
    environment = {name: value for name, value in os.environ.items() if name != "SPERT_MODEL"} | variables
    environment["PYTHONPATH"] = str(ROOT)
    command = [sys.executable, str(ROOT / "space" / "app.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)


def test_importing_the_app_loads_no_model_and_no_server():
    code = "import app, sys; assert callable(app.build_app); print(sorted({'torch', 'gradio'} & set(sys.modules)))"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "space")])}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, timeout=120)
    assert run.stdout == "[]\n", run.stderr


def test_help_names_every_option():
    shown = run_app("--help").stdout
    assert all(option in shown for option in ("--model", "--host", "--port", "--requests-per-minute", "SPERT_MODEL"))


def test_a_model_that_is_not_there_is_one_clear_line(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["app.py", "--model", str(tmp_path / "none")])
    assert main() == 1
    said = capsys.readouterr().err
    assert said.splitlines()[-1].startswith("app.py: ")
    assert "Traceback" not in said


def test_which_model(monkeypatch, tmp_path):
    monkeypatch.delenv("SPERT_MODEL", raising=False)
    monkeypatch.setattr(models, "QUICKSTART_CHECKPOINT", tmp_path)
    with pytest.raises(FileNotFoundError, match=r"name one with --model .* or train .* `accelerate launch train.py`"):
        find_model()
    (tmp_path / "config.json").write_text("{}")
    assert find_model() == str(tmp_path)
    monkeypatch.setenv("SPERT_MODEL", "user/model")
    assert find_model() == "user/model"
    assert find_model("other/model") == "other/model"


def test_build_app_shows_the_name_of_a_local_model_but_not_its_place(tiny_checkpoint):
    from starlette.testclient import TestClient

    from app import build_app

    with TestClient(build_app(str(tiny_checkpoint))) as client:
        page = client.get("/").text
    assert tiny_checkpoint.name in page
    assert str(tiny_checkpoint.parent) not in page


def test_build_app_changes_nothing_for_others_in_its_process(tiny_checkpoint):
    from transformers.utils import logging

    from app import build_app

    def state():
        return logging.get_verbosity(), logging.is_progress_bar_enabled()

    before = state()
    build_app(str(tiny_checkpoint))
    assert state() == before


@pytest.mark.parametrize(
    ("forwarded", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("192.0.2.7, 10.0.0.9", "192.0.2.7"),
        ("203.0.113.1, 192.0.2.7", "192.0.2.7"),
        ("203.0.113.1, 127.0.0.1, 192.0.2.7, 10.0.0.9", "192.0.2.7"),
    ],
)
def test_on_the_hub_what_a_visitor_says_of_its_address_does_not_count(forwarded, counted):
    """Its proxies add to the list; what stands before that was said by whoever asks."""
    import asyncio

    from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

    from app import PROXIES

    seen = []

    async def note(scope, receive, send):
        seen.append(scope["client"][0])

    scope = {"type": "http", "client": ("10.1.2.3", 5), "headers": [(b"x-forwarded-for", forwarded.encode())]}
    asyncio.run(ProxyHeadersMiddleware(note, PROXIES)(scope, None, None))
    assert seen == [counted]


def test_requirements_are_the_versions_that_were_tested():
    def pins(path):
        lines = [line.split(";") for line in path.read_text().splitlines() if "==" in line]
        # Of several pins for one package the first is for the Python of the Space.
        return dict(line[0].strip().split("==") for line in reversed(lines))

    required, tested = pins(ROOT / "space" / "requirements.txt"), pins(ROOT / "constraints.txt")
    assert required
    assert required == {name: tested[name] for name in required}


def test_the_card_runs_the_gradio_that_was_tested():
    import yaml

    front = yaml.safe_load((ROOT / "space" / "README.md").read_text(encoding="utf-8").split("---")[1])
    assert f"gradio=={front['sdk_version']}" in (ROOT / "space" / "requirements.txt").read_text()
    assert (ROOT / "space" / front["app_file"]).is_file()
    assert len(front["short_description"]) <= 60, "the Hub refuses longer ones"


def test_the_vendored_library_is_the_one_described():
    import hashlib

    folder = ROOT / "space" / "view" / "vendor"
    described = (folder / "README.md").read_text(encoding="utf-8")
    for file in folder.glob("*.mjs"):
        assert hashlib.sha256(file.read_bytes()).hexdigest() in described
