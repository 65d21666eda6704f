"""JSON lists that are read an item at a time."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spert_hf.data.annotation.json_items import read_json_list
from spert_hf.data.annotation.report import Report

VALUES = st.recursive(
    st.text('[]{}\\\\"a', max_size=6) | st.integers(0, 9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('[{\\\\"', max_size=3), inner, max_size=3),
)


def items(path):
    report = Report()
    return [item for _, item in read_json_list(path, report, "a task")], report.faults


@given(value=VALUES, depth=st.integers(0, 1))
def test_brackets_in_strings_are_no_nesting(tmp_path_factory, value, depth):
    path = tmp_path_factory.getbasetemp() / "items.json"
    record = {"a": [value], "[" * 2000: "{" * 2000 + '"' * depth}
    path.write_text(json.dumps([record] * 40), encoding="utf-8")  # longer than what is read at once
    assert items(path) == ([record] * 40, [])


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'[{"\\"]}":'])
def test_nesting_deeper_than_any_tools_is_a_fault(tmp_path, opening):
    path = tmp_path / "items.json"
    path.write_bytes(b"[" + opening * 1001)
    _, (fault,) = items(path)
    assert "nested more than 1,000 levels deep" in fault.fault.given
