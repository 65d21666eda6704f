"""The demo: `python space/app.py [--model DIR_OR_ID]`, and what a Space on the Hub runs."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from spert_space.models import find_model
from spert_space.settings import Settings

PROXIES = ["127.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7"]
"""Networks that only machines beside this one have."""

if TYPE_CHECKING:
    from fastapi import FastAPI

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
# Gradio keeps a kilobyte about each of so many requests, for a dashboard that is off here; by default of 10,000.
os.environ.setdefault("GRADIO_ANALYTICS_MAX_EVENTS", "100")


def build_app(model: str, settings: Settings | None = None, url: str = "http://127.0.0.1:7860") -> FastAPI:
    """Load a model and build the application that serves it.

    Args:
        model: folder or Hub id of a SpERT checkpoint.
        settings: bounds of the service.
        url: address that the page's API guide shows.

    Raises:
        ValueError: what is there is no SpERT model.
        OSError: nothing is there, or it cannot be read.
    """
    from transformers.utils import logging

    import spert_hf
    from spert_space.extraction import Extractor
    from spert_space.server import build_server

    # Visitors see a local model's name, but not where it lies.
    name = Path(model).resolve().name if Path(model).is_dir() else model
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    pipe = spert_hf.load(model, dtype="float32")
    return build_server(Extractor(pipe), settings or Settings(), name, url)


def main() -> int:
    """Serve until interrupted; return 1 with one line on stderr where there is nothing to serve."""
    from spert_hf.cli.parsers.demo import make_parser
    from spert_hf.model.errors import CheckpointError

    options = make_parser(Settings().requests_per_minute).parse_args()
    settings = Settings(requests_per_minute=options.requests_per_minute)
    try:
        app = build_app(find_model(options.model), settings, _public_url(options.host, options.port))
    except (OSError, ValueError, ImportError, CheckpointError) as error:
        sys.stderr.write(f"app.py: {error}\n")
        return 1
    import uvicorn

    on_the_hub = "SPACE_ID" in os.environ
    # On the Hub every request comes through its proxies, which tell whose it is. What was told to them comes first in
    # their list and may be anything: whose address counts is the last that is not one of theirs.
    uvicorn.run(app, host=options.host, port=options.port, forwarded_allow_ips=PROXIES if on_the_hub else None)
    return 0


def _public_url(host: str, port: int) -> str:
    """The address under which visitors reach the server: the Space's own on the Hub."""
    space = os.environ.get("SPACE_HOST")
    return f"https://{space}" if space else f"http://{host}:{port}"


if __name__ == "__main__":
    raise SystemExit(main())
