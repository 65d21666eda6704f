"""The rows of a data set's configurations as Parquet files, each row stored once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
import pyarrow.parquet as pq

Row = Mapping[str, Any]
Part = tuple[str, str]
"""A configuration's name and one of its splits."""

_Key = tuple[str, int]
_FOLDER = "data"


@dataclass(frozen=True, slots=True)
class SharedRows:
    """Which rows go into which file, and which files make up which part.

    Attributes:
        files: Path, relative to the data set's folder, to rows.
        paths: Part to the paths of its files, in the order in which their first rows stand in the part.
    """

    files: dict[str, list[Row]]
    paths: dict[Part, list[str]]


def share_rows(parts: Mapping[Part, Sequence[Row]]) -> SharedRows:
    """Divide the rows of all parts into files so that each is stored once, however many parts have it.

    Rows that lie in the same parts share a file; a part without rows has a file without any. A part's rows keep their
    order within a file; where parts mix rows of several files, as the folds of a cross-validation do, theirs follow
    file by file.
    """
    keys_of = _keys(parts)
    rows: dict[_Key, Row] = {}
    parts_of: dict[_Key, list[Part]] = {}
    for part, keys in keys_of.items():
        for key, row in zip(keys, parts[part], strict=True):
            rows.setdefault(key, row)
            parts_of.setdefault(key, []).append(part)
    groups: dict[tuple[Part, ...], list[Row]] = {(part,): [] for part, keys in keys_of.items() if not keys}
    for key, members in parts_of.items():
        groups.setdefault(tuple(members), []).append(rows[key])
    names = _names(groups, {part: len(part_rows) for part, part_rows in parts.items()})
    paths = {}
    for part, keys in keys_of.items():
        groups_of_part = dict.fromkeys(tuple(parts_of[key]) for key in keys) or [(part,)]
        paths[part] = [names[group] for group in groups_of_part]
    return SharedRows({names[group]: group_rows for group, group_rows in groups.items()}, paths)


def write_parquet(path: Path, rows: Iterable[Row], features: datasets.Features) -> None:
    """Write rows as a Parquet file of the features' column types.

    The file says nothing of `datasets`: what version 4 and later would note there of the features, 3 cannot read. They
    are in the data set's card, in a form that both can.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(list(rows), schema=features.arrow_schema.remove_metadata()), path)


def _keys(parts: Mapping[Part, Sequence[Row]]) -> dict[Part, list[_Key]]:
    """What tells rows apart: their content, and how often a configuration had it before.

    Counted over a configuration's splits, so that a sentence that stands in train and, once more, in test is two rows.
    """
    seen: Counter[tuple[str, str]] = Counter()
    keys: dict[Part, list[_Key]] = {}
    for part, part_rows in parts.items():
        configuration, _ = part
        keys[part] = []
        for content in map(repr, part_rows):
            keys[part].append((content, seen[configuration, content]))
            seen[configuration, content] += 1
    return keys


def _names(groups: Iterable[tuple[Part, ...]], sizes: Mapping[Part, int]) -> dict[tuple[Part, ...], str]:
    """A path for each group of rows, after the smallest part that has them: the test split of a fold, say."""
    smallest = {group: min(group, key=lambda part: sizes[part]) for group in groups}
    stems = {group: "-".join(part) for group, part in smallest.items()}
    uses = Counter(stems.values())
    given: Counter[str] = Counter()
    names = {}
    for group, stem in stems.items():
        number = f"-{given[stem]}" if uses[stem] > 1 else ""
        names[group] = f"{_FOLDER}/{stem}{number}.parquet"
        given[stem] += 1
    return names
