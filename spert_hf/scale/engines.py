"""Engines: what carries out a job's shards. Here the plain one, this process."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from .extraction import DONE, TAKEN, ShardResult, TooManyErrorsError, extract_shard
from .job import Job
from .shards import Shard


class ShardProgress(Protocol):
    """What is told how far a run is."""

    def __call__(self, records: int, finished: int) -> None:
        """Count records since the last call, and shards that were finished with them."""


@dataclass
class RunResult:
    """What a run has done.

    Attributes:
        done: How many shards it has written.
        records: How many records are in these.
        errors: How many of them have an error.
        first_error: The first of these.
        blank: How many tokens are white space only, and were not read.
        taken: The names of shards that other processes are writing.
        failed: By the name of a shard that could not be read or written, why.
    """

    done: int = 0
    records: int = 0
    errors: int = 0
    first_error: str | None = None
    blank: int = 0
    taken: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)

    def add(self, result: ShardResult) -> None:
        """Count a shard."""
        self.done += result.state == DONE
        self.records += result.records
        self.errors += result.errors
        self.blank += result.blank
        self.first_error = self.first_error or result.first_error
        if result.state == TAKEN:
            self.taken.append(result.name)


def run_local(
    job: Job,
    shards: Iterable[Shard],
    progress: ShardProgress | None = None,
    pipe: Any = None,
    overwrite: bool = False,
) -> RunResult:
    """Extract from shards in this process, one after the other.

    A shard that cannot be read costs itself only. What ends the run are too many errors and a full or failing disk.

    Args:
        job: What is asked for.
        shards: The shards.
        progress: Told how far it is.
        pipe: The pipeline, if it is loaded already.
        overwrite: Whether outputs that are there are replaced.

    Returns:
        What was done.

    Raises:
        TooManyErrorsError: More records have errors than the job puts up with.
        OSError: An output cannot be written.
    """
    pipe = job.load_pipeline() if pipe is None else pipe
    run = RunResult()
    tell = None if progress is None else partial(progress, finished=0)
    for shard in shards:
        try:
            run.add(extract_shard(job, shard, pipe, tell, errors_before=run.errors, overwrite=overwrite))
        except TooManyErrorsError:
            raise
        except ValueError as error:
            run.failed[shard.name] = str(error)
        if progress is not None:
            progress(0, 1)
    return run
