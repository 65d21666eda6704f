"""An output of lines that is complete or absent, and that a later run can go on with if this one is interrupted."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ..files.outputs import check_replaceable, give_mode_of, hidden_beside, put_in_place, real_target
from ..files.ownership import is_owned, sole_owner

_READ_AT_ONCE = 1 << 20


class LineOutput:
    """Lines of an output that is being written.

    Args:
        stream: where to.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def write(self, line: str) -> None:
        """Add a line, given without its end."""
        self._stream.write(line.encode() + b"\n")


class UnfinishedFile(LineOutput):
    """The file beside an output in which its lines gather until it is complete.

    Args:
        stream: that file, open for reading and writing.
        done: complete lines that are in it from a run that was interrupted.
    """

    def __init__(self, stream: BinaryIO, done: int) -> None:
        super().__init__(stream)
        self.done = done

    def keep(self, lines: int) -> None:
        """Keep the first lines, and go on behind them."""
        self._stream.seek(0)
        for _ in range(lines):
            self._stream.readline()
        self._stream.truncate(self._stream.tell())


def unfinished_path(target: Path) -> Path:
    """Where the lines of an output gather until it is complete."""
    return hidden_beside(real_target(target), "unfinished")


def check_free(target: Path) -> None:
    """Check, before long work, that an output may be written.

    Raises:
        ValueError: if another run is writing it.
        OSError: if it is write-protected.
    """
    check_replaceable(real_target(target))
    if is_owned(_lock_path(target)):
        raise _taken(target)


@contextmanager
def unfinished_output(target: Path, job: Mapping[str, str], resume: bool) -> Iterator[UnfinishedFile]:
    """Gather lines in a file beside `target` that gets its name when all are there.

    What was gathered stays for a later run to resume if this one is interrupted or fails by what may be over then;
    where the input is at fault (`ValueError`), nothing stays.

    Args:
        target: the output; where it is a link, what that leads to is written.
        job: by name, what decides on the output's content, such as the digest of its input.
        resume: go on with what an interrupted run left; where there is nothing, begin anew.

    Raises:
        ValueError: if another run is writing to this output, or the one to resume was another job.
        OSError: if the folder cannot be written to, or the file there is write-protected.
    """
    place = real_target(target)
    check_replaceable(place)
    unfinished, job_file = unfinished_path(target), hidden_beside(place, "unfinished.json")
    # A lock of its own: that of a file which gets another name would go on as the finished output's.
    with sole_owner(_lock_path(target)) as is_ours:
        if not is_ours:
            raise _taken(target)
        with unfinished.open("a+b") as stream:
            give_mode_of(place, unfinished)
            done = _complete_lines(stream) if resume and job_file.is_file() else 0
            if done:
                _check_job(job_file, job, target)
            else:
                stream.truncate(0)
                job_file.write_text(json.dumps(dict(job)), encoding="utf-8")
            try:
                yield UnfinishedFile(stream, done)
                stream.flush()
                os.fsync(stream.fileno())
                put_in_place(unfinished, place)
            except ValueError:
                unfinished.unlink(missing_ok=True)
                job_file.unlink(missing_ok=True)
                raise
            job_file.unlink(missing_ok=True)


def _lock_path(target: Path) -> Path:
    return hidden_beside(real_target(target), "lock")


def _taken(target: Path) -> ValueError:
    return ValueError(f"--output: another run is writing {target}; name another file")


def _complete_lines(stream: BinaryIO) -> int:
    """Number of the stream's lines that have an end."""
    stream.seek(0)
    count = 0
    while part := stream.read(_READ_AT_ONCE):
        count += part.count(b"\n")
    return count


def _check_job(job_file: Path, job: Mapping[str, str], target: Path) -> None:
    """Check that the run that was interrupted had the same job.

    Raises:
        ValueError: naming what is not the same.
    """
    try:
        before = json.loads(job_file.read_text(encoding="utf-8"))
    except ValueError:
        before = None
    before = before if isinstance(before, dict) else {}
    changed = [name for name in {**job, **before} if before.get(name) != job.get(name)]
    if changed:
        raise ValueError(
            f"--resume: the interrupted run for {target} had another {', another '.join(changed)}; "
            "use the same, or leave out --resume to begin anew"
        )
