"""`spert-hf publish`: put what was made on the Hub."""

import argparse
import sys
from collections.abc import Sequence


def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    options = _parser().parse_args(arguments)
    from huggingface_hub.utils import disable_progress_bars
    from transformers.utils import logging

    from ..hub.publishing import publish_model

    # An upload that breaks off would leave its bar in front of the line that says why.
    disable_progress_bars()
    logging.disable_progress_bar()
    url = publish_model(
        options.folder, options.repo_id, token=options.token, private=options.private, card=options.card
    )
    sys.stdout.write(f"Published at {url}\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="spert-hf publish", description="Publish on the Hugging Face Hub.")
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="KIND")
    model = kinds.add_parser(
        "model",
        help="a checkpoint, with its code",
        description="Publish a checkpoint as one commit: weights, config, tokenizer, and the code that runs it without "
        "this package. It is loaded and tried first; an upload that fails leaves the repository as it was.",
    )
    model.add_argument("folder", metavar="DIR", help="the checkpoint's folder")
    model.add_argument("repo_id", metavar="REPO_ID", help="repository on the Hub, USER/NAME; made if it does not exist")
    model.add_argument(
        "--card",
        metavar="FILE",
        help="Markdown file to make the model card from; what was measured goes in at its line `<!-- measured -->`. By "
        "default the README.md of DIR or of the repository, if it was written by hand, else what this package has for "
        "the data set",
    )
    model.add_argument("--private", action="store_true", help="make the repository private")
    model.add_argument("--token", help="token for the Hub; by default that of `hf auth login`")
    return parser
