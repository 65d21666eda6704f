"""Text of visitors, of files and of models reaches the page as text only."""

import pytest
import torch

from tests.support.demo import serve
from tests.support.tiny_models import make_tiny_checkpoint

MARKUP = [
    "<script>window.pwned = 1</script>",
    "<img src=x onerror=window.pwned=1>",
    '"><svg onload=window.pwned=1>',
    "${window.pwned = 1} {{window.pwned}} `+(window.pwned=1)+`",
    "<iframe srcdoc='<script>parent.pwned=1</script>'></iframe> javascript:window.pwned=1 &lt;b&gt;",
]


@pytest.fixture(scope="module")
def hostile_demo(tmp_path_factory):
    """A demo whose model's types are hostile, too."""
    from transformers import pipeline

    checkpoint = make_tiny_checkpoint(
        "bert",
        tmp_path_factory.mktemp("hostile"),
        entity_types=MARKUP[:3],
        relation_types=[MARKUP[1] + "1", MARKUP[3], "\u202edesrever"],
        symmetric_relation_types=[],
    )
    with serve(pipeline("spert-extraction", model=str(checkpoint))) as url:
        yield url


def test_markup_is_shown_and_not_run(open_demo, hostile_demo):
    demo = open_demo(hostile_demo)
    demo.json()
    demo.set_slider("Minimum relation score", 0.05)
    for text in (" ".join(MARKUP), *MARKUP):
        demo.extract(text)
        for element in demo.page.locator(".spert-arc-label, .spert-word").all()[:3]:
            element.hover(force=True)
        assert demo.page.evaluate("window.pwned") is None
        assert demo.page.locator(".spert").locator("script, img, iframe, svg svg, a, object, embed").count() == 0
    assert demo.page.locator(".spert-chip").count() == 6


def test_direction_overrides_are_spelled_out(open_demo, hostile_demo):
    demo = open_demo(hostile_demo)
    demo.extract(
        "Oslo \u202eevil\u202c \u2066isolate \x1b[31m", shown="Oslo ⟨U+202E⟩evil⟨U+202C⟩ ⟨U+2066⟩isolate ␛[31m"
    )
    assert "⟨U+202E⟩desrever" in demo.page.locator(".spert-legend").inner_text()


@pytest.fixture(scope="module")
def eager_demo(tmp_path_factory):
    """A demo whose model takes every span for an entity."""
    from transformers import pipeline

    pipe = pipeline("spert-extraction", model=str(make_tiny_checkpoint("bert", tmp_path_factory.mktemp("eager"))))
    with torch.no_grad():
        pipe.model.entity_classifier.bias[0] = -1e3
    with serve(pipe) as url:
        yield url


def test_offsets_hold_in_every_script(open_demo, eager_demo):
    demo = open_demo(eager_demo)
    demo.set_slider("Minimum relation score", 1)
    for text in ("مريم بيل تعمل في أوسلو", "שלום \u200fאוסלו", "😀😀 Marian Pell 👨‍👩‍👧 Oslo é ñ"):
        demo.extract(text)
        words, entities = demo.mentions(), demo.json()["entities"]
        assert len(words) == len(entities) > 0
        for index, entity in enumerate(entities):
            assert "".join(words[index]) == "".join(entity["text"].split())


def test_right_to_left_text_runs_from_right_to_left(open_demo, hostile_demo):
    demo = open_demo(hostile_demo)
    demo.extract("مريم بيل تعمل في أوسلو")
    first, second = demo.boxes(".spert-word")[:2]
    assert first[0] > second[0]


@pytest.mark.parametrize("width", [1280, 390])
def test_words_of_5000_characters_do_not_break_the_page(open_demo, hostile_demo, width):
    demo = open_demo(hostile_demo, width=width)
    text = "W" * 5000 + " Oslo " + "—" * 300 + "\n\n\n" + "é" * 500
    demo.extract(text)
    assert not demo.scrolls_sideways()
    (box,) = demo.boxes(".spert-annotated")
    assert all(word[0] >= box[0] - 1 and word[2] <= box[2] + 1 for word in demo.boxes(".spert-word"))


def test_texts_of_nothing(open_demo, hostile_demo):
    demo = open_demo(hostile_demo)
    for text in ("", " \n "):
        demo.extract("Oslo")
        demo.extract(text)
        assert demo.json() == {"entities": [], "relations": []}
