"""The demo as a process of its own, as it runs on the Hub, and many requests to it at once."""

import contextlib
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support import growth

ROOT = Path(__file__).parents[2]
SECONDS_TO_START = 120


@contextlib.contextmanager
def serve_process(model: Path, log: Path) -> Iterator[tuple[str, int]]:
    """Run `space/app.py` without a bound on the rate of requests.

    Args:
        model: folder of a checkpoint.
        log: file for what the server writes.

    Yields:
        Its address and its process id.
    """
    command = [
        sys.executable,
        str(ROOT / "space" / "app.py"),
        f"--model={model}",
        "--port=0",
        "--requests-per-minute=0",
    ]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    with log.open("wb") as stream:
        process = subprocess.Popen(command, stdout=stream, stderr=subprocess.STDOUT, env=environment)
    try:
        yield _address(process, log), process.pid
    finally:
        process.terminate()
        process.wait(SECONDS_TO_START)


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    """Where the server listens, as soon as it does."""
    end = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < end:
        if found := re.search(r"running on (http://\S+)", log.read_text(encoding="utf-8")):
            return found[1]
        assert process.poll() is None, log.read_text(encoding="utf-8")
        time.sleep(0.1)
    raise AssertionError(f"the server did not start in {SECONDS_TO_START} s")


@dataclass
class RequestsReport:
    """What many requests showed.

    Args:
        answers: one a text, in the order of the texts.
        seconds: that all took together.
        resident: bytes of the server's process, one a so many answers.
        every: answers from one measurement to the next.
    """

    answers: list[Any]
    seconds: float = 0.0
    resident: list[int] = field(default_factory=list)
    every: int = 1

    def growth_a_request(self) -> float:
        """Bytes by which the server grows with each request of the second half, by least squares."""
        return growth.slope(self.resident[len(self.resident) // 2 :]) / self.every


def send_requests(url: str, pid: int, texts: Sequence[str], clients: int, every: int) -> RequestsReport:
    """Send texts to the demo's API from several threads at once, each with a client of its own.

    Args:
        url: of the demo.
        pid: of its process.
        texts: to send; client number n sends every text whose number is n modulo `clients`.
        clients: threads.
        every: answers after which memory is measured.

    Raises:
        gradio_client.exceptions.AppError: a request failed.
    """
    from gradio_client import Client

    report = RequestsReport([None] * len(texts), every=every)
    measuring = threading.Lock()
    answered = 0

    def send(first: int) -> None:
        nonlocal answered
        client = Client(url, verbose=False)
        for number in range(first, len(texts), clients):
            report.answers[number] = client.predict(text=texts[number], api_name="/extract")
            with measuring:
                answered += 1
                if answered % every == 0:
                    report.resident.append(growth.resident_bytes(pid))

    start = time.monotonic()
    with ThreadPoolExecutor(clients) as threads:
        list(threads.map(send, range(clients)))
    report.seconds = time.monotonic() - start
    return report
