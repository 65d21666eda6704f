"""The options of `spert-hf publish`."""

import argparse

from ...onnx.record import SPAN_FILES
from .command_parser import CommandParser

_REPEATED = "A failed upload does not change the main branch; the same command can be repeated."


def make_parser() -> argparse.ArgumentParser:
    """Make the parser of the options."""
    parser = CommandParser(prog="spert-hf publish", description="Publish on the Hugging Face Hub.")
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="KIND")
    model = _add_kind(
        kinds,
        "model",
        "a checkpoint, with its code",
        "Publish a checkpoint in one commit: weights, config, tokenizer, and the code to run it without this "
        "package. It is loaded and tested first.",
    )
    model.add_argument("folder", metavar="DIR", help="the checkpoint's folder")
    _add_repository(model)
    model.add_argument(
        "--card",
        metavar="FILE",
        help="Markdown file for the model card; generated parts are inserted at its line `<!-- measured -->`. By "
        "default the README.md of DIR or of the repository, if it was written by hand, else what this package has for "
        "the data set",
    )
    model.add_argument(
        "--onnx",
        action="store_true",
        help="publish an ONNX export, too, which runs without torch: that in DIR if it fits the weights, else a new "
        "one. Without this option, an export in the repository is deleted, as it would be of other weights",
    )
    model.add_argument(
        "--onnx-dtype",
        nargs="+",
        choices=tuple(SPAN_FILES),
        help="dtypes of the export, as of `spert-hf export` (default: float32)",
    )
    model.add_argument(
        "--handler",
        action="store_true",
        help="add handler.py and requirements.txt, with which the repository runs as a Hugging Face Inference Endpoint",
    )
    dataset = _add_kind(
        kinds,
        "dataset",
        "a data set, as Parquet with its card",
        "Publish all configurations of a data set as Parquet, with its card; a loading script goes to a branch "
        "`script`. It is built and loaded again first. Make sure that you may distribute the data: see the licence in "
        "its card, and consider --private.",
    )
    dataset.add_argument(
        "dataset",
        metavar="NAME",
        help="conll04, scierc, ade, quickstart, or a folder with a card, README.md, and a loading script or train, dev "
        "and test files",
    )
    _add_repository(dataset)
    dataset.add_argument(
        "--data-dir", metavar="DIR", help="folder with local copies of the sources, instead of downloading them"
    )
    metric = _add_kind(
        kinds,
        "metric",
        "the metric, as a Space for `evaluate.load`",
        "Publish the metric in one commit to a static Space; `evaluate.load(REPO_ID)` loads it from there. It is tried "
        "first.",
    )
    _add_repository(metric)
    _add_space(kinds)
    return parser


def _add_space(kinds: "argparse._SubParsersAction[CommandParser]") -> None:
    space = _add_kind(
        kinds,
        "space",
        "the demo, as a Space with a model of the Hub",
        "Publish the demo with this package in one commit to a Gradio Space. It is first started separately with its "
        "model. The Space's variable SPERT_MODEL selects the model. With --static, a page that runs the model in the "
        "visitor's browser, without a server.",
    )
    space.add_argument(
        "repo_id",
        metavar="REPO_ID",
        nargs="?",
        help="repository on the Hub, USER/NAME; created if it does not exist. Left out with --output",
    )
    space.add_argument(
        "--model",
        required=True,
        metavar="MODEL_ID",
        help="a SpERT model on the Hub, USER/NAME; with --static, one with what `spert-hf export` writes, or a folder "
        "with that, which is uploaded with the page",
    )
    space.add_argument("--static", action="store_true", help="a static Space, which runs in browsers")
    space.add_argument(
        "--dtype",
        nargs="+",
        choices=tuple(SPAN_FILES),
        help="with --static and the folder of a model: the dtypes that the page has, of those exported; it uses int8 "
        "unless asked by ?dtype=float32 (default: int8 if it was exported, else float32)",
    )
    space.add_argument(
        "--output",
        metavar="DIR",
        help="with --static: write the page to this new folder, for any web server, and upload nothing",
    )


def _add_kind(
    kinds: "argparse._SubParsersAction[CommandParser]",
    name: str,
    help_text: str,
    description: str,
) -> argparse.ArgumentParser:
    """Add the parser of one kind, with the options shared by all kinds."""
    parser = kinds.add_parser(name, help=help_text, description=f"{description} {_REPEATED}")
    parser.add_argument("--private", action="store_true", help="create a private repository")
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="build and check everything, and list the files with their sizes; nothing is uploaded, and no token "
        "is needed",
    )
    parser.add_argument("--token", help="token for the Hub; default: that of `hf auth login`")
    return parser


def _add_repository(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "repo_id", metavar="REPO_ID", help="repository on the Hub, USER/NAME; created if it does not exist"
    )
