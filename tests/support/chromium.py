"""A headless Chromium: `$SPERT_BROWSER`, else a Chromium or Chrome on the path; without one a test is skipped."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
QUIET_FLAGS = [  # as root, without a screen, and without Chromium's own calls home
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium_path() -> str:
    """Find it; skip the test where there is none."""
    executable = os.environ.get("SPERT_BROWSER") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if executable is None:
        pytest.skip("no browser: install Chromium, or name one in SPERT_BROWSER")
    return executable


@contextlib.contextmanager
def open_chromium() -> Iterator[Any]:
    """Start it."""
    executable = chromium_path()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=QUIET_FLAGS)
        yield browser
        browser.close()
