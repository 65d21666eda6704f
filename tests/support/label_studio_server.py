"""Label Studio itself, on a loopback port, as a user has it: its API, and its page in a browser."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.tool_environments import environment, free_port, wait_for, wait_until

REQUIREMENTS = ("label-studio==1.23.2",)
USER, PASSWORD, TOKEN = "annotator@example.org", "not-a-secret-1", "0123456789abcdef0123456789abcdef01234567"


@dataclass(frozen=True)
class LabelStudio:
    """A running server.

    Args:
        address: Its URL.
    """

    address: str

    def create_project(self, title: str, interface: str) -> int:
        """Make a project; return its number."""
        return int(self._call("POST", "/api/projects", {"title": title, "label_config": interface})["id"])

    def import_tasks(self, project: int, tasks: list[dict[str, Any]]) -> None:
        """Import tasks with their predictions."""
        answer = self._call("POST", f"/api/projects/{project}/import", tasks)
        assert answer["task_count"] == len(tasks), answer

    def tasks(self, project: int) -> list[int]:
        """Numbers of the project's tasks, in order."""
        return sorted(task["id"] for task in self.export(project))

    def export(self, project: int) -> list[dict[str, Any]]:
        """Give the JSON export, with tasks that nobody has annotated."""
        exported: list[dict[str, Any]] = self._call(
            "GET", f"/api/projects/{project}/export?exportType=JSON&download_all_tasks=true"
        )
        return exported

    def connect_backend(self, project: int, url: str) -> dict[str, Any]:
        """Connect an ML backend to a project."""
        answer: dict[str, Any] = self._call("POST", "/api/ml", {"url": url, "project": project, "title": "SpERT"})
        return answer

    def log_in(self, page: Any) -> None:
        """Log in with the page's own form."""
        page.goto(f"{self.address}/user/login/")
        page.fill("input[name=email]", USER)
        page.fill("input[name=password]", PASSWORD)
        page.click("button[type=submit], input[type=submit]")
        page.wait_for_url(lambda url: "/user/login" not in url)

    def submit(self, page: Any, project: int, task: int) -> None:
        """Open a task in the page, where its prediction becomes a new annotation, and submit that."""
        page.goto(f"{self.address}/projects/{project}/data?task={task}")
        button = page.locator("button", has_text=re.compile("^Submit$"))
        button.wait_for(timeout=120_000)
        wait_until(button.is_enabled)
        button.click()
        wait_until(lambda: self._is_annotated(task))

    def _is_annotated(self, task: int) -> bool:
        return bool(self._call("GET", f"/api/tasks/{task}/annotations/"))

    def _call(self, method: str, path: str, body: object = None) -> Any:
        headers = {"Authorization": f"Token {TOKEN}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.address + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.load(answer)


@contextlib.contextmanager
def serve_label_studio(folder: Path) -> Iterator[LabelStudio]:
    """Start a server with an empty data base.

    Args:
        folder: for its data and its log.
    """
    commands, port, log = environment("label-studio-1.23.2", REQUIREMENTS), free_port(), folder / "label-studio.log"
    command = [commands / "label-studio", "start", "--no-browser", "--internal-host", "127.0.0.1", "--port", str(port)]
    command += ["--username", USER, "--password", PASSWORD, "--user-token", TOKEN]
    quiet = {"COLLECT_ANALYTICS": "False", "LATEST_VERSION_CHECK": "False", "SENTRY_DSN": "", "FRONTEND_SENTRY_DSN": ""}
    settings = {"LABEL_STUDIO_BASE_DATA_DIR": str(folder / "data"), "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true"}
    settings |= {"ML_BLOCK_LOCAL_IP": "false", "SSRF_PROTECTION_ENABLED": "false"}  # for a backend on this machine
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")} | quiet | settings
    with log.open("wb") as stream:
        process = subprocess.Popen(command, stdout=stream, stderr=subprocess.STDOUT, env=environ)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{address}/health", process, log)
        yield LabelStudio(address)
    finally:
        process.terminate()
        process.wait(30)
