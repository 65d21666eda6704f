"""Settings of other libraries that commands change temporarily."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from huggingface_hub import utils as hub


class _Setting(NamedTuple):
    """A global setting: its getter and its setter."""

    read: Callable[[], Any]
    write: Callable[[Any], None]


@contextmanager
def restored_state(with_models: bool) -> Iterator[None]:
    """Context that restores logging and progress bars of other libraries, and the number of torch threads.

    Commands may run in other processes, such as notebooks, servers and tests.

    Args:
        with_models: whether torch and transformers are used in it, which may not be installed.
    """
    settings = (*(_of_models() if with_models else ()), *_SETTINGS)
    before = [setting.read() for setting in settings]
    try:
        yield
    finally:
        for setting, value in zip(settings, before, strict=True):
            if setting.read() != value:  # libraries warn about settings that the environment overrides
                setting.write(value)


def _of_models() -> tuple[_Setting, ...]:
    """The settings of torch and transformers."""
    import torch
    from transformers.utils import logging

    def set_bars(shown: bool) -> None:
        (logging.enable_progress_bar if shown else logging.disable_progress_bar)()

    return (
        _Setting(logging.get_verbosity, logging.set_verbosity),
        _Setting(logging.is_progress_bar_enabled, set_bars),
        _Setting(torch.get_num_threads, torch.set_num_threads),
    )


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


_SETTINGS = (  # after those of transformers, which also switch these
    _Setting(lambda: not hub.are_progress_bars_disabled(), _set_hub_bars),
    _Setting(_datasets_bars, _set_datasets_bars),
)
