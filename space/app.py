"""The demo: `python space/app.py [--model DIR_OR_ID]`, and what a Space on the Hub runs."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from spert_space.models import MODEL_VARIABLE, find_model
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
    from spert_hf.cli.options import add_model_options, load_pipeline
    from spert_space.extraction import Extractor
    from spert_space.server import build_server

    # Visitors see a local model's name, but not where it lies.
    name = Path(model).resolve().name if Path(model).is_dir() else model
    loading = argparse.ArgumentParser()
    add_model_options(loading)  # as the commands load it, with their defaults
    pipe = load_pipeline(loading.parse_args([f"--model={model}"]))
    return build_server(Extractor(pipe), settings or Settings(), name, url)


def main() -> int:
    """Serve until interrupted; return 1 with one line on stderr where there is nothing to serve."""
    options = _parser().parse_args()
    settings = Settings(requests_per_minute=options.requests_per_minute)
    from spert_hf.model.errors import CheckpointError

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


def _port(text: str) -> int:
    return _number(text, 0, 65_535)


def _rate(text: str) -> int:
    return _number(text, 0, 1_000_000)


def _number(text: str, least: int, most: int) -> int:
    if not text.isdecimal() or not least <= int(text) <= most:
        raise argparse.ArgumentTypeError(f"given {text!r}, allowed a whole number from {least} to {most}")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="app.py", description="A page and an API that show what a SpERT model finds in a text."
    )
    parser.add_argument(
        "--model",
        metavar="DIR_OR_ID",
        help=f"a checkpoint's folder or Hub id (default: ${MODEL_VARIABLE}, else checkpoints/quickstart)",
    )
    parser.add_argument(
        "--host",
        default=os.environ.get("GRADIO_SERVER_NAME", "127.0.0.1"),
        help="address to listen at; 0.0.0.0 is all of this machine's (default: %(default)s)",
    )
    parser.add_argument(
        "--port",
        type=_port,
        default=os.environ.get("GRADIO_SERVER_PORT", "7860"),  # as text, so that it is checked, too
        help="port to listen at (default: %(default)s)",
    )
    parser.add_argument(
        "--requests-per-minute",
        type=_rate,
        metavar="N",
        default=os.environ.get("SPERT_REQUESTS_PER_MINUTE", str(Settings().requests_per_minute)),
        help="requests of one address, 0 for any number (default: %(default)s)",
    )
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
