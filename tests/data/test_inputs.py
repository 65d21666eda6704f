import csv
import gzip
import io
import json
import sys
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spert_hf.data import DocumentError, read_inputs
from spert_hf.data.faults import Location
from spert_hf.data.textfiles import parse_json, to_json_line
from tests.support import growth


def write(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.fixture
def feed(monkeypatch):
    """Reads inputs from standard input that holds the given bytes."""

    def read(content):
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(content)))
        return list(read_inputs("-"))

    return read


def message(path):
    with pytest.raises(DocumentError) as caught:
        list(read_inputs(path))
    return str(caught.value)


line_texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\r")).filter(
    lambda text: not text.startswith("\ufeff")
)


@given(st.lists(line_texts), st.sampled_from(["\n", "\r\n", "\r"]))
def test_each_line_of_text_is_a_text(tmp_path_factory, lines, end):
    path = tmp_path_factory.mktemp("inputs") / "in.txt"
    path.write_bytes("".join(line + end for line in lines).encode())
    assert list(read_inputs(path)) == [{"text": line} for line in lines]


def test_the_last_line_may_lack_its_end_and_a_byte_order_mark_is_skipped(tmp_path):
    path = write(tmp_path, "in.txt", b"\xef\xbb\xbfone\n\ntwo")
    assert list(read_inputs(path)) == [{"text": "one"}, {"text": ""}, {"text": "two"}]


ITEMS = [{"text": "One.", "id": 7}, {"tokens": ["Two", "."], "meta": {"a": None}}, {"text": ""}, {"tokens": []}]


@pytest.mark.parametrize("name", ["in.json", "in.jsonl", "in.ndjson"])
def test_objects_pass_with_all_their_fields(tmp_path, name):
    lines = json.dumps(ITEMS) if name == "in.json" else "\n\n".join(map(json.dumps, ITEMS))
    assert list(read_inputs(write(tmp_path, name, lines))) == ITEMS


@pytest.mark.parametrize("name", ["in.txt", "in.jsonl"])
def test_a_file_without_lines_has_no_inputs(tmp_path, name):
    assert list(read_inputs(write(tmp_path, name, ""))) == []


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (
            {"sentence": "a"},
            "text must be a string (or tokens a list of strings), got nothing (the record has 'sentence')",
        ),
        ({"text": 3}, "text must be a string of valid Unicode, got 3"),
        ({"text": "\ud800"}, "text must be a string of valid Unicode, got '\\ud800'"),
        ({"text": "a", "tokens": ["a"]}, "tokens must be absent where there is text, got both"),
        ({"tokens": "a"}, "tokens must be a list of one or more strings that are not empty, got 'a'"),
        ({"tokens": ["a", ""]}, "tokens[1] must be a string of valid Unicode that is not empty, got ''"),
        (3, "must be an object with text or tokens, got 3"),
    ],
)
def test_faults_name_record_line_and_field(tmp_path, item, expected):
    lines = write(tmp_path, "in.jsonl", f'{{"text": "a"}}\n\n{json.dumps(item)}\n')
    assert message(lines).startswith(f"{lines}, record 2 (line 3): {expected}")
    whole = write(tmp_path, "in.json", json.dumps([{"text": "a"}, item]))
    assert message(whole).startswith(f"{whole}, record 2: {expected}")


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("in.txt", gzip.compress(b"a", mtime=0), "must be UTF-8 text, got gzip-compressed data; decompress it first"),
        ("in.txt", b"a\n\xff\n", "line 2: must be UTF-8 text, got byte 0xff at offset 2"),
        (
            "in.jsonl",
            b'{"text": "a"}\n{"text" "b"}',
            "record 2 (line 2, column 9): must be an object with text or tokens, got '\"b\"}' (Expecting ':'",
        ),
        ("in.jsonl", b'[\n{"text": "a"}\n]', "to read a JSON list, name the file .json"),
        ("in.json", b'{"text": "a"}\n{"text": "b"}', "to read JSON Lines, name the file .jsonl"),
        ("in.json", b'{"text": "a"}', "got a single JSON object"),
        ("in.json", b"", "got an empty file"),
        ("in.xml", b"", "must be a file of .txt, .csv, .json, .jsonl, .ndjson, got a file name ending in '.xml'"),
        ("in.csv", b"", "must be comma-separated values with the columns' names in the first line, got an empty file"),
        ("in.csv", b"body,id\na,1\n", "line 1: text must be a column of comma-separated values"),
        ("in.csv", b"text;id\na;1\n", "separated by ';'"),
        (
            "in.csv",
            b"text,text\na,b\n",
            "line 1: must be a table that names each column once, got two columns named 'text'",
        ),
        (
            "in.csv",
            b"id,text\n1,a\n2,b,c\n",
            "record 2 (line 3): must be 2 values, as many as there are columns, got 3",
        ),
        ("in.csv", b'text\n"a"b\n', "line 2: must be comma-separated values"),
        ("in.csv", b'text\n"a\nb\n', "in the first line, got unexpected end of data"),
        ("in.csv", b"text\na\n\xff\n", "line 3: must be UTF-8 text, got byte 0xff at offset 7"),
        (
            "in.csv",
            gzip.compress(b"text\n", mtime=0),
            "must be UTF-8 text, got gzip-compressed data; decompress it first",
        ),
    ],
)
def test_a_file_that_is_something_else_has_a_clear_fault(tmp_path, name, content, expected):
    assert expected in message(write(tmp_path, name, content))


def test_rows_pass_with_all_their_columns(tmp_path):
    path = write(tmp_path, "in.csv", b'\xef\xbb\xbfid,text\r\n7,"One, two"\r\n\r\n8,"a ""b""\r\nc"\r\n9,\r\n')
    assert list(read_inputs(path)) == [
        {"id": "7", "text": "One, two"},
        {"id": "8", "text": 'a "b"\nc'},
        {"id": "9", "text": ""},
    ]


def test_a_long_value_is_read_and_the_limit_for_others_stays(tmp_path):
    before = csv.field_size_limit()
    path = write(tmp_path, "in.csv", "text\n" + "x" * 2 * before + "\n")
    assert [len(record["text"]) for record in read_inputs(path)] == [2 * before]
    assert csv.field_size_limit() == before


@pytest.mark.parametrize("name", ["in.txt", "in.jsonl", "in.csv"])
def test_a_file_without_line_ends_is_not_read_into_memory(tmp_path, monkeypatch, name):
    monkeypatch.setattr("spert_hf.data.textfiles.LONGEST_LINE", 1000)
    path = write(tmp_path, name, "text\n" * (name == "in.csv") + "x" * 10_000_000)
    assert growth.peak_bytes(lambda: message(path)) < 200_000
    assert "must be a line of at most 1,000 bytes, got a longer one" in message(path)


def test_a_json_list_that_is_too_large_is_refused_unread(tmp_path, monkeypatch):
    monkeypatch.setattr("spert_hf.data.inputs.LARGEST_JSON_LIST", 1000)
    path = write(tmp_path, "in.json", json.dumps([{"text": "x" * 1000}]))
    assert "must be at most 1,000 bytes long, as a JSON list is read whole, got 1,014" in message(path)


@pytest.mark.parametrize("name", ["in.json", "in.jsonl"])
@pytest.mark.parametrize("levels", [101, 900, 100_000])
def test_deep_json_is_refused(tmp_path, name, levels):
    line = '{"text": "a", "meta": ' + "[" * levels + "]" * levels + "}"
    assert "nested" in message(write(tmp_path, name, f"[{line}]" if name == "in.json" else line))


def test_good_lines_come_before_the_report_of_all_faults(tmp_path):
    path = write(tmp_path, "in.jsonl", '{"text": "a"}\n{}\n{"text": "b"}\n{"text": 1}\n')
    inputs = read_inputs(path)
    assert next(inputs) == {"text": "a"}
    with pytest.raises(DocumentError) as caught:
        next(inputs)
    assert [located.location.line for located in caught.value.faults] == [2, 4]
    assert caught.value.complete


def test_reading_stops_after_fifty_faults(tmp_path):
    path = write(tmp_path, "in.jsonl", "{}\n" * 1000)
    with pytest.raises(DocumentError) as caught:
        list(read_inputs(path))
    assert len(caught.value.faults) == 50
    assert "… and perhaps more: reading stopped here" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "line"),
    [("in.txt", "x" * 100), ("in.jsonl", json.dumps({"text": "x" * 100})), ("in.csv", "text," + "x" * 100)],
)
def test_lines_are_streamed(tmp_path, name, line):
    path = write(tmp_path, name, f"{line}\n" * 20_000)
    counts = []
    peak = growth.peak_bytes(lambda: counts.append(sum(1 for _ in read_inputs(path))))
    assert counts == [20_000 - name.endswith("csv")]
    assert peak < 500_000 < path.stat().st_size


def test_standard_input_is_text(feed):
    assert feed(b"\n\none {\n{two}\n") == [{"text": ""}, {"text": ""}, {"text": "one {"}, {"text": "{two}"}]
    assert feed(b"\n\n") == [{"text": ""}, {"text": ""}]
    assert feed(b"") == []


def test_standard_input_is_json_lines_if_its_first_line_begins_with_a_brace(feed):
    assert feed(b'\n{"text": "a"}\n\n{"tokens": ["b"]}\n') == [{"text": "a"}, {"tokens": ["b"]}]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b'\n{"text": 1}', "standard input, record 1 (line 2): text must be a string of valid Unicode, got 1"),
        (b"a\n\xff", "standard input, line 2: must be UTF-8 text, got byte 0xff at offset 2"),
        (gzip.compress(b"a", mtime=0), "standard input, line 1: must be UTF-8 text, got gzip-compressed data"),
    ],
)
def test_faults_of_standard_input(feed, content, expected):
    with pytest.raises(DocumentError) as caught:
        feed(content)
    assert str(caught.value).startswith(expected)


@pytest.mark.parametrize("ends", [("\r", "\r"), ("\r", "\n"), ("\r\n", "\r"), ("\n\r", "\n")])
def test_whatever_ends_lines_ends_them(tmp_path, ends):
    first, second = ends
    blank = [{"text": ""}] if first == "\n\r" else []
    content = f"one{first}two{second}three"
    assert list(read_inputs(write(tmp_path, "in.txt", content))) == [
        {"text": "one"},
        *blank,
        {"text": "two"},
        {"text": "three"},
    ]
    rows = write(tmp_path, "in.csv", f'text{first}"one, 1"{second}two')
    assert list(read_inputs(rows)) == [{"text": "one, 1"}, {"text": "two"}]
    objects = write(tmp_path, "in.jsonl", f'{{"text": "one"}}{first}{{"text": "two"}}{second}')
    assert list(read_inputs(objects)) == [{"text": "one"}, {"text": "two"}]


def test_faults_name_the_line_whatever_ends_lines(tmp_path):
    assert "line 3" in message(write(tmp_path, "in.jsonl", '{"text": "one"}\r{"text": "two"}\r{"text": 3}\r'))


def test_a_list_takes_what_the_published_code_predicts(tmp_path):
    given = [{"tokens": ["Bruno", "sails"]}, ["Bruno", "sails"], "Bruno sails.", [], ""]
    assert list(read_inputs(write(tmp_path, "in.json", json.dumps(given)))) == [
        {"tokens": ["Bruno", "sails"]},
        {"tokens": ["Bruno", "sails"]},
        {"text": "Bruno sails."},
        {"tokens": []},
        {"text": ""},
    ]
    path = write(tmp_path, "in.json", '["a", ["b", 3]]')
    assert message(path).startswith(
        f"{path}, record 2: tokens[1] must be a string of valid Unicode that is not empty, got 3"
    )


@pytest.mark.parametrize(
    "number",
    ["1e999", "-1E+400", "0.12345678901234567890123", "1e-999999999999999999999", "12345678901234567890.5", "9" * 5000],
)
@pytest.mark.parametrize("name", ["in.json", "in.jsonl"])
def test_numbers_pass_as_they_are(tmp_path, name, number):
    line = f'{{"text": "a", "meta": [{{"n": {number}}}, 1.5, 7]}}'
    (record,) = read_inputs(write(tmp_path, name, f"[{line}]" if name == "in.json" else line))
    assert to_json_line(record) == line
    assert record["meta"][1:] == [1.5, 7]


@given(st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.integers()))
def test_what_python_keeps_stays_a_number(number):
    (value,) = parse_json(f"[{number!r}]", Location(""), "", exact=True)
    assert type(value) is type(number) and value == number


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_json_is_not_passed_on(tmp_path, constant):
    path = write(tmp_path, "in.jsonl", f'{{"text": "a", "meta": {constant}}}')
    assert f"got {constant}, which is not JSON" in message(path)


def test_a_number_where_a_text_should_be_is_named(tmp_path):
    assert "text must be a string of valid Unicode, got 1e999" in message(
        write(tmp_path, "in.jsonl", '{"text": 1e999}')
    )
