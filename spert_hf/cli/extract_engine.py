"""What computes a corpus for `spert-hf extract`: this process, or actors of Ray."""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol

from ..model.messages import must_be
from ..scale.engines import RunResult, ShardProgress, run_local
from ..scale.job import Job
from ..scale.shards import Shard
from .options import write_notes

RAY_OPTIONS = ("address", "actors", "gpus_per_actor")


class Engine(Protocol):
    """What carries out a job's shards."""

    def __call__(
        self, job: Job, shards: Sequence[Shard], progress: ShardProgress, overwrite: bool = False
    ) -> RunResult:
        """Extract from shards."""


def check_engine(options: argparse.Namespace) -> None:
    """Check the options for the engine before the model is loaded, which is slow.

    Raises:
        ValueError: One needs the engine `ray`, Ray is not installed, or there is no cluster at the address.
    """
    if options.engine != "ray":
        for name in RAY_OPTIONS:
            if getattr(options, name) is not None:
                needed = f"ray for --{name.replace('_', '-')}"
                raise ValueError(must_be("--engine", needed, options.engine or "local"))
        return
    from ..scale.ray_instance import check_address, check_local_actors, import_ray

    import_ray()
    if options.address is not None:
        check_address(options.address)
    else:
        check_local_actors(options.actors)


def pipeline_of(options: argparse.Namespace, job: Job) -> Any:
    """The pipeline by which the model is told from others, and which the local engine computes with."""
    return (replace(job, device="cpu") if options.engine == "ray" else job).load_pipeline()


def make_engine(options: argparse.Namespace, pipe: Any) -> Engine:
    """The engine that was asked for; the one of Ray loads pipelines of its own."""
    if options.engine != "ray":

        def run_here(job: Job, shards: Sequence[Shard], progress: ShardProgress, overwrite: bool = False) -> RunResult:
            return run_local(job, shards, progress, pipe, overwrite)

        return run_here
    from ..scale.ray_engine import run_ray

    given = {name: getattr(options, name) for name in RAY_OPTIONS}

    def run_there(job: Job, shards: Sequence[Shard], progress: ShardProgress, overwrite: bool = False) -> RunResult:
        return run_ray(
            job, shards, progress=progress, tell=lambda note: write_notes([note]), overwrite=overwrite, **given
        )

    return run_there
