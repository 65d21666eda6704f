"""Output of lines that is either complete or absent, and can be resumed after an interruption."""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ..files.outputs import (
    check_replaceable,
    give_mode_of,
    hidden_beside,
    naming,
    open_named,
    put_in_place,
    real_target,
)
from ..files.ownership import is_owned, sole_owner

_READ_AT_ONCE = 1 << 20
_STANDARD_OUTPUT = "standard output"


class LineOutput:
    """An output of lines.

    Args:
        stream: the output stream.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def write(self, line: str) -> None:
        """Add a line, given without its line break."""
        self._stream.write(line.encode() + b"\n")


class StandardOutput(LineOutput):
    """Standard output, named in errors."""

    def __init__(self) -> None:
        super().__init__(sys.stdout.buffer)

    def write(self, line: str) -> None:
        """Add a line, given without its line break."""
        with naming(_STANDARD_OUTPUT):
            super().write(line)

    def flush(self) -> None:
        """Write what is held back."""
        with naming(_STANDARD_OUTPUT):
            sys.stdout.flush()


class UnfinishedFile(LineOutput):
    """The temporary file of an unfinished output.

    Args:
        stream: the file, open for reading and writing.
        done: number of complete lines written by an interrupted run.
    """

    def __init__(self, stream: BinaryIO, done: int) -> None:
        super().__init__(stream)
        self.done = done

    def keep(self, lines: int) -> None:
        """Keep the first lines, and continue after them."""
        self._stream.seek(0)
        for _ in range(lines):
            self._stream.readline()
        self._stream.truncate(self._stream.tell())


def unfinished_path(target: Path) -> Path:
    """Return the path of the temporary file of an output."""
    return hidden_beside(real_target(target), "unfinished")


def check_free(target: Path) -> None:
    """Check before the work that an output can be written.

    Raises:
        ValueError: another run is writing it.
        OSError: it is write-protected.
    """
    check_replaceable(real_target(target))
    if is_owned(_lock_path(target)):
        raise _taken(target)


@contextmanager
def unfinished_output(target: Path, job: Mapping[str, str], resume: bool) -> Iterator[UnfinishedFile]:
    """Write lines to a temporary file next to `target`, which is renamed when it is complete.

    If the run is interrupted or fails for a reason that may be temporary, the file is kept for a later run to resume;
    if the input is invalid (`ValueError`), it is deleted.

    Args:
        target: the output; for a link, its target is written.
        job: everything that affects the output, by name, such as the digest of its input.
        resume: whether to continue an interrupted run; without one, start anew.

    Raises:
        ValueError: another run is writing to this output, or the interrupted run was a different job.
        OSError: the folder can't be written to, or the existing file is write-protected.
    """
    place = real_target(target)
    check_replaceable(place)
    unfinished, job_file = unfinished_path(target), hidden_beside(place, "unfinished.json")
    # A separate lock file: the lock of a renamed file would continue as that of the finished output.
    with sole_owner(_lock_path(target)) as is_ours:
        if not is_ours:
            raise _taken(target)
        with open_named(unfinished, "a+b", target) as stream:
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
    """Return the number of complete lines of a stream."""
    stream.seek(0)
    count = 0
    while part := stream.read(_READ_AT_ONCE):
        count += part.count(b"\n")
    return count


def _check_job(job_file: Path, job: Mapping[str, str], target: Path) -> None:
    """Check that the interrupted run had the same job.

    Raises:
        ValueError: it had not; the message names the differences.
    """
    try:
        before = json.loads(job_file.read_text(encoding="utf-8"))
    except ValueError:
        before = None
    before = before if isinstance(before, dict) else {}
    changed = [name for name in {**job, **before} if before.get(name) != job.get(name)]
    if "dtype" in changed and "model" in changed:  # in another precision, the same model has other weights
        changed.remove("model")
    if changed:
        raise ValueError(
            f"--resume: the interrupted run for {target} had another {', another '.join(changed)}; "
            "use the same, or omit --resume to start anew"
        )
