"""Thousands of mixed documents through one pipeline: none fails, order holds, memory stays."""

import sys
import tracemalloc

import pytest

from tests.support import growth
from tests.support.mixed_documents import mixed_documents
from tests.support.soak import fill_kernel_caches, soak

MALLOC_GROWTH_ALLOWED = 100
"""Bytes a document: less than one list of its words."""

BLOCKS_GROWTH_ALLOWED = 0.5
"""Small Python objects a document: a document of which anything were held on to has dozens."""

RESIDENT_GROWTH_ALLOWED = 5_000
"""Bytes a document. Allocators keep what the largest round so far needed, and larger ones come, ever more seldom."""


def check(document, result):
    """The result is of this document: its entities are the document's own words, at their places."""
    for entity in result["entities"]:
        if isinstance(document, str):
            assert entity["text"] == document[entity["start"] : entity["end"]]
        else:
            assert entity["text"] == " ".join(document[entity["token_start"] : entity["token_end"]])


@pytest.mark.e2e
def test_nothing_is_held_on_to(tiny_pipeline):
    """A quick form: Python's objects alone, which no allocator blurs."""
    tracemalloc.start()
    try:
        documents = mixed_documents(160, most_sentences=3)
        report = soak(tiny_pipeline, documents, check, 16, {"objects": growth.traced_bytes})
    finally:
        tracemalloc.stop()
    assert report.growth_a_document("objects") < 500


@pytest.mark.nightly
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks glibc")
@pytest.mark.usefixtures("several_threads")
def test_the_memory_of_the_process_is_flat(tiny_pipeline):
    count = 10_000
    measures = {"malloc": growth.malloc_bytes, "blocks": growth.python_blocks, "resident": growth.resident_bytes}
    fill_kernel_caches(tiny_pipeline.model)
    report = soak(tiny_pipeline, mixed_documents(count), check, 250, measures)
    grown = {name: report.growth_a_document(name, warm_up=0.5) for name in measures}
    resident = report.memory["resident"]
    print(
        f"{report.documents} documents, a document of the second half: {grown['malloc']:.1f} bytes of malloc, "
        f"{grown['blocks']:.3f} Python objects, {grown['resident']:.0f} resident bytes; resident MB at every tenth: "
        f"{', '.join(f'{value / 1e6:.0f}' for value in resident[len(resident) // 10 - 1 :: len(resident) // 10])}"
    )
    assert report.documents == count
    assert grown["malloc"] < MALLOC_GROWTH_ALLOWED
    assert grown["blocks"] < BLOCKS_GROWTH_ALLOWED
    assert grown["resident"] < RESIDENT_GROWTH_ALLOWED


@pytest.mark.e2e
def test_order_is_kept_over_rounds(tiny_pipeline):
    documents = list(mixed_documents(120, seed=1, most_sentences=3))
    together, by_rounds = tiny_pipeline(documents), []
    soak(tiny_pipeline, documents, lambda _, result: by_rounds.append(result), 7, {})
    texts = [
        [[entity["text"] for entity in result["entities"]] for result in results] for results in (together, by_rounds)
    ]
    assert texts[0] == texts[1]
