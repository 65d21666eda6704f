import re
from collections import Counter
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings

from spert_hf.evaluation import write_html_report
from spert_hf.evaluation.comparison import compare_document
from spert_hf.evaluation.html_report import _token_cells, render_html_report
from tests.evaluation.evaluation_records import (
    GOLDEN_CASES,
    GOLDEN_DOCUMENTS,
    SYMMETRIC,
    documents_with_predictions,
    record,
)

PREDICTIONS = GOLDEN_CASES["model"]["predictions"]
VOID = {"meta", "input", "link", "br", "img", "hr"}


class Page(HTMLParser):
    """The page's elements and text; refuses tags that do not nest."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if self._open and self._open[-1] != "style":
            self.text += data

    def with_class(self, name: str) -> list[dict]:
        return [attributes for _, attributes in self.elements if name in (attributes.get("class") or "").split()]


def page(documents, predictions, **options) -> Page:
    return Page(render_html_report(documents, predictions, **options))


def test_documents_stand_in_order_with_an_anchor_each_and_those_with_errors_are_open():
    shown = page(GOLDEN_DOCUMENTS, PREDICTIONS, symmetric_relation_types=SYMMETRIC)
    sentences = shown.with_class("sentence")
    assert [sentence["id"] for sentence in sentences] == [f"s{number}" for number in range(1, 11)]
    assert [number for number, sentence in enumerate(sentences, 1) if "open" in sentence] == [1, 2, 5, 6, 10]
    assert all(("open" in sentence) != ("clean" in sentence["class"].split()) for sentence in sentences)
    targets = {attributes["href"] for tag, attributes in shown.elements if tag == "a"}
    assert targets == {f"#s{number}" for number in range(1, 11)}


def test_scores_and_settings_are_shown():
    shown = page(GOLDEN_DOCUMENTS, PREDICTIONS, symmetric_relation_types=SYMMETRIC, title="Run 7")
    text = " ".join(shown.text.split())
    for part in ("Run 7", "10 documents, overlapping entities scored", "Partner_Of", "64.86", "25.81"):
        assert part in text


def test_the_page_needs_nothing_else():
    html = render_html_report(GOLDEN_DOCUMENTS, PREDICTIONS)
    assert "http:" not in html and "https:" not in html and "url(" not in html and "@import" not in html
    tags = Counter(tag for tag, _ in Page(html).elements)
    assert not {"script", "link", "img", "iframe", "object"} & set(tags)


NASTY = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</style></details>",
    "{{ 7 * 7 }}",
    "&lt;b&gt;",
    "\x00\x1b[2J",
    "\u202egnp",
    "\ud800",
]


def test_whatever_stands_in_the_data_is_text(tmp_path):
    plain = page([_document("w", "T", "R")], [_prediction("T", "R")], title="w")
    for nasty in NASTY:
        document, prediction = _document(nasty, nasty, nasty), _prediction(nasty, nasty)
        path = write_html_report(
            tmp_path / "out" / "report.html", [document], [prediction], title=nasty, symmetric_relation_types=[nasty]
        )
        shown = Page(path.read_bytes().decode("utf-8"))
        assert [tag for tag, _ in shown.elements] == [tag for tag, _ in plain.elements]
        assert [sorted(attributes) for _, attributes in shown.elements] == [
            sorted(attributes) for _, attributes in plain.elements
        ]
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202e]", path.read_text(encoding="utf-8"))
    assert "{{ 7 * 7 }}" in page([_document("{{ 7 * 7 }}", "T", "R")], [_prediction("T", "R")]).text


def _document(token, entity_type, relation_type):
    entities = ((entity_type, 0, 1), (entity_type, 1, 2))
    return {"tokens": [token, token], **record(*entities, relations=((relation_type, 0, 1),))}


def _prediction(entity_type, relation_type):
    return record((entity_type, 0, 2), (entity_type, 0, 1), relations=((relation_type, 0, 1),))


def test_right_missed_and_spurious_are_named_in_words_not_by_colour_alone():
    document = {"tokens": list("abc"), **record(("P", 0, 1), ("Q", 1, 2), relations=(("R", 0, 1),))}
    prediction = record(("P", 0, 1), ("S", 2, 3), relations=(("R", 1, 0),))
    prediction["relations"][0]["score"] = 0.51239
    text = " ".join(page([document], [prediction]).text.split())
    for part in ("✓ right a P [0:1]", "○ missed b Q [1:2]", "✕ spurious c S [2:3]", "○ missed a P → R → b Q"):
        assert part in text
    assert "✕ spurious c S → R → a P" in text
    assert "0.512" in text


@given(documents_with_predictions())
def test_overlapping_spans_are_drawn_without_loss(pairs):
    for document, prediction in zip(*pairs, strict=True):
        entities = compare_document(document, prediction).entities
        cells = _token_cells(document["tokens"], entities)
        drawn = Counter()
        for position, (_, bars) in enumerate(cells):
            drawn.update((bar.label, position, bar.css_class) for bar in bars if bar is not None)
        expected = Counter(
            (entity.item[2], position, entity.status.value)
            for entity in entities
            for position in range(*entity.item[:2])
        )
        assert drawn == expected
        assert sum(bar is not None and bar.first for _, bars in cells for bar in bars) == len(entities)


@given(documents_with_predictions())
@settings(max_examples=15)
def test_any_documents_make_a_well_formed_page(pairs):
    assert len(page(*pairs, no_overlapping=True).with_class("sentence")) == len(pairs[0])


def test_documents_without_tokens_are_refused():
    with pytest.raises(ValueError, match=r"documents\[0\].tokens"):
        render_html_report([record()], [record()])
