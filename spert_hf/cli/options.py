"""Options that several commands share, and the loading of a model behind `--model`."""

import argparse
from typing import Any

STANDARD_STREAM = "-"


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Add `--model` and what goes with it."""
    parser.add_argument("--model", required=True, metavar="DIR_OR_ID", help="a checkpoint's folder or Hub id")
    parser.add_argument("--revision", help="branch, tag or commit of a model on the Hub")
    parser.add_argument("--token", help="token for the Hub; by default that of `hf auth login`")
    parser.add_argument("--device", help="where to compute, such as cpu or cuda:0; by default a GPU if there is one")
    parser.add_argument(
        "--dtype",
        choices=("float32", "bfloat16", "float16"),
        default="float32",
        help="precision of the encoder (default: %(default)s); bfloat16 is faster where the processor has it",
    )
    parser.add_argument(
        "--batch-size", type=positive, default=32, metavar="N", help="texts computed at once (default: %(default)s)"
    )


def positive(text: str) -> int:
    """Read a whole number from 1 on."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"given {text!r}, allowed a whole number from 1 on")
    return int(text)


def fraction(text: str) -> float:
    """Read a number from 0 to 1."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"given {text!r}, allowed a number from 0 to 1")
    return value


def load_pipeline(options: argparse.Namespace) -> Any:
    """Load the pipeline of `--model`.

    Raises:
        ValueError: if what is there is no SpERT checkpoint.
    """
    from transformers import AutoConfig, AutoTokenizer
    from transformers.utils import logging

    from spert_hf import SpertModel, SpertPipeline

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    source: dict[str, Any] = {"revision": options.revision, "token": options.token}
    try:
        config = AutoConfig.from_pretrained(options.model, **source, trust_remote_code=False)
    except (RecursionError, TypeError, AttributeError) as error:  # JSON, but nested without end or no mapping
        raise ValueError(f"{options.model}: config.json: is no model's config: {error}") from error
    if config.model_type != "spert":
        raise ValueError(f"--model: given {options.model}, a {config.model_type} model; allowed a SpERT checkpoint")
    return SpertPipeline(
        model=SpertModel.from_pretrained(options.model, dtype=options.dtype, **source),
        tokenizer=AutoTokenizer.from_pretrained(options.model, **source, trust_remote_code=False),
        task="spert-extraction",
        device=options.device,
    )
