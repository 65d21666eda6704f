"""Settings of other libraries that commands change temporarily."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple


class _Setting(NamedTuple):
    """A global setting: its getter and its setter."""

    read: Callable[[], Any]
    write: Callable[[Any], None]


@contextmanager
def restored_state(with_models: bool = True) -> Iterator[None]:
    """Context that restores logging and progress bars of other libraries, and the number of torch threads.

    Commands may run in other processes, such as notebooks, servers and tests.

    Args:
        with_models: whether torch and transformers, which may not be installed, are used in it. Where they have been
            imported before, their settings are restored anyway.
    """
    settings = (*(_of_models() if with_models or _are_models_imported() else ()), *_SETTINGS)
    before = [setting.read() for setting in settings]
    try:
        yield
    finally:
        for setting, value in zip(settings, before, strict=True):
            if setting.read() != value:  # libraries warn about settings that the environment overrides
                setting.write(value)


def _are_models_imported() -> bool:
    return all(sys.modules.get(name) for name in ("torch", "transformers"))  # None: imports are forbidden


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


def _hub_bars() -> bool:
    """Whether `huggingface_hub` shows progress bars, without importing it, which not all commands need."""
    hub, constants = (sys.modules.get(f"huggingface_hub.{name}") for name in ("utils", "constants"))
    are_disabled = getattr(hub, "are_progress_bars_disabled", None)  # missing while another thread imports it
    if are_disabled is None:
        return True
    # Where the environment disables them for good, to enable them would only warn.
    return getattr(constants, "HF_HUB_DISABLE_PROGRESS_BARS", None) is True or not are_disabled()


def _set_hub_bars(shown: bool) -> None:
    hub: Any = sys.modules["huggingface_hub.utils"]
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
    _Setting(_hub_bars, _set_hub_bars),
    _Setting(_datasets_bars, _set_datasets_bars),
)
