"""The extraction of one shard: read, predicted, written whole."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from ..data.white_space import count_blank
from .job import Job
from .predicting import Predict, failed, predict_each, predictor
from .rows import Group, read_groups
from .shards import Shard
from .stores import exists, owner_of, written_whole
from .writing import open_writer

DONE, PRESENT, TAKEN = "done", "present", "taken"
"""What became of a shard: it is written; its output was there; another process is writing it."""


class TooManyErrorsError(ValueError):
    """More records have errors than a run puts up with."""


@dataclass(frozen=True, slots=True)
class ShardResult:
    """What became of a shard.

    Attributes:
        name: Of the shard.
        state: `done`, `present` or `taken`.
        records: How many rows were written, if it is done.
        errors: How many of them have an error.
        first_error: The first of these.
        blank: How many tokens are white space only, and were not read.
        seconds: How long it took.
    """

    name: str
    state: str = DONE
    records: int = 0
    errors: int = 0
    first_error: str | None = None
    blank: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Caution:
    """How to go on with a shard whose process died before: with care, so that the record is found that it dies of.

    Attributes:
        alone: The numbers of records, counted from 0, that are predicted by themselves.
        poison: By number, what is said of records that are not predicted at all.
        before: Called with the numbers `[start, stop)` of the records that are predicted next.
    """

    alone: Collection[int] = ()
    poison: Mapping[int, str] | None = None
    before: Callable[[int, int], None] | None = None


def extract_shard(
    job: Job,
    shard: Shard,
    pipe: Any,
    progress: Callable[[int], None] | None = None,
    errors_before: int = 0,
    caution: Caution | None = None,
    overwrite: bool = False,
) -> ShardResult:
    """Extract from a shard, and write its output whole; if it is there, nothing is done.

    Args:
        job: What is asked for.
        shard: The shard.
        pipe: The pipeline, see `Job.load_pipeline`.
        progress: Called with the number of records after each group.
        errors_before: Records with an error in the shards before.
        caution: What is known of a record that kills processes.
        overwrite: Whether an output that is there is replaced.

    Returns:
        What became of it.

    Raises:
        TooManyErrorsError: More records have errors than allowed; nothing is written.
        ValueError: The shard cannot be read.
        OSError: It cannot be read or written.
    """
    target = job.target(shard)
    if not overwrite and exists(target):
        return ShardResult(shard.name, PRESENT)
    with owner_of(target) as is_ours:
        if not is_ours:
            return ShardResult(shard.name, TAKEN)
        if not overwrite and exists(target):  # another process has written it in the meantime
            return ShardResult(shard.name, PRESENT)
        return _write(job, shard, pipe, progress, errors_before, caution)


def _write(
    job: Job,
    shard: Shard,
    pipe: Any,
    progress: Callable[[int], None] | None,
    errors_before: int,
    caution: Caution | None,
) -> ShardResult:
    start = perf_counter()
    count = _Count(job.max_errors, errors_before)
    predict = predictor(pipe, job.settings)
    with written_whole(job.target(shard)) as stream, open_writer(job, stream) as writer:
        for group in read_groups(job, shard):
            found = _find(predict, group, count.records, caution)
            count.add(group, found, shard)
            writer.write(group.rows, found)
            if progress is not None:
                progress(len(found))
    seconds = perf_counter() - start
    return ShardResult(shard.name, DONE, count.records, count.errors, count.first_error, count.blank, seconds)


class _Count:
    """Counts records and those with an error."""

    def __init__(self, allowed: int, before: int) -> None:
        self._allowed, self._before = allowed, before
        self.records = self.errors = self.blank = 0
        self.first_error: str | None = None

    def add(self, group: Group, found: list[dict[str, Any]], shard: Shard) -> None:
        for number, one in enumerate(found, start=self.records + 1):
            if "error" in one:
                self.errors += 1
                if self.first_error is None:
                    # What could not be read says where it is.
                    where = "" if one["error"] in group.errors else f"{shard.name}, record {number}: "
                    self.first_error = f"{where}{one['error']}"
        self.records += len(found)
        self.blank += sum(count_blank(text) for text in group.inputs if isinstance(text, list))
        if self._before + self.errors > self._allowed:
            raise TooManyErrorsError(
                f"--max-errors: more records have errors than {self._allowed}, such as {self.first_error}"
            )


def _find(predict: Predict, group: Group, first: int, caution: Caution | None) -> list[dict[str, Any]]:
    """What is found in the rows of a group, of which the first has a number in its shard."""
    found: list[dict[str, Any] | None] = [None if error is None else failed(error) for error in group.errors]
    if caution is not None:
        for number, message in (caution.poison or {}).items():
            if first <= number < first + len(found):
                found[number - first] = failed(message)
    left = [place for place, one in enumerate(found) if one is None]
    for places in _together(left, first, caution):
        if caution is not None and caution.before is not None:
            caution.before(first + places[0], first + places[-1] + 1)
        for place, one in zip(places, predict_each(predict, [group.inputs[place] for place in places]), strict=True):
            found[place] = one
    return [one for one in found if one is not None]


def _together(places: list[int], first: int, caution: Caution | None) -> list[list[int]]:
    """The places of the rows that are predicted at once."""
    if caution is None or not caution.alone:
        return [places] if places else []
    alone = [place for place in places if first + place in caution.alone]
    others = [place for place in places if first + place not in caution.alone]
    return [*([others] if others else []), *([place] for place in alone)]
