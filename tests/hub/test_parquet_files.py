"""Rows of configurations, divided into files: each row once, and every part whole."""

from collections import Counter

import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import strategies as st

from spert_hf.hub.parquet_files import share_rows, write_parquet

ROWS = st.lists(st.integers(0, 6).map(lambda number: {"orig_id": str(number)}), max_size=12)
PARTS = st.dictionaries(st.tuples(st.sampled_from("abc"), st.sampled_from(["train", "test"])), ROWS, max_size=6)


def rows_of(shared, part):
    return [row for path in shared.paths[part] for row in shared.files[path]]


@given(PARTS)
def test_each_part_has_its_rows_and_no_row_is_stored_for_two_parts(parts):
    shared = share_rows(parts)
    needed = Counter()
    for part, rows in parts.items():
        assert Counter(map(repr, rows_of(shared, part))) == Counter(map(repr, rows))
    for name in {name for name, _ in parts}:
        # A row that a configuration has n times has to be stored n times, and need not be more often.
        needed |= Counter(repr(row) for (other, _), rows in parts.items() if other == name for row in rows)
    assert Counter(repr(row) for rows in shared.files.values() for row in rows) == needed


@given(st.dictionaries(st.sampled_from(["train", "validation", "test"]), ROWS, max_size=3))
def test_a_single_configuration_keeps_its_order(splits):
    parts = {("default", split): rows for split, rows in splits.items()}
    shared = share_rows(parts)
    for part, rows in parts.items():
        assert rows_of(shared, part) == rows
        assert len(shared.paths[part]) == 1


def test_files_are_called_after_the_smallest_part_that_has_them():
    first, second, third = ([{"orig_id": str(number)}] for number in range(3))
    shared = share_rows(
        {
            ("default", "train"): first,
            ("default", "validation"): second,
            ("default", "test"): third,
            ("both", "train"): first + second,
            ("both", "test"): third,
        }
    )
    assert shared.paths["both", "train"] == ["data/default-train.parquet", "data/default-validation.parquet"]
    assert shared.paths["both", "test"] == shared.paths["default", "test"] == ["data/default-test.parquet"]


def test_files_say_nothing_that_only_some_versions_of_datasets_can_read(tmp_path):
    import datasets

    features = datasets.Features({"tokens": datasets.List(datasets.Value("string")), "n": datasets.Value("int32")})
    write_parquet(tmp_path / "data" / "one.parquet", [{"tokens": ["a"], "n": 1}], features)
    schema = pq.read_schema(tmp_path / "data" / "one.parquet")
    assert schema.metadata is None
    assert str(schema.field("n").type) == "int32"
