"""Accelerate's part in a run: where it computes, in which precision, and which tracker is told."""

import os
from datetime import timedelta

from accelerate import Accelerator
from accelerate.state import AcceleratorState
from accelerate.tracking import get_available_trackers
from accelerate.utils import InitProcessGroupKwargs, LoggerType, ProjectConfiguration

from ..cores import usable_cores
from .arguments import SpertTrainingArguments

NO_TRACKER = "none"
PROJECT = "spert-hf"
"""What trackers with projects call them."""

_TENSORBOARD = "tensorboard"
_FOLDER = "runs"
"""In the output folder, for TensorBoard."""
_PACKAGES = {_TENSORBOARD: '"spert-hf[tensorboard]"', "comet_ml": "comet-ml"}
"""What to install for a tracker, where it is called otherwise."""


def check_tracker(name: str) -> None:
    """Refuse a tracker that can't be used here, before any work.

    Raises:
        ImportError: saying what to install.
    """
    if name == NO_TRACKER or name in {tracker.value for tracker in get_available_trackers()}:
        return
    if name not in LoggerType.list():
        raise ImportError(f"report_to {name!r} needs a newer version of accelerate")
    raise ImportError(f"report_to {name!r} needs its package: `pip install {_PACKAGES.get(name, name)}`")


def make_accelerator(arguments: SpertTrainingArguments) -> Accelerator:
    """Make what spreads a run over devices and processes.

    Raises:
        ValueError: if the precision is none for this device.
    """
    _forget_other_precision(arguments.mixed_precision)
    accelerator = Accelerator(
        mixed_precision=arguments.mixed_precision,
        log_with=None if arguments.report_to == NO_TRACKER else arguments.report_to,
        project_config=ProjectConfiguration(project_dir=arguments.output_dir, logging_dir=arguments.output_dir),
        kwargs_handlers=[InitProcessGroupKwargs(timeout=timedelta(seconds=arguments.ddp_timeout))],
    )
    if arguments.fp16 and accelerator.device.type == "cpu" and accelerator.scaler is None:
        # Accelerate would compute in single precision and not say so.
        raise ValueError("fp16 needs a GPU; use bf16 on a CPU")
    return accelerator


def start_tracker(accelerator: Accelerator, arguments: SpertTrainingArguments, first_step: int | None) -> None:
    """Begin to report to the tracker, if there is one.

    Args:
        accelerator: of the run.
        arguments: all settings, which the tracker is told.
        first_step: of a run that is resumed, from where on TensorBoard is to forget what was logged before.
    """
    name = arguments.report_to
    if name == NO_TRACKER:
        return
    is_tensorboard = name == _TENSORBOARD
    options = {_TENSORBOARD: {"purge_step": first_step}, "wandb": {"name": os.path.basename(arguments.output_dir)}}  # noqa: PTH119
    settings = {key: value for key, value in vars(arguments).items() if value is not None and key != "hub_token"}
    accelerator.init_trackers(
        _FOLDER if is_tensorboard else PROJECT,
        config=None if is_tensorboard else settings,  # it would write another run for them
        init_kwargs={name: options[name]} if name in options else {},
    )


def stop_trackers(accelerator: Accelerator) -> None:
    """Have trackers write what they have; the processes stay together."""
    for tracker in accelerator.trackers:
        tracker.finish()
    accelerator.trackers = []


def share_of_cores(processes: int) -> int:
    """Cores for each of a machine's processes; `accelerate launch` by itself leaves a process only one."""
    return max(1, usable_cores() // processes)


def _forget_other_precision(precision: str) -> None:
    """Let this run have a precision of its own, where an earlier one in the process had another: in a notebook."""
    if not AcceleratorState._shared_state:
        return
    state = AcceleratorState()
    if state.num_processes == 1 and state.mixed_precision != precision:
        AcceleratorState._reset_state()
