"""The options of `spert-hf publish`."""

import argparse

_REPEATED = "An upload that fails leaves the main branch as it was; the same command can be run again."


def make_parser() -> argparse.ArgumentParser:
    """Describe the options."""
    parser = argparse.ArgumentParser(prog="spert-hf publish", description="Publish on the Hugging Face Hub.")
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="KIND")
    model = _add_kind(
        kinds,
        "model",
        "a checkpoint, with its code",
        "Publish a checkpoint as one commit: weights, config, tokenizer, and the code that runs it without this "
        "package. It is loaded and tried first.",
    )
    model.add_argument("folder", metavar="DIR", help="the checkpoint's folder")
    _add_repository(model)
    model.add_argument(
        "--card",
        metavar="FILE",
        help="Markdown file to make the model card from; what was measured goes in at its line `<!-- measured -->`. By "
        "default the README.md of DIR or of the repository, if it was written by hand, else what this package has for "
        "the data set",
    )
    dataset = _add_kind(
        kinds,
        "dataset",
        "a data set, as Parquet with its card",
        "Publish all configurations of a data set as Parquet, with its card; a loading script goes to a branch "
        "`script`. It is built, and loaded back, first. Whether you may pass the data on is for you to settle: see "
        "the licence in its card, and think of --private.",
    )
    dataset.add_argument(
        "dataset",
        metavar="NAME",
        help="conll04, scierc, ade, quickstart, or a folder with a card, README.md, and a loading script or train, dev "
        "and test files",
    )
    _add_repository(dataset)
    dataset.add_argument("--data-dir", metavar="DIR", help="read local copies from here in place of the network")
    metric = _add_kind(
        kinds,
        "metric",
        "the metric, as a Space for `evaluate.load`",
        "Publish the metric as one commit to a static Space; `evaluate.load(REPO_ID)` loads it from there. It is tried "
        "first.",
    )
    _add_repository(metric)
    space = _add_kind(
        kinds,
        "space",
        "the demo, as a Space with a model of the Hub",
        "Publish the demo, with this package beside it, as one commit to a Gradio Space. It is built by itself, "
        "with its model, first. The Space's variable SPERT_MODEL names the model.",
    )
    _add_repository(space)
    space.add_argument("--model", required=True, metavar="MODEL_ID", help="a SpERT model on the Hub, USER/NAME")
    return parser


def _add_kind(
    kinds: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    help_text: str,
    description: str,
) -> argparse.ArgumentParser:
    """A parser for one kind of thing to publish, with the options that all kinds have."""
    parser = kinds.add_parser(name, help=help_text, description=f"{description} {_REPEATED}")
    parser.add_argument("--private", action="store_true", help="make the repository private")
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="make and check all that would go up, and list the files with their sizes; nothing is sent, and no token "
        "is needed",
    )
    parser.add_argument("--token", help="token for the Hub; by default that of `hf auth login`")
    return parser


def _add_repository(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "repo_id", metavar="REPO_ID", help="repository on the Hub, USER/NAME; made if it does not exist"
    )
