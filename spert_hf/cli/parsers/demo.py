"""The options of the demo, `space/app.py`."""

import argparse
import os

from ...model.messages import integer, must_be

MODEL_VARIABLE = "SPERT_MODEL"
RATE_VARIABLE = "SPERT_REQUESTS_PER_MINUTE"


def make_parser(requests_per_minute: int) -> argparse.ArgumentParser:
    """Describe the options.

    Args:
        requests_per_minute: of one address, where neither the command line nor the environment says how many.
    """
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
        type=port,
        default=os.environ.get("GRADIO_SERVER_PORT", "7860"),  # as text, so that it is checked, too
        help="port to listen at (default: %(default)s)",
    )
    parser.add_argument(
        "--requests-per-minute",
        type=_rate,
        metavar="N",
        default=os.environ.get(RATE_VARIABLE, str(requests_per_minute)),
        help="requests of one address, 0 for any number (default: %(default)s)",
    )
    return parser


def port(text: str) -> int:
    """Read the number of a port."""
    return _number(text, 0, 65_535)


def _rate(text: str) -> int:
    return _number(text, 0, 1_000_000)


def _number(text: str, least: int, most: int) -> int:
    if not text.isdecimal() or not least <= int(text) <= most:
        raise argparse.ArgumentTypeError(must_be("", integer(least, most), repr(text)))
    return int(text)
