"""Storage of the rows of all configurations of a data set in Parquet files, without duplicates."""

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
    """The rows of each file, and the files of each part.

    Attributes:
        files: Rows by path, relative to the data set's folder.
        paths: The paths of the files of each part, in the order of their first rows in the part.
    """

    files: dict[str, list[Row]]
    paths: dict[Part, list[str]]


def share_rows(parts: Mapping[Part, Sequence[Row]]) -> SharedRows:
    """Divide the rows of all parts into files so that each row is stored once, even if several parts have it.

    Rows that are in the same parts share a file; an empty part has an empty file. Rows keep their order within a file;
    the rows of a part with several files, such as the folds of a cross-validation, are ordered by file.
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
    """Write rows to a Parquet file with the column types of the features.

    The file has no metadata of `datasets`, as version 3 can't read those of version 4 and later. The features are in
    the card of the data set, in a format that all versions can read.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(list(rows), schema=features.arrow_schema.remove_metadata()), path)


def _keys(parts: Mapping[Part, Sequence[Row]]) -> dict[Part, list[_Key]]:
    """Return the keys of rows: their content, and the number of previous occurrences in the configuration.

    Occurrences are counted across splits, so that a sentence in train and in test gives two rows.
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
    """Return a path for each group of rows, named after the smallest part with them, such as the test of a fold."""
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
