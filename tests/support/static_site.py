"""A folder served as any web server would serve it, and the page for browsers in it."""

import contextlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from spert_hf.hub.browser.runtime import runtime_file
from spert_hf.hub.browser.staging import find_export, stage_browser

SPACE = Path(__file__).parents[2] / "space"


class _Handler(SimpleHTTPRequestHandler):
    extensions_map = {**SimpleHTTPRequestHandler.extensions_map, ".mjs": "text/javascript"}  # noqa: RUF012

    def log_message(self, *_: object) -> None:
        """Be quiet."""


class Site:
    """A folder's address until it is taken down.

    Args:
        folder: the folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, directory=str(folder)))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/"

    def take_down(self) -> None:
        """Serve nothing any more."""
        self._server.shutdown()
        self._server.server_close()


@contextlib.contextmanager
def open_site(folder: Path) -> Iterator[Site]:
    """Serve a folder."""
    site = Site(folder)
    try:
        yield site
    finally:
        site.take_down()


def stage_site(folder: Path, model: Path | str, **settings: str) -> Path:
    """Stage the page with a model; skip the test where there is no demo, or the runtime can't be had."""
    if not SPACE.is_dir():
        pytest.skip("no demo in this checkout")
    try:
        runtime_file()
    except ValueError as error:
        pytest.skip(str(error))
    stage_browser(SPACE, folder, find_export(model) if isinstance(model, Path) else model, **settings)
    return folder
