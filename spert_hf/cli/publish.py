"""`spert-hf publish`: put what was made on the Hub."""

import argparse
import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

_LOGGER = "spert_hf.hub"
_REPEATED = "An upload that fails leaves the main branch as it was; the same command can be run again."


def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    options = _parser().parse_args(arguments)
    publish: Callable[[argparse.Namespace], str] = options.publish
    with _progress_on_stderr():
        url = publish(options)
    sys.stdout.write(f"Nothing was sent; would be published at {url}\n" if options.dry_run else f"Published at {url}\n")
    return 0


def _publish_model(options: argparse.Namespace) -> str:
    from ..hub.publishing import publish_model

    return publish_model(options.folder, options.repo_id, card=options.card, **_where(options))


def _publish_dataset(options: argparse.Namespace) -> str:
    from ..hub.publishing import publish_dataset

    return publish_dataset(options.dataset, options.repo_id, data_dir=options.data_dir, **_where(options))


def _publish_metric(options: argparse.Namespace) -> str:
    from ..hub.publishing import publish_metric

    return publish_metric(options.repo_id, **_where(options))


def _publish_space(options: argparse.Namespace) -> str:
    from ..hub.publishing import publish_space

    return publish_space(options.repo_id, options.model, **_where(options))


def _where(options: argparse.Namespace) -> dict[str, Any]:
    """The options that all kinds have."""
    return {name: getattr(options, name) for name in ("token", "private", "dry_run")}


@contextmanager
def _progress_on_stderr() -> Iterator[None]:
    """Say what is being done, a line a step; bars of uploads only where someone looks at them."""
    import datasets
    from huggingface_hub.utils import disable_progress_bars
    from transformers.utils import logging as transformers_logging

    datasets.disable_progress_bars()
    transformers_logging.disable_progress_bar()
    if not sys.stderr.isatty():
        disable_progress_bars()
    handler = logging.StreamHandler(sys.stderr)
    logger = logging.getLogger(_LOGGER)
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="spert-hf publish", description="Publish on the Hugging Face Hub.")
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="KIND")
    model = _add_kind(
        kinds,
        "model",
        _publish_model,
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
        _publish_dataset,
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
        _publish_metric,
        "the metric, as a Space for `evaluate.load`",
        "Publish the metric as one commit to a static Space; `evaluate.load(REPO_ID)` loads it from there. It is tried "
        "first.",
    )
    _add_repository(metric)
    space = _add_kind(
        kinds,
        "space",
        _publish_space,
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
    publish: Callable[[argparse.Namespace], str],
    help_text: str,
    description: str,
) -> argparse.ArgumentParser:
    """A parser for one kind of thing to publish, with the options that all kinds have."""
    parser = kinds.add_parser(name, help=help_text, description=f"{description} {_REPEATED}")
    parser.set_defaults(publish=publish)
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
