"""The options of `spert-hf serve`."""

import argparse

from ...serving.settings import ServerLimits
from ..options import add_model_options, positive
from .command_parser import CommandParser
from .demo import port, rate


def make_parser() -> argparse.ArgumentParser:
    """Make the parser of the options."""
    default = ServerLimits()
    parser = CommandParser(
        prog="spert-hf serve",
        description="Serve a model's API over HTTP: POST /extract, GET /health, /ready, /metrics and /openapi.json. "
        "Requests that wait together are predicted together, as many as --batch-size. It needs the extra serve.",
    )
    add_model_options(parser, only_extracts=True)
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on; 0.0.0.0 for all (default: %(default)s)"
    )
    parser.add_argument("--port", type=port, default=8000, help="port to listen on (default: %(default)s)")
    parser.add_argument(
        "--workers",
        type=positive,
        default=1,
        metavar="N",
        help="processes that predict, each with the model; with 1, the server itself does (default: %(default)s)",
    )
    parser.add_argument(
        "--threads", type=positive, metavar="N", help="threads of each worker (default: the cores, shared out to them)"
    )
    _add_limits(parser, default)
    return parser


def _add_limits(parser: argparse.ArgumentParser, default: ServerLimits) -> None:
    group = parser.add_argument_group("limits")
    group.add_argument(
        "--max-characters",
        type=positive,
        default=default.max_characters,
        metavar="N",
        help="maximum length of a text, and of those of a batch together (default: %(default)s)",
    )
    group.add_argument(
        "--queue-size",
        type=positive,
        default=default.queue_size,
        metavar="N",
        help="maximum number of waiting requests; further ones are refused with 503 (default: %(default)s)",
    )
    group.add_argument(
        "--requests-per-minute",
        type=rate,
        default=default.requests_per_minute,
        metavar="N",
        help="maximum number of requests per minute from one address; 0 for no limit (default: %(default)s)",
    )
    group.add_argument(
        "--grace-seconds",
        type=positive,
        default=int(default.grace_seconds),
        metavar="N",
        help="time for accepted requests when the server is stopped (default: %(default)s)",
    )
