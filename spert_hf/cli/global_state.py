"""Settings of other libraries that commands change temporarily."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from huggingface_hub import utils as hub
from transformers.utils import logging as transformers_logging


class _Setting(NamedTuple):
    """A global setting: its getter and its setter."""

    read: Callable[[], Any]
    write: Callable[[Any], None]


@contextmanager
def restored_state() -> Iterator[None]:
    """Context that restores logging and progress bars of other libraries, and the number of torch threads.

    Commands may run in other processes, such as notebooks, servers and tests.
    """
    before = [setting.read() for setting in _SETTINGS]
    try:
        yield
    finally:
        for setting, value in zip(_SETTINGS, before, strict=True):
            if setting.read() != value:  # libraries warn about settings that the environment overrides
                setting.write(value)


def _set_transformers_bars(shown: bool) -> None:
    (transformers_logging.enable_progress_bar if shown else transformers_logging.disable_progress_bar)()


def _set_hub_bars(shown: bool) -> None:
    (hub.enable_progress_bars if shown else hub.disable_progress_bars)()


def _datasets_bars() -> bool:
    """Whether `datasets` shows progress bars, without importing it, which is slow."""
    datasets: Any = sys.modules.get("datasets")
    return True if datasets is None else datasets.is_progress_bar_enabled() or _are_forbidden(datasets)


def _are_forbidden(datasets: Any) -> bool:
    """Whether the environment disables progress bars of `datasets` for good."""
    return datasets.config.HF_DATASETS_DISABLE_PROGRESS_BARS is True


def _set_datasets_bars(shown: bool) -> None:
    datasets: Any = sys.modules["datasets"]
    (datasets.enable_progress_bars if shown else datasets.disable_progress_bars)()


_SETTINGS = (
    _Setting(transformers_logging.get_verbosity, transformers_logging.set_verbosity),
    _Setting(transformers_logging.is_progress_bar_enabled, _set_transformers_bars),
    # After those of transformers, which also switch these.
    _Setting(lambda: not hub.are_progress_bars_disabled(), _set_hub_bars),
    _Setting(_datasets_bars, _set_datasets_bars),
    _Setting(torch.get_num_threads, torch.set_num_threads),
)
