"""doccano itself, on a loopback port: its web server and its task queue, its API, and its page in a browser."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import urllib.request
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.tool_environments import environment, free_port, wait_for, wait_until

REQUIREMENTS = ("doccano==1.8.4", "setuptools<66", "marshmallow<4", "numpy<2")
"""With newer ones of these it does not start."""

USER, PASSWORD = "annotator", "not-a-secret-1"


@dataclass(frozen=True)
class Doccano:
    """A running server.

    Args:
        address: Its URL.
        token: Of the user.
    """

    address: str
    token: str

    def create_project(self, name: str, grapheme_mode: bool = False) -> int:
        """Make a project for spans, which may overlap, with relations; return its number."""
        settings = {"use_relation": True, "allow_overlapping": True, "grapheme_mode": grapheme_mode}
        kind = {"resourcetype": "SequenceLabelingProject", "project_type": "SequenceLabeling"}
        body = {"name": name, "description": name, "tags": [], **kind, **settings}
        return int(self._json("POST", "/v1/projects", body)["id"])

    def import_file(self, project: int, path: Path) -> None:
        """Upload a file, and import it as the page does (JSONL, with relations)."""
        upload = self._upload(path)
        settings = {"column_data": "text", "column_label": "label", "delimiter": ",", "encoding": "utf_8"}
        body = {"uploadIds": [upload], "format": "JSONL", "task": "RelationExtraction", **settings}
        self._wait(self._json("POST", f"/v1/projects/{project}/upload", body)["task_id"])

    def count_texts(self, project: int) -> int:
        """How many texts a project has."""
        return int(self._json("GET", f"/v1/projects/{project}/examples")["count"])

    def export(self, project: int, approved: bool = False) -> bytes:
        """Give the export, an archive, of all texts or those that were approved."""
        body = {"format": "JSONL", "exportApproved": approved}
        task = self._json("POST", f"/v1/projects/{project}/download", body)["task_id"]
        self._wait(task)
        return self._call("GET", f"/v1/projects/{project}/download?taskId={task}")

    def approve(self, page: Any, project: int, number: int) -> str:
        """Open a text in the page, approve it there, and return what the page shows of it."""
        page.goto(f"{self.address}/projects/{project}/sequence-labeling?page={number}")
        page.locator(".v-application svg text").first.wait_for()
        shown: str = page.locator("main").inner_text()
        page.keyboard.press("Enter")  # the page's key for "checked"
        wait_until(lambda: self._json("GET", f"/v1/projects/{project}/examples")["results"][number - 1]["is_confirmed"])
        return shown

    def log_in(self, page: Any) -> None:
        """Log in with the page's own form."""
        page.goto(f"{self.address}/auth")
        page.fill("input[name=username]", USER)
        page.fill("input[name=password]", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/projects**")

    def _upload(self, path: Path) -> str:
        border = uuid.uuid4().hex
        head = f'--{border}\r\nContent-Disposition: form-data; name="filepond"; filename="{path.name}"\r\n'
        body = f"{head}Content-Type: application/octet-stream\r\n\r\n".encode() + path.read_bytes()
        body += f"\r\n--{border}--\r\n".encode()
        return self._call("POST", "/v1/fp/process/", body, f"multipart/form-data; boundary={border}").decode()

    def _wait(self, task: str) -> None:
        wait_until(lambda: self._json("GET", f"/v1/tasks/status/{task}")["ready"], 300)
        status = self._json("GET", f"/v1/tasks/status/{task}")
        result = status.get("result")  # of an export the file's name
        assert not status.get("error") and not (isinstance(result, dict) and result["error"]), status

    def _json(self, method: str, path: str, body: object = None) -> Any:
        return json.loads(self._call(method, path, None if body is None else json.dumps(body).encode()))

    def _call(self, method: str, path: str, body: bytes | None = None, kind: str = "application/json") -> bytes:
        headers = {"Authorization": f"Token {self.token}", "Content-Type": kind}
        request = urllib.request.Request(self.address + path, body, headers, method=method)
        with urllib.request.urlopen(request, timeout=120) as answer:
            return bytes(answer.read())


@contextlib.contextmanager
def serve_doccano(folder: Path) -> Iterator[Doccano]:
    """Start a server with an empty data base.

    Args:
        folder: for its data and its logs.
    """
    commands, port = environment("doccano-1.8.4", REQUIREMENTS), free_port()
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environ |= {"DOCCANO_HOME": str(folder / "data"), "DEBUG": "False", "PATH": f"{commands}:{os.environ['PATH']}"}
    create = ["createuser", "--username", USER, "--password", PASSWORD, "--email", "annotator@example.org"]
    for command in (["init"], create):
        subprocess.run([commands / "doccano", *command], check=True, env=environ, capture_output=True)
    package = next(commands.parent.glob("lib/python*/site-packages/backend"))
    serve = [commands / "gunicorn", "--bind", f"127.0.0.1:{port}", "--chdir", package, "config.wsgi"]
    settings = {
        "DJANGO_SETTINGS_MODULE": "config.settings.production",
        "STANDALONE": "True",
        "DATABASE_URL": f"sqlite:///{folder / 'data' / 'db.sqlite3'}",
        "MEDIA_ROOT": str(folder / "data" / "media"),
    }
    queue = [commands / "doccano", "task", "--concurrency", "1"]
    processes = []
    with contextlib.ExitStack() as logs:
        for name, command, more in (("server", serve, settings), ("queue", queue, {})):
            log = logs.enter_context((folder / f"{name}.log").open("wb"))
            processes.append(subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=environ | more))
        address = f"http://127.0.0.1:{port}"
        try:
            wait_for(f"{address}/v1/health/", processes[0], folder / "server.log")
            yield Doccano(address, _log_in(address))
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait(60)


def _log_in(address: str) -> str:
    body = json.dumps({"username": USER, "password": PASSWORD}).encode()
    request = urllib.request.Request(f"{address}/v1/auth/login/", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return str(json.load(answer)["key"])
