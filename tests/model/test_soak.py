"""Thousands of mixed documents through one pipeline: none fails, order holds, memory stays."""

import sys
import tracemalloc

import pytest

from tests.support import growth
from tests.support.mixed_documents import mixed_documents
from tests.support.soak import soak

GROWTH_ALLOWED = 2_000
"""Bytes a document: a tenth of what one document's words and sub-words alone take."""


def check(document, result):
    """The result is of this document: its entities are the document's own words, at their places."""
    for entity in result["entities"]:
        if isinstance(document, str):
            assert entity["text"] == document[entity["start"] : entity["end"]]
        else:
            assert entity["text"] == " ".join(document[entity["token_start"] : entity["token_end"]])


def test_nothing_is_held_on_to(tiny_pipeline):
    """A quick form: Python's objects alone, which no allocator blurs."""
    tracemalloc.start()
    try:
        report = soak(tiny_pipeline, mixed_documents(160), check, round_size=16, memory=growth.traced_bytes)
    finally:
        tracemalloc.stop()
    assert report.growth_a_document() < 500


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is read from /proc")
def test_the_memory_of_the_process_is_flat(tiny_pipeline):
    count = 10_000
    report = soak(tiny_pipeline, mixed_documents(count), check, round_size=250)
    grown = report.growth_a_document()
    print(f"{report.documents} documents, {grown:.0f} bytes a document, {report.memory[-1] / 1e6:.0f} MB at the end")
    assert report.documents == count
    assert grown < GROWTH_ALLOWED


def test_order_is_kept_over_rounds(tiny_pipeline):
    documents = list(mixed_documents(120, seed=1))
    together, by_rounds = tiny_pipeline(documents), []
    soak(tiny_pipeline, documents, lambda _, result: by_rounds.append(result), round_size=7)
    texts = [
        [[entity["text"] for entity in result["entities"]] for result in results] for results in (together, by_rounds)
    ]
    assert texts[0] == texts[1]
