"""The beginning of a file, from which its format is told: whatever the file is, looking at it fails at nothing."""

import json
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spert_hf.data.annotation.formats import FORMATS
from spert_hf.data.annotation.sample import Sample
from tests.support.annotation_strategies import texts


def sample_of(tmp_path, content, name="f.json"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return Sample.of(path)


def test_a_file_shows_its_start_without_a_byte_order_mark(tmp_path):
    sample = sample_of(tmp_path, b"\xef\xbb\xbfabc\xff", "F.JSON")
    assert (sample.start, sample.names, sample.suffix) == ("abc\ufffd", (), ".json")


def test_a_folder_and_an_archive_show_the_names_of_their_files(tmp_path):
    (tmp_path / "folder" / "inner").mkdir(parents=True)
    for name in ("b.txt", "a.ann"):
        (tmp_path / "folder" / name).touch()
    with zipfile.ZipFile(tmp_path / "f.zip", "w") as archive:
        archive.writestr("x/b.xmi", '{"text": 1}\n{"text": 2}')
    assert (Sample.of(tmp_path / "folder").names, Sample.of(tmp_path / "folder").start) == (("a.ann", "b.txt"), "")
    sample = Sample.of(tmp_path / "f.zip")
    assert (sample.names, sample.start) == (("x/b.xmi",), "")
    assert [*sample.of_member("x/b.xmi").objects()] == [{"text": 1}, {"text": 2}]
    assert sample.of_member("x/b.xmi").path == tmp_path / "f.zip" / "x" / "b.xmi"


def test_a_file_of_an_archive_that_cannot_be_read_shows_nothing(tmp_path):
    with zipfile.ZipFile(tmp_path / "f.zip", "w") as archive:
        archive.writestr("a.jsonl", '{"text": 1}')
    data = (tmp_path / "f.zip").read_bytes()
    (tmp_path / "f.zip").write_bytes(data.replace(b'{"text": 1}', b'{"text": 2}'))
    assert Sample.of(tmp_path / "f.zip").of_member("a.jsonl").start == ""


def test_a_file_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        Sample.of(tmp_path / "none")


@pytest.mark.parametrize(
    ("content", "is_list"), [("[{}]", True), (" \n[", True), ("{}", False), ("", False), ("x [", False)]
)
def test_it_may_be_a_list(tmp_path, content, is_list):
    assert sample_of(tmp_path, content).is_list == is_list


@pytest.mark.parametrize(
    ("content", "value"),
    [
        ('\n \n{"a": 1}\n{"b": 2}', {"a": 1}),
        ('{"a": 1}\r{"b": 2}', {"a": 1}),
        ('\ufeff{"a": 1}', {"a": 1}),
        ("[1]\n{}", {}),
        ("1", {}),
        ("", {}),
        ("{" * 100_000, {}),
        ("[" * 100_000, {}),
        ('{"a": ' + "9" * 10_000 + "}", {}),
    ],
)
def test_the_first_object_is_that_of_the_first_line_that_is_not_blank(tmp_path, content, value):
    assert sample_of(tmp_path, content).first_object == value


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\x85"])
def test_what_ends_no_line_of_json_ends_none(tmp_path, separator):
    record = {"text": f"one{separator}two"}
    sample = sample_of(tmp_path, json.dumps(record, ensure_ascii=False))
    assert sample.first_object == record
    assert [*sample.objects()] == [record]


def test_a_first_line_that_is_long_is_seen_whole(tmp_path):
    record = {"text": "a" * 1_000_000, "entities": []}
    assert sample_of(tmp_path, json.dumps(record) + "\n{}").first_object == record


def test_no_more_than_the_beginning_of_a_file_is_looked_at(tmp_path):
    lines = sample_of(tmp_path, '{"a": 1}\n' * 100_000)
    assert len(lines.start) < 100_000
    assert len(sample_of(tmp_path, "[" + '{"a": 1},' * 100_000).start) < 100_000


@pytest.mark.parametrize(
    ("content", "keys"),
    [
        ('[{"a": {"b": 1}, "c": ["d", {"e": 2}], "f" : "g"}, {"h": 1}]', {"a", "c", "f"}),
        ('{"a": "b: {", "c": "\\"d\\":", "e": [', {"a", "c", "e"}),
        ('{"a": 1, "b": "cut', {"a", "b"}),
        ("{}", set()),
        ("[]", set()),
        ("", set()),
        ('<a x="{">{"b": 1}', set()),
        ("nothing", set()),
    ],
)
def test_the_keys_of_the_first_object_are_those_at_its_own_level(tmp_path, content, keys):
    assert sample_of(tmp_path, content).keys_of_first() == keys


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=st.dictionaries(texts, st.recursive(texts, lambda inner: st.dictionaries(texts, inner), max_leaves=4)))
def test_the_keys_are_those_that_json_has(tmp_path, value):
    assert sample_of(tmp_path, json.dumps([value, {"other": 1}])).keys_of_first() == {*value}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary() | st.text(st.sampled_from('{}[]":,1a\\\n ')).map(str.encode))
def test_whatever_a_file_holds_every_format_can_look_at_it(tmp_path, content):
    sample = sample_of(tmp_path, content)
    for each in FORMATS.values():
        assert each.recognises(sample) in (True, False)
    sample.keys_of_first()
    assert isinstance(sample.first_object, dict)
