"""The columns of outputs: types that are the same in every shard, and nothing of the input lost."""

import datetime
import decimal
import json

import datasets
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet as pq
import pytest

from spert_hf.data import prediction_features
from spert_hf.data.prediction_columns import prediction_schema
from spert_hf.scale.columns import OTHER_FIELDS
from spert_hf.scale.corpus import open_corpus
from tests.scale.corpora import extract_all, rows_of, write_lines, write_parquet


def columns_of(*records):
    from spert_hf.scale.columns import infer_columns

    return {field.name: str(field.type) for field in infer_columns(records) if field.name != OTHER_FIELDS}


def test_the_schema_of_what_is_found_is_that_of_the_features():
    assert prediction_schema() == prediction_features(errors=True).arrow_schema.remove_metadata()


def test_types_are_inferred_from_records():
    first = {"text": "x", "n": 1, "share": 1, "ok": True, "of": ["a"], "none": None, "mixed": 1}
    second = {"text": "y", "n": 2, "share": 0.5, "ok": False, "of": {}, "mixed": "1", "more": "z"}
    expected = {"text": "string", "n": "int64", "share": "double", "ok": "bool", "of": "string", "none": "string"}
    assert columns_of(first, second) == expected | {"mixed": "string", "more": "string"}
    assert columns_of({"tokens": []}) == {"tokens": "list<item: string>"}


def test_what_does_not_fit_is_kept_as_json(tmp_path):
    records = [{"text": "One", "n": 1, "of": [1], "share": 0.5} for _ in range(1000)]
    records.append(
        {"text": "Two", "n": "many", "of": "a", "share": 2, "new": {"a": None}, "given_error": 1, "error": 2}
    )
    records.append({"text": "Three", "n": 2**70, "share": True, OTHER_FIELDS: "x"})
    extract_all([write_lines(tmp_path / "a.jsonl", records)], tmp_path / "found")
    rows = rows_of(tmp_path / "found")
    assert [(row["n"], row["of"], row["share"], row[OTHER_FIELDS]) for row in rows[998:1000]] == [
        (1, "[1]", 0.5, None)
    ] * 2
    two, three = rows[1000:]
    assert (two["n"], two["of"], two["share"], two["error"]) == (None, '"a"', 2.0, None)
    assert json.loads(two[OTHER_FIELDS]) == {"n": "many", "new": {"a": None}, "given_error": 1, "given_given_error": 2}
    assert json.loads(three[OTHER_FIELDS]) == {"n": 2**70, "share": True, f"given_{OTHER_FIELDS}": "x"}


def test_columns_of_parquet_keep_their_types(tmp_path):
    columns = {
        "day": pa.array([datetime.date(2024, 2, 29)]),
        "at": pa.array([1], pa.timestamp("ns", "UTC")),
        "price": pa.array([decimal.Decimal("1.50")]),
        "kind": pa.array(["a"]).dictionary_encode(),
        "bytes": pa.array([b"\xff"]),
        "error": pa.array([7], pa.int8()),
        "entities": pa.array([["own"]]),
        "text": pa.array(["One!"], pa.large_string()),
    }
    write_parquet(tmp_path / "in" / "a.parquet", columns)
    extract_all([tmp_path / "in"], tmp_path / "found")
    table = pq.read_table(tmp_path / "found" / "a.parquet")
    assert table.schema.names == [
        *("day", "at", "price", "kind", "bytes", "given_error", "given_entities", "text"),
        *("entities", "relations", "error"),
    ]
    for name in ("day", "at", "price", "bytes", "text"):
        assert table.column(name).combine_chunks() == pa.chunked_array([columns[name]]).combine_chunks()
    assert table.schema.field("kind").type == pa.string()
    assert table.column("given_error").type == pa.int8() and table.column("error").to_pylist() == [None]
    extract_all([tmp_path / "in"], tmp_path / "lines", format="jsonl")
    (row,) = rows_of(tmp_path / "lines")
    assert (row["day"], row["price"], row["bytes"], row["given_entities"]) == ("2024-02-29", "1.50", "/w==", ["own"])
    assert "error" not in row and row["given_error"] == 7


def test_columns_of_several_files_hold_the_values_of_each(tmp_path):
    write_parquet(tmp_path / "in" / "a.parquet", {"text": ["x"], "n": pa.array([1], pa.int32())})
    write_parquet(tmp_path / "in" / "b.parquet", {"n": pa.array([2**40]), "text": ["y"], "more": [1.5]})
    extract_all([tmp_path / "in"], tmp_path / "found")
    assert [(row["n"], row["more"]) for row in rows_of(tmp_path / "found")] == [(1, None), (2**40, 1.5)]
    write_parquet(tmp_path / "in" / "c.parquet", {"text": ["x"], "n": ["one"]})
    with pytest.raises(ValueError, match=r"c.parquet: column 'n' must be int64, as in .*a.parquet, got string"):
        extract_all([tmp_path / "in"], tmp_path / "none")


def test_named_columns_become_text_and_id(tmp_path):
    write_parquet(tmp_path / "p" / "a.parquet", {"body": ["One!"], "key": [7], "id": ["own"], "text": [None]})
    write_lines(tmp_path / "l" / "a.jsonl", [{"body": ["One!"], "key": 7, "id": "own", "text": None}])
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "a.csv").write_text("body,key,id,text\nOne!,7,own,\n")
    for folder, text in (("p", "text"), ("l", "tokens"), ("c", "text")):
        extract_all([tmp_path / folder], tmp_path / f"{folder}-found", text_column="body", id_column="key")
        (row,) = rows_of(tmp_path / f"{folder}-found")
        assert row[text] in ("One!", ["One!"]) and str(row["id"]) == "7" and row["given_id"] == "own"
        assert row["given_text"] in (None, "") and row["error"] is None and len(row["entities"]) == 1


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({}, "column 'text' must be strings or lists of strings, got nothing \\(the file has 'body', 'n', 'key'\\)"),
        ({"text_column": "n"}, "a.parquet: column 'n' must be strings or lists of strings, got double"),
        ({"text_column": "body", "id_column": "n"}, "a.parquet: column 'n' must be strings or integers, got double"),
        ({"text_column": "body", "id_column": "x"}, "column 'x' must be strings or integers, got nothing"),
    ],
)
def test_columns_that_are_missing_or_of_another_type_in_parquet(tmp_path, asked, message):
    write_parquet(tmp_path / "a.parquet", {"body": ["x"], "n": [1.5], "key": ["k"]})
    with pytest.raises(ValueError, match=message):
        open_corpus([str(tmp_path)]).check_columns(asked.get("text_column"), asked.get("id_column"))


@pytest.mark.parametrize(
    ("content", "asked", "message"),
    [
        ('{"body": "x"}\n', (None, None), "a.jsonl, record 1 .*: text must be a string .*has 'body'"),
        ('{"body": "x"}\n', ("title", None), "a.jsonl, record 1 .*: title must be a string or .*has 'body'"),
        ('{"body": 7}\n', ("body", None), "a.jsonl, record 1 .*: text must be a string .*, got 7"),
        ('{"text": "x", "key": 1.5}\n', (None, "key"), "a.jsonl: key must be a string or an integer, got 1.5"),
        ('{"text": "x"}\n', (None, "key"), "a.jsonl: key must be a string or an integer, got nothing .*has 'text'"),
        ('[{"text": "x"}]\n', (None, None), "a.jsonl: must be JSON Lines.* got a JSON list"),
    ],
)
def test_columns_that_are_missing_or_of_another_type_in_lines(tmp_path, content, asked, message):
    (tmp_path / "a.jsonl").write_text(content)
    with pytest.raises(ValueError, match=message):
        open_corpus([str(tmp_path)]).check_columns(*asked)


@pytest.fixture
def without_relations(tmp_path):
    """An output of two shards, the first of which has no relations."""
    for name, text in (("a", "None."), ("b", "One!")):
        write_lines(tmp_path / "in" / f"{name}.jsonl", [{"text": text, "id": number} for number in range(3)])
    extract_all([tmp_path / "in"], tmp_path / "found")
    return tmp_path / "found"


def test_shards_without_relations_are_read_together_with_others(without_relations, tmp_path):
    found = datasets.load_dataset(
        "parquet", data_files=str(without_relations / "*.parquet"), split="train", cache_dir=str(tmp_path / "cache")
    )
    expected = prediction_features(
        {"text": datasets.Value("string"), "id": datasets.Value("int64"), OTHER_FIELDS: datasets.Value("string")},
        errors=True,
    )
    assert found.features == expected
    assert [len(relations) for relations in found["relations"]] == [0, 0, 0, 1, 1, 1]
    table = pyarrow.dataset.dataset(without_relations, format="parquet").to_table()
    assert table.to_pylist() == [*found]


def test_an_empty_file_has_an_empty_output_with_the_same_columns(tmp_path):
    write_lines(tmp_path / "in" / "a.jsonl", [])
    write_lines(tmp_path / "in" / "b.jsonl", [{"text": "One!"}])
    extract_all([tmp_path / "in"], tmp_path / "found")
    empty, other = (pq.read_table(tmp_path / "found" / f"{name}.parquet") for name in "ab")
    assert empty.num_rows == 0 and other.num_rows == 1
