"""The options of the demo, `space/app.py`."""

import argparse
import os

from ...model.messages import integer, must_be
from .command_parser import CommandParser

MODEL_VARIABLE = "SPERT_MODEL"
RATE_VARIABLE = "SPERT_REQUESTS_PER_MINUTE"


def make_parser(requests_per_minute: int) -> argparse.ArgumentParser:
    """Make the parser of the demo's options.

    Args:
        requests_per_minute: the default rate limit, which an environment variable overrides.

    Returns:
        The parser.
    """
    parser = CommandParser(
        prog="app.py", description="Serve a page and an API that show what a SpERT model finds in a text."
    )
    parser.add_argument(
        "--model",
        metavar="DIR_OR_ID",
        help=f"folder or Hub id of a checkpoint (default: ${MODEL_VARIABLE}, else checkpoints/quickstart)",
    )
    parser.add_argument(
        "--host",
        default=os.environ.get("GRADIO_SERVER_NAME", "127.0.0.1"),
        help="address to listen on; 0.0.0.0 for all interfaces (default: %(default)s)",
    )
    parser.add_argument(
        "--port",
        type=port,
        default=os.environ.get("GRADIO_SERVER_PORT", "7860"),  # as text, so that it is checked, too
        help="port to listen on (default: %(default)s)",
    )
    parser.add_argument(
        "--requests-per-minute",
        type=rate,
        metavar="N",
        default=os.environ.get(RATE_VARIABLE, str(requests_per_minute)),
        help="maximum number of requests per minute from one address, 0 for no limit (default: %(default)s)",
    )
    return parser


def port(text: str) -> int:
    """Read the number of a port."""
    return _number(text, 0, 65_535)


def rate(text: str) -> int:
    """Read a number of requests per minute; 0 is no limit."""
    return _number(text, 0, 1_000_000)


def _number(text: str, least: int, most: int) -> int:
    if not text.isdecimal() or not least <= int(text) <= most:
        raise argparse.ArgumentTypeError(must_be("", integer(least, most), repr(text)))
    return int(text)
