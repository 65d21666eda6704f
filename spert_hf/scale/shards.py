"""Shards: the parts of a corpus that are extracted from one at a time, each with an output file of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..data.faults import short_repr
from ..model.messages import must_be
from .parquet_input import Footer, read_footers
from .sources import Source
from .stores import open_input

SHARD_SIZE = 10_000
"""Rows of a shard, by default."""

_SAMPLE = 1 << 20
"""Bytes of a file from which the length of its lines is estimated."""


@dataclass(frozen=True, slots=True)
class Shard:
    """A part of a file that has an output file of its own.

    Attributes:
        name: Of the output, relative to the output folder and without suffix.
        source: The file's path or URL.
        kind: How to read it: `jsonl`, `csv`, `txt`, `json` or `parquet`.
        compression: `gzip`, `zstd` or none.
        start: The first row of a Parquet file, or the byte of other files from which on lines belong to it.
        stop: The row or byte after the last; none for the file's end.
        size: About how many bytes are read.
    """

    name: str
    source: str
    kind: str
    compression: str | None = None
    start: int = 0
    stop: int | None = None
    size: int = 0


def list_shards(
    sources: Sequence[Source],
    shard_size: int = SHARD_SIZE,
    token: str | None = None,
    footers: Sequence[Footer | None] | None = None,
) -> list[Shard]:
    """Cut the files of a corpus into shards.

    A Parquet file is cut at the borders of its row groups, and inside those that are larger. JSON Lines and text that
    are not compressed are cut at bytes, by the mean length of the first lines, so that nothing need be read to find
    out where a shard begins: their shards have about as many rows. All other files are a shard each, as they can only
    be read from their beginning.

    Args:
        sources: The files.
        shard_size: Rows of a shard.
        token: For the Hub.
        footers: Those of the Parquet files, if they are read already.

    Returns:
        The shards, in the order of the files.

    Raises:
        ValueError: A Parquet file cannot be read, or two shards have the same name.
    """
    if footers is None:
        footers = read_footers(sources, token)
    shards = [
        shard
        for source, footer in zip(sources, footers, strict=True)
        for shard in _shards_of(source, _cuts(source, footer, shard_size, token))
    ]
    seen: set[str] = set()
    for shard in shards:
        if shard.name in seen:
            raise ValueError(must_be("--input", "files with distinct names", f"{short_repr(shard.name)} twice"))
        seen.add(shard.name)
    return shards


def part_of(shards: Sequence[Shard], number: int, count: int) -> list[Shard]:
    """The shards of one of `count` processes that share the work, counted from 1: every `count`-th."""
    return list(shards[number - 1 :: count])


def _cuts(source: Source, footer: Footer | None, shard_size: int, token: str | None) -> list[int]:
    """Where the shards of a file begin, and where the last one ends."""
    if footer is not None:
        return _row_cuts(footer.group_sizes, shard_size)
    if source.kind in ("jsonl", "txt") and source.compression is None and source.size > 0:
        return _byte_cuts(source, shard_size, token)
    return [0]


def _shards_of(source: Source, cuts: list[int]) -> list[Shard]:
    where: dict[str, Any] = {"source": source.path, "kind": source.kind, "compression": source.compression}
    if len(cuts) < 2:
        return [Shard(source.name, size=source.size, **where)]
    count = len(cuts) - 1
    size = source.size // count
    if count == 1:
        return [Shard(source.name, start=cuts[0], stop=cuts[1], size=size, **where)]
    return [
        Shard(f"{source.name}-{number:05}-of-{count:05}", start=cuts[number], stop=cuts[number + 1], size=size, **where)
        for number in range(count)
    ]


def _row_cuts(group_sizes: Sequence[int], shard_size: int) -> list[int]:
    cuts = [0]
    at = 0
    for rows in group_sizes:
        if at > cuts[-1] and at + rows - cuts[-1] > shard_size:
            cuts.append(at)
        parts = -(-rows // shard_size)  # of the same size, but for a row
        cuts += [at + rows * part // parts for part in range(1, parts)]
        at += rows
    return [*cuts, at]


def _byte_cuts(source: Source, shard_size: int, token: str | None) -> list[int]:
    if source.size < shard_size:  # bytes: not a byte for each row
        return [0, source.size]
    with open_input(source.path, token) as stream:
        sample = stream.read(_SAMPLE)
    mean = len(sample) / max(sample.count(b"\n"), 1)
    count = max(round(source.size / (mean * shard_size)), 1)
    return [source.size * number // count for number in range(count + 1)]
