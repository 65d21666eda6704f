"""`spert-hf publish`: publish a model, a data set, the metric or the demo on the Hub."""

import argparse
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ..model.messages import must_be

_LOGGER = "spert_hf.hub"


def run(options: argparse.Namespace) -> int:
    """Run the command; return its exit code."""
    with _progress_on_stderr():
        if options.kind == "space" and options.output is not None:
            return _build_space(options)
        url = _PUBLISH[options.kind](options)
    sys.stdout.write(f"Nothing was sent; would be published at {url}\n" if options.dry_run else f"Published at {url}\n")
    return 0


def _publish_model(options: argparse.Namespace) -> str:
    from ..hub.publishing import publish_model

    if options.onnx_dtype and not options.onnx:
        raise ValueError(must_be("--onnx", "given with --onnx-dtype", "none"))
    onnx = (options.onnx_dtype or ("float32",)) if options.onnx else ()
    more = {"card": options.card, "onnx": onnx, "handler": options.handler}
    return publish_model(options.folder, options.repo_id, **more, **_where(options))


def _publish_dataset(options: argparse.Namespace) -> str:
    from ..hub.publishing import publish_dataset

    return publish_dataset(options.dataset, options.repo_id, data_dir=options.data_dir, **_where(options))


def _publish_metric(options: argparse.Namespace) -> str:
    from ..hub.publishing import publish_metric

    return publish_metric(options.repo_id, **_where(options))


def _publish_space(options: argparse.Namespace) -> str:
    from ..hub.publishing import publish_space, publish_static_space

    if options.repo_id is None:
        raise ValueError(must_be("REPO_ID", "given, such as USER/NAME, unless there is an --output", "none"))
    if options.static:
        return publish_static_space(options.repo_id, options.model, dtypes=options.dtype, **_where(options))
    if options.dtype:
        raise ValueError(must_be("--static", "given with --dtype", "none"))
    return publish_space(options.repo_id, options.model, **_where(options))


def _build_space(options: argparse.Namespace) -> int:
    from ..hub.publishing import build_static_space

    if not options.static or options.repo_id is not None or options.dry_run:
        raise ValueError("--output must be given with --static, and without REPO_ID and --dry-run")
    build_static_space(options.output, options.model, dtypes=options.dtype, token=options.token)
    sys.stdout.write(f"Written to {options.output}: serve it with `python -m http.server -d {options.output}`\n")
    return 0


_PUBLISH: dict[str, Callable[[argparse.Namespace], str]] = {
    "model": _publish_model,
    "dataset": _publish_dataset,
    "metric": _publish_metric,
    "space": _publish_space,
}


def _where(options: argparse.Namespace) -> dict[str, Any]:
    """Return the options shared by all kinds."""
    return {name: getattr(options, name) for name in ("token", "private", "dry_run")}


@contextmanager
def _progress_on_stderr() -> Iterator[None]:
    """Log each step on one line; show upload progress bars on a terminal only."""
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
