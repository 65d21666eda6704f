"""Drawings of what was found: that they are the demo's, hold whatever texts hold, and say it in words, too."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

import spert_hf
from spert_hf.data import type_colours
from spert_hf.results import arcs, colours, drawing, lanes

SPACE = Path(__file__).parents[2] / "space" / "view"
SVG = "{http://www.w3.org/2000/svg}"
TEXT = "Ann Bell works for Harbor Steel in Oslo, Norway."


def find(text, **types):
    """A result with the words named, each of its type, and a relation from each to the next."""
    entities = []
    for words, kind in types.items():
        words = words.replace("_", " ")
        start = text.index(words)
        entities.append({"type": kind, "score": 0.9, "text": words, "start": start, "end": start + len(words)})
    relations = [{"type": "to", "score": 0.5, "head": n, "tail": n + 1} for n in range(len(entities) - 1)]
    return {"entities": entities, "relations": relations}


FOUND = find(TEXT, Ann_Bell="Peop", Harbor_Steel="Org", Oslo="Loc", Norway="Loc")


def elements(drawn, name):
    return list(ElementTree.fromstring(drawn.svg()).iter(f"{SVG}{name}"))


def texts(drawn):
    return [element.text for element in elements(drawn, "text")]


def test_entities_and_relations_are_named_and_stand_at_their_words():
    drawn = spert_hf.display(FOUND, TEXT)
    shown = texts(drawn)
    assert "".join(shown[:8]).replace(" ", "") == TEXT.replace(" ", "")
    assert [shown.count(name) for name in ("Peop", "Org", "Loc", "to")] == [1, 1, 2, 3]
    places = {element.text: element for element in elements(drawn, "text")}
    bars = [element for element in elements(drawn, "rect") if element.get("height") == "3"]
    for entity, bar in zip(FOUND["entities"], sorted(bars, key=lambda bar: float(bar.get("x"))), strict=True):
        word = places[entity["text"]]
        assert (bar.get("x"), bar.get("width")) == (word.get("x"), word.get("textLength"))
        assert float(bar.get("y")) > float(word.get("y"))


def test_long_texts_are_broken_and_stay_within_the_width():
    text = f"{TEXT} " * 20 + "x" * 300 + "\n\nEnd"
    drawn = spert_hf.display(find(text, Ann_Bell="Peop", Norway="Loc", End="Loc"), text, width=400)
    for element in elements(drawn, "text"):
        assert 0 <= float(element.get("x")) <= float(element.get("x")) + float(element.get("textLength")) <= 400 - 12
    lines = {element.get("y") for element in elements(drawn, "text")}
    assert len(lines) > 20


def test_text_from_right_to_left_begins_at_the_right():
    text = "שלום עולם Intel Corporation בחיפה"
    places = {element.text: float(element.get("x")) for element in elements(spert_hf.display(find(text), text), "text")}
    assert places["שלום"] > places["עולם"] > places["Corporation"] > places["Intel"] > places["בחיפה"]


@given(
    st.text(max_size=60), st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=6), st.text(max_size=9)
)
def test_any_text_and_any_type_gives_sound_files(text, ends, kind):
    spans = sorted({(a, b) for a, b in ends if a < b <= len(text) and text[a:b].strip()})
    entities = [{"type": kind, "score": 0.5, "text": text[a:b], "start": a, "end": b} for a, b in spans]
    relations = [{"type": kind, "score": 0.5, "head": 0, "tail": n} for n in range(len(spans))]
    drawn = spert_hf.display({"entities": entities, "relations": relations}, text)
    page = drawn.html()
    assert page.encode()
    root = ElementTree.fromstring(drawn.svg())
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
        "svg",
        "g",
        "rect",
        "text",
        "path",
        "title",
        "desc",
    }
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", page)


def test_hostile_text_is_shown_and_never_markup():
    evil = '</text></svg><script>alert("1")</script><img src=x onerror=alert(1)> &amp; \x1b[2J'
    found = {
        "entities": [{"type": evil, "score": 0.5, "text": evil, "start": 0, "end": len(evil)}],
        "relations": [{"type": evil, "score": 0.5, "head": 0, "tail": 0}],
    }
    drawn = spert_hf.display(found, evil)
    for shown in (drawn.svg(), drawn.html(), drawn._repr_html_()):
        assert "<script" not in shown and "<img" not in shown and "\x1b" not in shown
    assert '"><' not in re.sub(r'aria-label="[^"]*"', "", drawn.svg()).split("<desc>")[1].split("</desc>")[0]
    assert "&lt;script&gt;" in drawn.svg()


def test_what_is_drawn_is_told_in_words():
    drawn = spert_hf.display(FOUND, TEXT)
    root = ElementTree.fromstring(drawn.svg())
    assert (root.get("role"), root.get("aria-label")) == ("img", "4 entities, 3 relations")
    assert (
        "Oslo (Loc)" in root.find(f"{SVG}desc").text and "Ann Bell – to → Harbor Steel" in root.find(f"{SVG}desc").text
    )
    rows = re.findall(r"<td[^>]*>(.*?)</td>", drawn.html())
    assert rows[:4] == ["Ann Bell (Peop)", "to", "Harbor Steel (Org)", "0.50"]
    assert drawn._repr_html_() in drawn.html() and drawn.html().startswith("<!DOCTYPE html>")


def test_nothing_is_fetched_and_nothing_is_global():
    page = spert_hf.display(FOUND, TEXT).html()
    assert not re.search(r"\b(id|class|src|href)=|<style|<link|<script|url\(", page)


def test_many_relations_are_cut_by_type_and_said_so():
    many = FOUND | {
        "relations": [
            {
                "type": "sure" if number else "rare",
                "score": 0.9 if number else 0.1,
                "head": number % 4,
                "tail": (number + 1) % 4,
            }
            for number in range(300)
        ]
    }
    drawn = spert_hf.display(many, TEXT)
    labels = texts(drawn)
    assert labels.count("sure") + labels.count("rare") == drawing.MOST_ARCS and "rare" in labels
    assert "80 of 300 relations are drawn" in drawn.html()


def test_words_and_several_results_and_records():
    words = ["Ann", "Bell", "\t", "left", "Oslo"]
    found = {
        "entities": [
            {"type": "Peop", "score": 0.9, "text": "Ann Bell", "token_start": 0, "token_end": 2},
            {"type": "Loc", "score": 0.9, "text": "Oslo", "token_start": 4, "token_end": 5},
        ],
        "relations": [],
    }
    assert {"Ann Bell", "Oslo"} <= set(texts(spert_hf.display(found, words)))
    both = spert_hf.display([found, FOUND], [words, TEXT])
    assert "left" in texts(both) and "Harbor Steel" in texts(both)
    assert both.html().count("<svg") == 2
    assert spert_hf.display([{"text": TEXT, **FOUND}, {"tokens": words, **found}]).svg().count("Harbor Steel") > 1
    assert "No relation." in spert_hf.display({"entities": [], "relations": []}, "").html()


def test_what_the_pipeline_finds(tiny_pipeline):
    text = "Marian Pell works for Northern Paper Co. in Duluth, Minn., where she was born. " * 3
    for given_text in (text, text.split()):
        found = tiny_pipeline([given_text])[0]
        assert ElementTree.fromstring(spert_hf.display(found, given_text, model=tiny_pipeline).svg()) is not None


@pytest.mark.parametrize(
    ("found", "text", "message"),
    [
        (FOUND, None, "text must be the string or the list of words of the result, got none"),
        (FOUND, "Another text, which is long enough for them all", "of the result, got one without 'Ann Bell' at 0"),
        (FOUND, 3, "text must be the string or the list of words of the result, got 3"),
        (FOUND, ["Ann", "Bell"], "text must be the string of the result, got words"),
        ([FOUND], TEXT, "text must be a list with a text for each of the 1 results, got 'Ann .*'"),
        ([FOUND], [TEXT, TEXT], "text must be a list with a text for each of the 1 results, got 2 texts"),
        (find(TEXT, _="Loc"), TEXT, "got one without ' ' at 3"),
        ("text", TEXT, "found must be a result .*, got 'text'"),
    ],
)
def test_what_does_not_fit(found, text, message):
    with pytest.raises(ValueError, match=message):
        spert_hf.display(found, text)


def test_files(tmp_path):
    drawn = spert_hf.display(FOUND, TEXT)
    drawn.save(tmp_path / "found.svg")
    drawn.save(str(tmp_path / "found.HTML"))
    assert (tmp_path / "found.svg").read_text(encoding="utf-8") == drawn.svg()
    assert (tmp_path / "found.HTML").read_text(encoding="utf-8") == drawn.html()
    with pytest.raises(ValueError, match=r"path must be a file name that ends in .svg or .html, got 'found.png'"):
        drawn.save("found.png")
    with pytest.raises(ValueError, match="model must be a SpERT model or its pipeline, got str"):
        spert_hf.display(FOUND, TEXT, model="name")
    with pytest.raises(ValueError, match=r"width must be a number from 200.*, got 5"):
        spert_hf.display(FOUND, TEXT, width=5)


def test_colours_and_measures_are_the_demos():
    style = (SPACE / "page.css").read_text(encoding="utf-8").partition(".dark .spert {")[0]
    for name, shade in (("tint", type_colours.TINT), ("ink", type_colours.INK), ("line", type_colours.LINE)):
        assert f"--spert-{name}-l: {shade[0]};" in style and f"--spert-{name}-c: {shade[1]};" in style
    for name, value in (("text", colours.TEXT), ("quiet", colours.QUIET), ("border", colours.BORDER)):
        assert f"--spert-{name}: {value};" in style
    script = "".join(
        (SPACE / f"{name}.js").read_text(encoding="utf-8") for name in ("annotated_text", "arcs", "colours")
    )
    own = {name: value for module in (drawing, arcs, colours, type_colours) for name, value in vars(module).items()}
    names = "ARC_LANE", "ARC_BASE", "LABEL_LANE", "LABEL_GAP", "MOST_ARCS", "LANE_GAP", "LABEL_PADDING"
    for name in (*names, "FIRST_HUE", "GOLDEN_ANGLE"):
        assert float(re.search(rf"const {name} = ([\d.]+);", script)[1]) == own[name], name


def test_colours_of_a_model_go_by_its_types(tiny_pipeline):
    """The first type has the demo's first hue, whether it was found or not."""
    found = find(TEXT, Oslo="Loc", Ann_Bell="Peop")
    by_model = spert_hf.display(found, TEXT, model=tiny_pipeline).svg()
    assert type_colours.colour(type_colours.LINE, 255) in by_model
    of_to = type_colours.colour(type_colours.LINE, (255 + 2 * 137.508) % 360)
    assert of_to in by_model
    assert of_to in spert_hf.display(found, TEXT).svg()


def test_oklch_becomes_srgb():
    """As browsers have it: white, a grey, and red, whose OKLCH is known."""
    assert type_colours.colour((1.0, 0.0), 0) == "#ffffff"
    assert type_colours.colour((0.5999, 0.0), 90) == "#808080"
    assert type_colours.colour((0.62796, 0.25768), 29.234) == "#ff0000"


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 50)), max_size=15))
def test_lanes_keep_intervals_apart(pairs):
    intervals = [(left, left + width) for left, width in pairs]
    chosen = lanes.assign_lanes(intervals, 2)
    for one, lane in zip(intervals, chosen, strict=True):
        for other, its in zip(intervals, chosen, strict=True):
            assert one is other or lane != its or one[1] + 2 <= other[0] or other[1] + 2 <= one[0]


@pytest.mark.parametrize("text", [None, float("nan"), "In Oslo."])
def test_an_input_that_was_skipped_is_shown_by_its_error(text):
    skipped = {"entities": [], "relations": [], "error": "input 1: must be a string, got None"}
    drawn = spert_hf.display([FOUND, skipped], [TEXT, text])
    assert "input 1: must be a string, got None" in " ".join(filter(None, texts(drawn)))
    assert "Oslo, Norway" in drawn.html()
