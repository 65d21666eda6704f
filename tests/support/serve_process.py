"""`spert-hf serve` as a process of its own, and many requests to it at once."""

import contextlib
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.support import growth
from tests.support.space_process import ROOT, RequestsReport

SECONDS_TO_START = 120


class ServerProcess:
    """A running server.

    Args:
        process: the process.
        log: the file with what it writes.
    """

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process = process
        self.log = log
        self.port = 0

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def written(self) -> str:
        """What it has written so far."""
        return self.log.read_text(encoding="utf-8")

    def wait_until_it_listens(self) -> None:
        """Wait for the line that says so."""
        end = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < end:
            if found := re.search(r"^Serving .* at http://\S+:(\d+) ", self.written(), re.MULTILINE):
                self.port = int(found[1])
                return
            assert self.process.poll() is None, self.written()
            time.sleep(0.05)
        raise AssertionError(f"the server did not start in {SECONDS_TO_START} s")

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal; returns the exit code."""
        self.process.send_signal(number)
        return self.process.wait(SECONDS_TO_START)


def start_server(log: Path, *arguments: str, **variables: str) -> ServerProcess:
    """Start a server without waiting for it.

    Args:
        log: file for what it writes.
        arguments: of the command.
        variables: of its environment.
    """
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *_others()]), "OMP_NUM_THREADS": "1"}
    with log.open("wb") as stream:
        command = [sys.executable, "-m", "spert_hf", "serve", "--port=0", *arguments]
        process = subprocess.Popen(command, stdout=stream, stderr=subprocess.STDOUT, env=environment | variables)
    return ServerProcess(process, log)


def _others() -> list[str]:
    return [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]


@contextlib.contextmanager
def serve(log: Path, *arguments: str, **variables: str) -> Iterator[ServerProcess]:
    """Run a server; see [`start_server`]."""
    server = start_server(log, *arguments, **variables)
    try:
        server.wait_until_it_listens()
        yield server
    finally:
        if server.process.poll() is None:
            server.process.terminate()
            try:
                server.process.wait(30)
            except subprocess.TimeoutExpired:
                server.process.kill()


class Client:
    """A connection that is kept alive; much cheaper than the clients of libraries, which take as long as an answer.

    Args:
        port: of the server.
    """

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def extract(self, text: str, **parameters: Any) -> tuple[int, Any]:
        """Call `/extract`; returns the status and the JSON of the response."""
        self._connection.request("POST", "/extract", json.dumps({"text": text, **parameters}))
        response = self._connection.getresponse()
        return response.status, json.loads(response.read())


def workers_of(server: ServerProcess) -> set[int]:
    """Process ids of a server's workers, without Python's own helper process."""
    tasks = Path(f"/proc/{server.process.pid}/task").iterdir()
    children = [int(child) for task in tasks for child in (task / "children").read_text().split()]
    return {pid for pid in children if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()}


def send_requests(server: ServerProcess, texts: Sequence[str], clients: int, every: int) -> RequestsReport:
    """Send texts from several threads at once, each with a connection of its own.

    Args:
        server: the server.
        texts: to send; client number n sends every text whose number is n modulo `clients`.
        clients: threads.
        every: answers after which memory is measured.
    """
    report = RequestsReport([None] * len(texts), every=every)
    measuring = threading.Lock()
    answered = 0

    def send(first: int) -> None:
        nonlocal answered
        client = Client(server.port)
        for number in range(first, len(texts), clients):
            status, answer = client.extract(texts[number])
            assert status == 200, (status, answer, texts[number][:80])
            report.answers[number] = answer
            with measuring:
                answered += 1
                if answered % every == 0:
                    report.resident.append(sum(map(growth.resident_bytes, [server.process.pid, *workers_of(server)])))

    start = time.monotonic()
    with ThreadPoolExecutor(clients) as threads:
        list(threads.map(send, range(clients)))
    report.seconds = time.monotonic() - start
    return report
