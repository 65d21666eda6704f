"""Starts the processes that `accelerate launch --num_processes N` does not start on CPUs.

Without a GPU and without `--mpirun_hostfile`, Accelerate silently starts the script once, whatever N is. That process
finds out here what was asked for, and starts itself N times with torch's own launcher (gloo).
"""

import os
import sys
import uuid
from pathlib import Path

import psutil
import torch
from accelerate.commands.config.config_args import load_config_from_file
from accelerate.commands.launch import launch_command_parser
from torch.distributed.elastic.multiprocessing.api import SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

_RANKS = ("RANK", "LOCAL_RANK", "WORLD_SIZE", "PMI_SIZE", "OMPI_COMM_WORLD_SIZE", "MV2_COMM_WORLD_SIZE")
"""Environment variables that torchrun and MPI implementations set for the processes that they start."""
_GLOBAL_RANKS = ("RANK", "PMI_RANK", "OMPI_COMM_WORLD_RANK", "MV2_COMM_WORLD_RANK")
_LAUNCHERS = ("launch", "accelerate-launch", "accelerate.commands.launch", "launch.py")


def missing_processes() -> int:
    """Return the number of processes that `accelerate launch` was asked for, if it started only this one; else 0."""
    started_for_many = "ACCELERATE_MIXED_PRECISION" in os.environ and "MASTER_PORT" in os.environ
    if not started_for_many or any(name in os.environ for name in _RANKS):
        return 0
    if os.environ.get("ACCELERATE_USE_CPU", "").lower() != "true" and torch.accelerator.is_available():
        return 0
    try:
        command = psutil.Process(os.getppid()).cmdline()
    except psutil.Error:
        return 0
    return processes_asked_for(command)


def is_first_process() -> bool:
    """Return whether this process is a run's only one, or the first of those that a launcher has started."""
    return all(os.environ.get(name, "0") == "0" for name in _GLOBAL_RANKS)


def processes_asked_for(command: list[str]) -> int:
    """Return how many processes on this machine a command asks Accelerate for; 0 if it is not `accelerate launch`.

    Args:
        command: the command line, split into words.

    Raises:
        ValueError: if it asks for several machines, which have to know each other's addresses.
    """
    places = [number for number, word in enumerate(command) if Path(word).name in _LAUNCHERS]
    if not places:
        return 0
    asked, _ = launch_command_parser().parse_known_args(command[places[0] + 1 :])
    settings = vars(asked)
    if asked.num_processes is None:  # it may be in Accelerate's configuration file
        settings = vars(load_config_from_file(asked.config_file))
    if (settings["num_machines"] or 1) > 1:
        raise ValueError(
            "num_machines: on several machines without a GPU, start train.py with torchrun, not accelerate"
        )
    return settings["num_processes"]


def start_processes(count: int) -> int:
    """Start this process's own command `count` times, as one distributed run on CPUs.

    Returns:
        The run's exit code: 0, that of the first process that failed, or 128 plus the number of the signal that
        stopped it.
    """
    sys.stderr.write(f"spert-hf: starting {count} processes with torchrun, as accelerate needs MPI to do so on CPUs\n")
    os.environ["ACCELERATE_USE_CPU"] = "true"
    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=count,
        run_id=uuid.uuid4().hex,
        rdzv_backend="c10d",
        rdzv_endpoint="localhost:0",
        max_restarts=0,
    )
    try:
        elastic_launch(config, sys.executable)(*sys.orig_argv[1:])
    except SignalException as stop:
        return 128 + stop.sigval
    except ChildFailedError as failure:
        rank, first = failure.get_first_failure()
        sys.stderr.write(f"spert-hf: process {rank} of {count} ended with exit code {first.exitcode}\n")
        return first.exitcode if first.exitcode > 0 else 128 - first.exitcode
    return 0
