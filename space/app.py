"""The demo, run by `python space/app.py [--model DIR_OR_ID]` or as a Space on the Hub."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from spert_space.models import find_model
from spert_space.settings import Settings

PROXIES = ["127.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7"]
"""Private networks."""

if TYPE_CHECKING:
    from fastapi import FastAPI

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
# Gradio keeps about a kilobyte per request, by default for 10,000 requests, for a dashboard that is disabled here.
os.environ.setdefault("GRADIO_ANALYTICS_MAX_EVENTS", "100")


def build_app(model: str, settings: Settings | None = None, url: str = "http://127.0.0.1:7860") -> FastAPI:
    """Load a model and build the application that serves it.

    Args:
        model: folder or Hub id of a SpERT checkpoint.
        settings: limits of the service.
        url: the address shown in the API guide.

    Returns:
        The application.

    Raises:
        ValueError: it is not a SpERT model.
        OSError: it does not exist or can't be read.
    """
    import spert_hf
    from spert_space.extraction import Extractor
    from spert_space.server import build_server

    # Visitors see the name of a local model, but not its path.
    name = Path(model).resolve().name if Path(model).is_dir() else model
    pipe = spert_hf.load(model, dtype="float32")
    return build_server(Extractor(pipe), settings or Settings(), name, url)


def main() -> int:
    """Serve until interrupted; return 1 after one line on stderr if the model can't be loaded."""
    from spert_hf.cli.global_state import restored_state
    from spert_hf.cli.parsers.demo import make_parser

    options = make_parser(Settings().requests_per_minute).parse_args()
    with restored_state(with_models=True):
        return _serve(options)


def _serve(options: Namespace) -> int:
    from transformers.utils import logging

    from spert_hf.model.errors import CheckpointError

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    settings = Settings(requests_per_minute=options.requests_per_minute)
    try:
        app = build_app(find_model(options.model), settings, _public_url(options.host, options.port))
    except (OSError, ValueError, ImportError, CheckpointError) as error:
        sys.stderr.write(f"app.py: {error}\n")
        return 1
    import uvicorn

    on_the_hub = "SPACE_ID" in os.environ
    # On the Hub, requests come through its proxies, which append the client's address to `X-Forwarded-For`. Clients can
    # forge the beginning of that list, so the last address that is not a proxy's counts.
    uvicorn.run(app, host=options.host, port=options.port, forwarded_allow_ips=PROXIES if on_the_hub else None)
    return 0


def _public_url(host: str, port: int) -> str:
    """The public address of the server: that of the Space on the Hub."""
    space = os.environ.get("SPACE_HOST")
    return f"https://{space}" if space else f"http://{host}:{port}"


if __name__ == "__main__":
    raise SystemExit(main())
