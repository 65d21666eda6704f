"""Expressions of Python become those of JavaScript, and what has no counterpart is refused."""

import re

import pytest

from spert_hf.hub.browser.js_regex import JsRegexes, complement, union


@pytest.mark.parametrize(
    ("pattern", "flags", "expected"),
    [
        (r"a-b", 0, "a-b"),
        (r"[a\-c.]", 0, r"[\-\.ac]"),
        (r"(?P<name>x)|(?:y)+?", 0, "(?:(?<name>x)|(?:y)+?)"),
        (r"(?<=a)b(?!c)(?<!d)(?=e)", 0, "(?<=a)b(?!c)(?<!d)(?=e)"),
        (r"a{2,3}b{4}c{5,}d*e?\Z", 0, "(?:a){2,3}(?:b){4}(?:c){5,}(?:d)*(?:e)?(?![^])"),
        ("[b-d]", re.IGNORECASE, "[B-Db-d]"),
        ("é\n", 0, r"\u{e9}\u{a}"),
        (" a # said in verbose ones", re.VERBOSE, "a"),
    ],
)
def test_what_an_expression_becomes(pattern, flags, expected):
    assert JsRegexes().convert(re.compile(pattern, flags)) == expected


def test_large_classes_are_kept_once():
    regexes = JsRegexes()
    assert regexes.convert(re.compile(r"\w+[^\W]")) == "(?:⟦0⟧)+⟦0⟧"
    assert len(regexes.classes) == 1
    assert regexes.convert(re.compile(r"[^\S\n]")) != "⟦0⟧"


@pytest.mark.parametrize("pattern", [r"a$", r"(a)\1", r"\Ba", r"(?i:\w)"])
def test_what_has_no_counterpart_is_refused(pattern):
    with pytest.raises(ValueError, match="there is no counterpart in JavaScript to"):
        JsRegexes().convert(re.compile(pattern))


def test_ranges():
    assert union([(5, 6), (1, 2), (3, 4), (8, 9)]) == [(1, 6), (8, 9)]
    assert complement([(0, 4), (7, 0x10FFFF)]) == [(5, 6)]
    assert complement([]) == [(0, 0x10FFFF)]
