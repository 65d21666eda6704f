import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spert_hf.data import (
    Document,
    DocumentError,
    Entity,
    TypeSchema,
    check_file,
    documents_from_rows,
    read_documents,
    write_documents,
)
from tests.data.document_strategies import ENTITY_TYPES, RELATION_TYPES, corrupted, records

SCHEMA = TypeSchema.from_names(ENTITY_TYPES, RELATION_TYPES)
SUFFIXES = (".json", ".jsonl", ".ndjson")
GOOD = {"tokens": ["Ann", "sleeps"], "entities": [{"type": "Peop", "start": 0, "end": 1}], "relations": []}


def write(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def messages(path, schema=SCHEMA):
    """The faults of a file without its path, which read_documents raises just as check_file gives them."""
    faults = check_file(path, schema)
    with pytest.raises(DocumentError) as caught:
        read_documents(path, schema)
    assert caught.value.faults == faults
    return [str(fault).removeprefix(f"{path}: ") for fault in faults]


@given(st.lists(records(), min_size=1, max_size=4), st.sampled_from(SUFFIXES))
def test_documents_round_trip_through_a_file(tmp_path_factory, given_records, suffix):
    path = tmp_path_factory.mktemp("documents") / f"docs{suffix}"
    documents = [Document.from_record(record) for record in given_records]
    write_documents(path, documents)
    assert check_file(path, SCHEMA) == []
    assert read_documents(path, SCHEMA) == documents
    assert [document.to_record() for document in read_documents(path)] == given_records


@given(st.lists(records(), max_size=3), corrupted(), st.sampled_from(SUFFIXES))
def test_a_corruption_is_reported_with_its_record(tmp_path_factory, good, case, suffix):
    broken, field = case
    path = tmp_path_factory.mktemp("documents") / f"docs{suffix}"
    everything = [*good, broken, GOOD]
    lines = json.dumps(everything) if suffix == ".json" else "\n\n".join(json.dumps(record) for record in everything)
    path.write_text(lines, encoding="utf-8")
    found = {
        (located.location.record, located.location.line, located.fault.field) for located in check_file(path, SCHEMA)
    }
    assert found == {(len(good) + 1, None if suffix == ".json" else 2 * len(good) + 1, field)}


def test_message_names_file_record_line_field_value_and_range(tmp_path):
    bad = {**GOOD, "entities": [{"type": "Peop", "start": 0, "end": 31}]}
    path = write(tmp_path, "docs.jsonl", f"\n{json.dumps(GOOD)}\n{json.dumps(bad)}\n")
    with pytest.raises(DocumentError) as caught:
        read_documents(path, SCHEMA)
    assert str(caught.value).splitlines()[0] == (
        f"{path}: record 2 (line 3): entities[0].end: given 31, allowed 1 … 2 (the sentence has 2 tokens)"
    )


def test_all_faults_of_a_file_are_in_one_report(tmp_path):
    lines = [b"{", b'{"tokens": []}', json.dumps(GOOD).encode(), b"3", b"", b'{"tokens": ["\xe9"]}']
    content = b"\n".join(lines)
    places = [str(located.location) for located in check_file(write(tmp_path, "docs.jsonl", content))]
    path = tmp_path / "docs.jsonl"
    offset = content.index(b"\xe9")
    assert places == [
        f"{path}: record 1 (line 1, column 2)",
        f"{path}: record 2 (line 2)",
        f"{path}: record 4 (line 4)",
        f"{path}: line 6",
    ]
    assert f"line 6: given byte 0xe9 at offset {offset}, allowed UTF-8 text" in messages(path)[-1]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_byte_order_mark_and_crlf_are_accepted(tmp_path, suffix):
    text = json.dumps([GOOD, GOOD], indent=1) if suffix == ".json" else f"{json.dumps(GOOD)}\n\n{json.dumps(GOOD)}\n"
    path = write(tmp_path, f"docs{suffix}", b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert read_documents(path, SCHEMA) == [Document.from_record(GOOD)] * 2


def test_json_lines_split_at_line_feeds_only(tmp_path):
    record = {"tokens": ["a\u2028b", "c\u0085d"]}
    path = write(tmp_path, "docs.jsonl", json.dumps(record, ensure_ascii=False))
    assert read_documents(path)[0].tokens == record["tokens"]


TRUNCATED = json.dumps([GOOD, GOOD])[:-20]


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("d.json", b"", "given an empty file, allowed JSON"),
        ("d.json", b" \n", "given an empty file, allowed JSON"),
        ("d.jsonl", b"", "given an empty file, allowed JSON Lines, a record a line"),
        ("d.jsonl", b"\n\r\n", "given an empty file, allowed JSON Lines, a record a line"),
        ("d.json", gzip.compress(b"[]", mtime=0), "this is gzip-compressed; decompress it first"),
        ("d.jsonl", gzip.compress(b"{}", mtime=0), "this is gzip-compressed; decompress it first"),
        ("d.json", "[]".encode("utf-16"), "given UTF-16 text, allowed UTF-8 text: save the file as UTF-8"),
        ("d.json", b'[{"tokens": ["caf\xe9"]}]', "given byte 0xe9 at offset 17, allowed UTF-8 text"),
        ("d.json", b'\xef\xbb\xbf["\xe9"]', "given byte 0xe9 at offset 5, allowed UTF-8 text"),
        ("d.json", TRUNCATED.encode(), f"line 1, column {len(TRUNCATED) + 1}: given the end of the text"),
        ("d.json", b'[\n  {"tokens" ["a"]}\n]', "line 2, column 13: given '[\"a\"]}\\n]' (Expecting ':' delimiter)"),
        ("d.json", b"[" * 100_000, "given JSON nested thousands of levels deep"),
        ("d.json", b"[" + b"1" * 5000 + b"]", "Exceeds the limit"),
        ("d.json", b'{"tokens": ["a"]}', "given a single JSON object, allowed a JSON list of records; put the object"),
        ("d.json", b'{"data": []}', "given a JSON object with 'data', allowed a JSON list of records"),
        ("d.json", b"3", "given 3, allowed a JSON list of records"),
        (
            "d.json",
            json.dumps(SCHEMA.to_dict()).encode(),
            "given a types file, allowed a JSON list of records; give the",
        ),
        ("d.json", b'{"tokens": ["a"]}\n{"tokens": ["b"]}\n', "to read JSON Lines, name the file .jsonl"),
        ("d.jsonl", b'[{"tokens": ["a"]}]', "to read a JSON list, name the file .json"),
        ("d.jsonl", json.dumps([GOOD], indent=1).encode(), "to read a JSON list, name the file .json"),
        ("d.txt", b"text", "given a file name ending in '.txt', allowed .json, .jsonl, .ndjson"),
        ("d.json.gz", b"", "given a file name ending in '.gz', allowed .json, .jsonl, .ndjson"),
    ],
)
def test_a_file_that_is_something_else_has_one_clear_fault(tmp_path, name, content, expected):
    found = messages(write(tmp_path, name, content))
    assert len(found) == 1
    assert expected in found[0]


def test_a_types_file_in_json_lines_is_no_record(tmp_path):
    path = write(tmp_path, "d.jsonl", json.dumps(SCHEMA.to_dict()))
    assert messages(path)[0].startswith(
        "record 1 (line 1): tokens: given nothing (the record has 'entities', 'relations')"
    )


def test_absent_file_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"absent\.json"):
        read_documents(tmp_path / "absent.json")


def test_an_empty_list_is_no_documents(tmp_path):
    assert read_documents(write(tmp_path, "d.json", "[]")) == []


def test_suffixes_may_be_upper_case(tmp_path):
    assert len(read_documents(write(tmp_path, "D.JSON", json.dumps([GOOD])))) == 1


# Writing


def test_an_empty_json_list_is_written(tmp_path):
    write_documents(tmp_path / "d.json", [])
    assert read_documents(tmp_path / "d.json") == []


def test_json_has_a_record_a_line(tmp_path):
    write_documents(tmp_path / "d.json", [Document(["ä"]), Document(["b"])])
    lines = (tmp_path / "d.json").read_text(encoding="utf-8").splitlines()
    assert lines[1] == '{"tokens": ["ä"], "entities": [], "relations": []},'
    assert len(lines) == 4


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, suffix):
    path = write(tmp_path, f"d{suffix}", "old")
    with pytest.raises(DocumentError, match=r"record 2: entities\[0\]\.end: given 9"):
        write_documents(path, [Document(["a"]), Document(["a"], [Entity("Loc", 0, 9)])])
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_writing_replaces_the_file_behind_a_link(tmp_path):
    target = write(tmp_path, "target.json", "old")
    link = tmp_path / "link.json"
    link.symlink_to(target)
    write_documents(link, [Document(["a"])])
    assert link.is_symlink()
    assert read_documents(target) == [Document(["a"])]


def test_writing_refuses_other_suffixes(tmp_path):
    with pytest.raises(DocumentError, match=r"given a file name ending in '\.csv', allowed \.json, \.jsonl, \.ndjson"):
        write_documents(tmp_path / "d.csv", [])


def test_a_field_that_utf8_cannot_hold_round_trips(tmp_path):
    document = Document(["ä"], extra={"note": "\ud800"})
    write_documents(tmp_path / "d.jsonl", [document])
    assert read_documents(tmp_path / "d.jsonl") == [document]


# Rows


def as_columns(items, names):
    return {name: [item[name] for item in items] for name in names}


@given(st.lists(records(), max_size=3))
def test_rows_by_item_and_by_column_give_the_same_documents(given_records):
    columnar = [
        {
            **record,
            "entities": as_columns(record["entities"], ("type", "start", "end")),
            "relations": as_columns(record["relations"], ("type", "head", "tail")),
        }
        for record in given_records
    ]
    expected = [Document.from_record(record) for record in given_records]
    assert documents_from_rows(given_records, "rows", SCHEMA) == expected
    assert documents_from_rows(columnar, "rows", SCHEMA) == expected


def test_absent_annotations_may_be_none_in_rows():
    assert documents_from_rows([{"tokens": ["a"], "entities": None, "relations": None}], "rows") == [Document(["a"])]


def test_rows_of_arrays_are_read():
    numpy = pytest.importorskip("numpy")
    row = {"tokens": numpy.array(["a", "b"]), "entities": {"type": ["Loc"], "start": numpy.array([0]), "end": [1]}}
    other = {"tokens": ["a", "b"], "entities": [{"type": "Loc", "start": numpy.int64(0), "end": numpy.int32(1)}]}
    expected = [Document(["a", "b"], [Entity("Loc", 0, 1)])]
    assert documents_from_rows([row], "rows") == expected
    assert documents_from_rows([other], "rows") == expected


def test_faults_of_rows_name_the_rows():
    rows = [GOOD, {"tokens": ["a"], "entities": {"type": ["Loc"], "start": [0, 1], "end": [1]}}, ["no row"]]
    with pytest.raises(DocumentError) as caught:
        documents_from_rows(rows, "my set, split train", SCHEMA)
    assert [(f.location.source, f.location.record, f.fault.field) for f in caught.value.faults] == [
        ("my set, split train", 2, "entities"),
        ("my set, split train", 3, ""),
    ]


def test_rows_of_a_datasets_split_are_read():
    datasets = pytest.importorskip("datasets")
    record = {**GOOD, "relations": [{"type": "Live_In", "head": 0, "tail": 1}]}
    record["entities"] = [*GOOD["entities"], {"type": "Loc", "start": 1, "end": 2}]
    rows = datasets.Dataset.from_list([record, {**GOOD, "relations": None}])
    assert documents_from_rows(rows, "rows") == [Document.from_record(record), Document.from_record(GOOD)]
