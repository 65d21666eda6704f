"""What Accelerate does for a run: devices and processes, precision, and trackers."""

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
"""Name of the project, in trackers that have projects."""

_TENSORBOARD = "tensorboard"
_FOLDER = "runs"
"""TensorBoard's folder within the output folder."""
_PACKAGES = {_TENSORBOARD: '"spert-hf[tensorboard]"', "comet_ml": "comet-ml"}
"""The package to install for a tracker, where its name differs from the tracker's."""


def check_tracker(name: str) -> None:
    """Check that a tracker can be used here, before any work.

    Args:
        name: a value of `report_to`.

    Raises:
        ImportError: if it can't; the message says what to install.
    """
    if name == NO_TRACKER or name in {tracker.value for tracker in get_available_trackers()}:
        return
    if name not in LoggerType.list():
        raise ImportError(f"report_to {name!r} needs a newer version of accelerate")
    raise ImportError(f"report_to {name!r} needs its package: `pip install {_PACKAGES.get(name, name)}`")


def make_accelerator(arguments: SpertTrainingArguments) -> Accelerator:
    """Make the `Accelerator` of a run, which spreads it over devices and processes.

    Args:
        arguments: all settings of the run.

    Raises:
        ValueError: if the device does not support the precision.
    """
    _forget_other_precision(arguments.mixed_precision)
    accelerator = Accelerator(
        mixed_precision=arguments.mixed_precision,
        log_with=None if arguments.report_to == NO_TRACKER else arguments.report_to,
        project_config=ProjectConfiguration(project_dir=arguments.output_dir, logging_dir=arguments.output_dir),
        kwargs_handlers=[InitProcessGroupKwargs(timeout=timedelta(seconds=arguments.ddp_timeout))],
    )
    if arguments.fp16 and accelerator.device.type == "cpu" and accelerator.scaler is None:
        # Accelerate would silently compute in single precision.
        raise ValueError("fp16 needs a GPU; use bf16 on a CPU")
    return accelerator


def start_tracker(accelerator: Accelerator, arguments: SpertTrainingArguments, first_step: int | None) -> None:
    """Start the tracker named by `report_to`, if any.

    Args:
        accelerator: the run's accelerator.
        arguments: all settings of the run; the tracker records them.
        first_step: the first step of a resumed run; TensorBoard drops what was logged from this step on.
    """
    name = arguments.report_to
    if name == NO_TRACKER:
        return
    is_tensorboard = name == _TENSORBOARD
    options = {_TENSORBOARD: {"purge_step": first_step}, "wandb": {"name": os.path.basename(arguments.output_dir)}}  # noqa: PTH119
    settings = {key: value for key, value in vars(arguments).items() if value is not None and key != "hub_token"}
    accelerator.init_trackers(
        _FOLDER if is_tensorboard else PROJECT,
        config=None if is_tensorboard else settings,  # it would write them as a run of their own
        init_kwargs={name: options[name]} if name in options else {},
    )


def stop_trackers(accelerator: Accelerator) -> None:
    """Finish all trackers, without ending the process group."""
    for tracker in accelerator.trackers:
        tracker.finish()
    accelerator.trackers = []


def share_of_cores(processes: int) -> int:
    """Return the number of cores for each process on a machine; `accelerate launch` alone gives a process only one."""
    return max(1, usable_cores() // processes)


def _forget_other_precision(precision: str) -> None:
    """Reset Accelerate's state if an earlier run in this process (a notebook's) used another precision."""
    if not AcceleratorState._shared_state:
        return
    state = AcceleratorState()
    if state.num_processes == 1 and state.mixed_precision != precision:
        AcceleratorState._reset_state()
