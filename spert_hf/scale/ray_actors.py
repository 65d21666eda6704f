"""The actors of the Ray engine: those that extract from shards, and one that they report to.

Nothing heavy is imported before `Extractor.start`: deaths from then on are counted, while Ray itself would begin a
process that dies as it is made again and again.
"""

from __future__ import annotations

import pickle
from collections import Counter
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .extraction import Caution, ShardResult
    from .job import Job
    from .shards import Shard

_SECONDS_BETWEEN_REPORTS = 1.0


class Reports:
    """What the extracting actors are about, kept where it outlives them: on the machine of the driver."""

    def __init__(self) -> None:
        self._starts: Counter[int] = Counter()
        self._records: dict[str, int] = {}
        self._about: dict[str, tuple[int, int, int]] = {}

    def starting(self, actor: int) -> None:
        """Note that an actor's process has begun to load the model."""
        self._starts[actor] += 1

    def started(self, actor: int) -> None:
        """Note that it has loaded the model."""
        self._starts[actor] = 0

    def progress(self, shard: str, records: int) -> None:
        """Note how many records of a shard are done in the present attempt."""
        self._records[shard] = records

    def about(self, shard: str, attempt: int, start: int, stop: int) -> None:
        """Note that the records `[start, stop)` of a shard are about to be predicted."""
        self._about[shard] = (attempt, start, stop)

    def last(self, shard: str, attempt: int) -> tuple[int, int] | None:
        """The records that an attempt at a shard was last about to predict."""
        number, start, stop = self._about.pop(shard, (None, 0, 0))
        return (start, stop) if number == attempt else None

    def take(self) -> tuple[dict[str, int], dict[int, int]]:
        """By shard, the records that are done, of those that have reported since the last call; and by actor, how often
        its process was begun since it had last loaded the model.
        """
        records, self._records = self._records, {}
        return records, dict(self._starts)


class Extractor:
    """An actor that holds a pipeline and extracts from shards.

    Args:
        job: What is asked for, as a pickle.
        threads: How many threads compute.
        sees_output: Whether the output folder has a manifest already, which is to be seen from here.
    """

    def __init__(self, job: bytes, threads: int, sees_output: bool) -> None:
        self._pickled, self._threads, self._sees_output = job, threads, sees_output
        self._job: Any = None
        self._pipe: Any = None
        self._reports: Any = None

    def start(self, number: int, reports: Any) -> str | None:
        """Load the pipeline, if it is not loaded yet.

        Args:
            number: Of this actor.
            reports: The actor that it reports to.

        Returns:
            Nothing if it is loaded; else why it is not.
        """
        self._reports = reports
        if self._pipe is not None:
            return None
        _wait(reports.starting.remote(number))
        try:
            self._job = pickle.loads(self._pickled)
            _check_output(self._job, self._sees_output)
            self._pipe = self._job.load_pipeline(self._threads)  # Ray itself leaves torch at most one thread
        except Exception as error:  # whatever it is, another process would come to the same
            return f"{type(error).__name__}: {error}"
        finally:
            _wait(reports.started.remote(number))
        return None

    def extract(
        self, shard: Shard, attempt: int, errors_before: int, caution: Caution, overwrite: bool
    ) -> ShardResult | Exception:
        """Extract from a shard; see `extract_shard`.

        Returns:
            What became of it, or the error that it came to.
        """
        from .extraction import TooManyErrorsError, extract_shard

        def before(start: int, stop: int) -> None:
            _wait(self._reports.about.remote(shard.name, attempt, start, stop))

        caution = replace(caution, before=before)
        told = _Told(self._reports, shard.name)
        try:
            return extract_shard(self._job, shard, self._pipe, told, errors_before, caution, overwrite)
        except TooManyErrorsError as error:
            return TooManyErrorsError(str(error))
        except ValueError as error:
            return ValueError(str(error))
        except OSError as error:
            return OSError(error.errno, error.strerror or str(error), error.filename)


class _Told:
    """Counts records, and reports them from time to time without waiting for an answer."""

    def __init__(self, reports: Any, shard: str) -> None:
        self._reports, self._shard = reports, shard
        self._records, self._reported = 0, monotonic()

    def __call__(self, records: int) -> None:
        self._records += records
        if monotonic() - self._reported >= _SECONDS_BETWEEN_REPORTS:
            self._reported = monotonic()
            self._reports.progress.remote(self._shard, self._records)


def _wait(answer: Any) -> None:
    import ray

    ray.get(answer)


def _check_output(job: Job, sees_output: bool) -> None:
    """See that the output folder is the same one here: a folder of this machine alone would be in vain.

    Raises:
        ValueError: It is not.
    """
    from .manifest import MANIFEST
    from .stores import exists, is_url, join

    if sees_output and not is_url(job.output) and not exists(join(job.output, MANIFEST)):
        raise ValueError(f"--output must be a folder that all machines share, and {job.output} is not seen here")
