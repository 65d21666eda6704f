"""Annotation tools in environments of their own, installed once and kept, for what they need does not go with ours."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

SECONDS_TO_START = 900


def environment(name: str, requirements: Sequence[str]) -> Path:
    """Make an environment with packages, or take the one that was made before.

    It lies in `$SPERT_TOOLS`, else in the user's cache.

    Args:
        name: Of the tool, with its version.
        requirements: What to install.

    Returns:
        The folder with its commands. Where it can't be installed, the test is skipped.
    """
    kept = Path(os.environ.get("SPERT_TOOLS") or Path.home() / ".cache" / "spert-hf" / "tools")
    folder, whole = kept / name, kept / name / "installed"
    if not whole.is_file():
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        install = [folder / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", *requirements]
        done = subprocess.run(install, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"{name} could not be installed: {done.stderr.strip().splitlines()[-1]}")
        whole.touch()
    return folder / "bin"


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until a server answers, whatever it does."""
    end = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text(encoding="utf-8", errors="replace")
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.5)
        else:
            return
    raise AssertionError(f"{url} did not answer in {SECONDS_TO_START} s")


def wait_until(holds: Callable[[], object], seconds: float = 60) -> None:
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"still not so after {seconds} s"
        time.sleep(0.2)
