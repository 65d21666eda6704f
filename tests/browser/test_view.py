"""Text in, graph out: what is shown is what the model finds, under every setting, without asking it again."""

import pytest

from spert_hf.serving.selecting import select_entities
from spert_space.settings import Settings
from tests.support.demo import serve
from tests.support.tiny_models import SENTENCES

TEXT = "Marian Pell works for Northern Paper in Duluth near Oslo ."
WILD_TEXT = " ".join(SENTENCES[0])  # in which the random model is sure to find something


@pytest.fixture
def page(open_demo, known_demo):
    return open_demo(known_demo)


@pytest.fixture
def wild_page(open_demo, random_demo):
    page = open_demo(random_demo)
    page.extract(WILD_TEXT)
    return page


def found_by(pipe, threshold=None, **parameters):
    """What a pipeline finds in the wild text and the page shows at a threshold, by default the model's own.

    The threshold is applied to what the model was asked for once: of a symmetric relation whose two directions are
    scored differently, the pipeline gives the first that reaches the threshold it is called with.
    """
    threshold = pipe.model.config.relation_threshold if threshold is None else threshold
    found = pipe(WILD_TEXT, relation_threshold=Settings().score_floor, **parameters)
    return found | {"relations": [relation for relation in found["relations"] if relation["score"] >= threshold]}


def row_of(relation, entities):
    head, tail = (entities[relation[end]] for end in ("head", "tail"))
    return (
        f"{head['text']} {head['type']}",
        relation["type"],
        f"{tail['text']} {tail['type']}",
        f"{relation['score']:.2f}",
    )


def test_what_is_typed_comes_back_annotated(page, known_pipeline):
    expected = known_pipeline(TEXT)
    assert [(entity["text"], entity["type"]) for entity in expected["entities"]] == [
        ("Marian Pell", "Peop"),
        ("Northern Paper", "Org"),
        ("Duluth", "Loc"),
        ("Oslo", "Loc"),
    ]
    page.extract(TEXT)
    assert page.json() == expected
    assert page.mentions() == {i: entity["text"].split() for i, entity in enumerate(expected["entities"])}
    by_score = sorted(expected["relations"], key=lambda relation: -relation["score"])
    assert page.rows() == [row_of(relation, expected["entities"]) for relation in by_score]
    assert page.page.locator(".spert-text [role=status]").inner_text() == "4 entities and 2 relations shown."
    assert page.page.locator(".spert-entity-chip").all_inner_texts() == ["Loc\n2", "Org\n1", "Peop\n1"]
    assert page.page.locator(".spert-relation-chip").all_inner_texts() == ["Work_For\n1", "Near\n1"]
    arcs = page.page.locator(".spert-arc-label")
    assert sorted(arcs.all_text_contents()) == ["Near", "Work_For"]


def test_whoever_hears_the_page_hears_the_types(page):
    page.extract(TEXT)
    heard = page.page.locator(".spert-flow").text_content()
    assert heard == "Marian Pell (Peop) works for Northern Paper (Org) in Duluth (Loc) near Oslo (Loc) ."


def test_hovering_an_arc_lights_its_mentions_and_its_row(page):
    page.extract(TEXT)
    label = page.page.locator(".spert-arc-label", has_text="Work_For")
    label.hover()
    assert page.mentions(lit=True) == {0: ["Marian", "Pell"], 1: ["Northern", "Paper"]}
    (row,) = page.rows(lit=True)
    assert row[:3] == ("Marian Pell Peop", "Work_For", "Northern Paper Org")
    faded = page.graph("graph.nodes('.faded').map((node) => node.data('text'))")
    assert sorted(faded) == ["Duluth", "Oslo"]
    page.text_box.hover()
    assert page.mentions(lit=True) == {}
    assert page.rows(lit=True) == []


def test_the_focus_on_a_row_lights_its_arc(page):
    page.extract(TEXT)
    page.page.mouse.move(0, 0)  # else rows may scroll under it
    page.page.locator(".spert-table tbody tr", has_text="Near").focus()
    assert page.page.locator(".spert-arc-label.spert-lit").all_text_contents() == ["Near"]
    assert sorted(page.mentions(lit=True)) == [2, 3]


def test_hovering_a_mention_lights_all_its_relations(page):
    page.extract(TEXT)
    page.page.locator(".spert-word", has_text="Marian").hover()
    assert [row[1] for row in page.rows(lit=True)] == ["Work_For"]


def test_an_example_fills_the_box(page):
    page.page.locator("#examples button").nth(1).click()
    page.page.wait_for_function("document.querySelector('#text textarea').value.startsWith('Marian Pell, who')")
    page.extract_button.click()
    page.page.wait_for_function("document.querySelector('.spert-flow').textContent.startsWith('Marian')")


def test_overlapping_entities_are_shown_without_loss(wild_page, random_pipeline):
    entities = random_pipeline(WILD_TEXT)["entities"]
    assert any(a["start"] < b["start"] < a["end"] for a in entities for b in entities), "some overlap"
    assert wild_page.json()["entities"] == entities
    words = wild_page.mentions()
    assert {i: "".join(parts) for i, parts in words.items()} == {
        i: entity["text"].replace(" ", "") for i, entity in enumerate(entities)
    }
    for index, entity in enumerate(entities):
        names = wild_page.page.locator(f".spert-type[data-entities='{index}'] text").all_text_contents()
        assert "".join(names) == entity["type"], "the name stands once, however many lines the bar runs over"


@pytest.mark.parametrize("width", [1280, 390])
def test_labels_do_not_cover_each_other(open_demo, random_demo, width):
    page = open_demo(random_demo, width=width)
    page.extract(WILD_TEXT)
    for selector in (".spert-arc-label rect", ".spert-type text"):
        boxes = [box for box in page.boxes(selector) if box[2] > box[0]]
        assert len(boxes) > 3
        for number, (left, top, right, bottom) in enumerate(boxes):
            for other in boxes[:number]:
                apart = right <= other[0] or other[2] <= left or bottom <= other[1] + 2 or other[3] <= top + 2
                assert apart, f"{selector}: {number} covers another"


def test_sliders_filter_without_the_model(wild_page, random_pipeline):
    by_threshold = {value: found_by(random_pipeline, value) for value in (0.9, 0.05)}
    calls = random_pipeline.calls
    for value, expected in by_threshold.items():
        wild_page.set_slider("Minimum relation score", value)
        assert wild_page.json() == expected
        assert len(wild_page.rows()) == min(200, len(expected["relations"]))
    assert len(by_threshold[0.9]["relations"]) < len(by_threshold[0.05]["relations"])
    scores = sorted(entity["score"] for entity in by_threshold[0.05]["entities"])
    middle = round(scores[len(scores) // 2], 2)
    wild_page.set_slider("Minimum entity score", middle)
    assert wild_page.json() == select_entities(by_threshold[0.05], middle)
    assert len(wild_page.json()["entities"]) < len(by_threshold[0.05]["entities"])
    assert random_pipeline.calls == calls


def test_overlap_policies_are_those_of_the_pipeline(wild_page, random_pipeline):
    labels = {"drop": "drop all", "best": "keep the best", "keep": "keep all"}
    by_policy = {policy: found_by(random_pipeline, overlap=policy) for policy in labels}
    calls = random_pipeline.calls
    for policy, expected in by_policy.items():
        wild_page.page.get_by_role("radio", name=labels[policy]).check()
        wild_page.next_frame()
        assert wild_page.json() == expected
    assert random_pipeline.calls == calls


def test_what_the_model_knows_is_told(open_demo, tmp_path):
    from transformers import pipeline

    from tests.support.tiny_models import make_tiny_checkpoint

    settings = {
        "entity_types": ["Loc", "Org", "Peop"],
        "relation_types": ["Work_For", "Near"],
        "symmetric_relation_types": ["Near"],
        "relation_signatures": {"Work_For": [["Peop", "Org"], ["Org", "Org"]]},
        "overlap": "best",
        "relation_threshold": 0.62,
    }
    checkpoint = make_tiny_checkpoint("bert", tmp_path, **settings)
    with serve(pipeline("spert-extraction", model=str(checkpoint)), model_name="ada/spert-tiny") as url:
        page = open_demo(url)
        known = page.page.locator(".spert-knowledge")
        known.locator("summary").click()
        assert known.locator("li").all_inner_texts() == [
            "Loc",
            "Org",
            "Peop",
            "Work_For: Peop → Org, Org → Org",
            "Near (symmetric)",
        ]
        said = "score of at least 0.62 are predicted, and only the best of overlapping entities is kept"
        assert said in known.inner_text()
        links = page.page.eval_on_selector_all("#heading a", "(links) => links.map((link) => link.href)")
        assert links == ["https://huggingface.co/ada/spert-tiny", "https://arxiv.org/abs/1909.07755"]


def test_types_can_be_hidden(page):
    page.extract(TEXT)
    page.page.get_by_role("checkbox", name="Org").uncheck()
    page.next_frame()
    found = page.json()
    assert [entity["type"] for entity in found["entities"]] == ["Peop", "Loc", "Loc"]
    assert [relation["type"] for relation in found["relations"]] == ["Near"]
    assert [(r["head"], r["tail"]) for r in found["relations"]] == [(1, 2)], "indices follow"
    page.page.get_by_role("checkbox", name="Near").uncheck()
    page.next_frame()
    assert page.json()["relations"] == []
    assert page.page.locator(".spert-table .spert-note").inner_text() == "No relations with these settings."


def test_settings_stay_for_the_next_text(page):
    page.extract(TEXT)
    page.page.get_by_role("checkbox", name="Loc").uncheck()
    page.extract(TEXT.replace("Marian Pell", "Ada"))
    assert {entity["type"] for entity in page.json()["entities"]} == {"Org", "Peop"}


def test_the_graph_merges_mentions_by_their_text(page, known_pipeline):
    page.extract(f"{TEXT} {TEXT}")
    entities = known_pipeline(f"{TEXT} {TEXT}")["entities"]
    texts = {entity["text"].lower() for entity in entities}
    assert len(texts) < len(entities)
    labels = page.graph("graph.nodes().map((node) => node.data('text').toLowerCase())")
    assert sorted(labels) == sorted(texts)
    described = page.page.locator(".spert-graph-canvas").get_attribute("aria-label")
    assert described.startswith(f"Knowledge graph: {len(texts)} entities")


def test_the_graph_can_be_dragged_and_zoomed(page):
    page.extract(TEXT)
    canvas = page.page.locator(".spert-graph-canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    place = page.graph("graph.nodes()[0].renderedPosition()")
    page.page.mouse.move(box["x"] + place["x"], box["y"] + place["y"])
    page.page.mouse.down()
    page.page.mouse.move(box["x"] + place["x"] + 30, box["y"] + place["y"] + 20, steps=3)
    page.page.mouse.up()
    moved = page.graph("graph.nodes()[0].renderedPosition()")
    assert (moved["x"] - place["x"], moved["y"] - place["y"]) == pytest.approx((30, 20), abs=2)
    zoom = page.graph("graph.zoom()")
    page.page.get_by_role("button", name="Zoom in").click()
    assert page.graph("graph.zoom()") == pytest.approx(zoom * 1.25)
    canvas.click(position={"x": 5, "y": 5})
    zoom = page.graph("graph.zoom()")
    for _ in range(10):
        # For a quarter of a second after the page has scrolled, the widget leaves the wheel to the page, which then
        # scrolls on: so wait for longer, with the graph back under the mouse.
        canvas.scroll_into_view_if_needed()
        canvas.hover(position={"x": 5, "y": 5})
        page.page.wait_for_timeout(500)
        page.page.mouse.wheel(0, 100)
        page.page.wait_for_timeout(100)
        if page.graph("graph.zoom()") < zoom:
            return
    raise AssertionError("the wheel does not zoom")


def test_json_can_be_copied(open_demo, known_demo, known_pipeline):
    import json

    page = open_demo(known_demo, permissions=["clipboard-read", "clipboard-write"])
    page.extract(TEXT)
    page.json()
    page.page.get_by_role("button", name="Copy", exact=True).click()
    page.page.wait_for_function("document.querySelector('.spert-json [role=status]').textContent === 'copied'")
    assert json.loads(page.page.evaluate("navigator.clipboard.readText()")) == known_pipeline(TEXT)


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("text", [TEXT, f"{TEXT} Per Lund works for Kestrel Marine in Oslo near Tromsø ."])
def test_the_graph_fills_its_panel_and_can_be_read(open_demo, known_demo, text, width):
    page = open_demo(known_demo, width=width)
    page.extract(text)
    drawn = page.graph("graph.elements().renderedBoundingBox()")
    panel = page.graph("({ w: graph.width(), h: graph.height() })")
    assert max(drawn["w"] / panel["w"], drawn["h"] / panel["h"]) > 0.85
    assert min(drawn["w"] / panel["w"], drawn["h"] / panel["h"]) > 0.5
    assert drawn["x1"] >= 0 and drawn["y1"] >= 0 and drawn["x2"] <= panel["w"] and drawn["y2"] <= panel["h"]
    assert page.graph("graph.zoom() * 12") >= 9, "pixels of a label"


def test_nodes_of_a_crowded_graph_do_not_cover_each_other(open_demo, random_demo):
    page = open_demo(random_demo)
    page.extract(WILD_TEXT)
    page.set_slider("Minimum relation score", 0.05)
    boxes = page.graph("graph.nodes().map((n) => n.boundingBox({ includeLabels: false, includeOverlays: false }))")
    assert len(boxes) > 8
    for number, box in enumerate(boxes):
        for other in boxes[:number]:
            apart = max(box["x1"], other["x1"]) >= min(box["x2"], other["x2"]) or max(box["y1"], other["y1"]) >= min(
                box["y2"], other["y2"]
            )
            assert apart


def test_the_graph_can_be_downloaded_and_copied(open_demo, known_demo, tmp_path):
    import json
    import xml.etree.ElementTree as ElementTree

    page = open_demo(known_demo, permissions=["clipboard-read", "clipboard-write"])
    page.extract(TEXT)
    page.graph("true")
    files = {}
    for name in ("PNG", "SVG", "JSON"):
        with page.page.expect_download() as waiting:
            page.page.get_by_role("button", name=f"Download the graph as {name}").click()
        assert waiting.value.suggested_filename == f"graph.{name.lower()}"
        waiting.value.save_as(tmp_path / name)
        files[name] = (tmp_path / name).read_bytes()
    assert files["PNG"].startswith(b"\x89PNG")
    assert int.from_bytes(files["PNG"][16:20], "big") > 400, "pixels of its width"
    drawing = ElementTree.fromstring(files["SVG"])
    texts = [element.text for element in drawing.iter("{http://www.w3.org/2000/svg}text")]
    assert sorted(texts) == sorted(
        ["Work_For", "Near", "Marian Pell", "Peop", "Northern Paper", "Org", "Duluth", "Loc", "Oslo", "Loc"]
    )
    graph = json.loads(files["JSON"])
    names = [entity["text"] for entity in graph["entities"]]
    named = {(names[r["head"]], r["type"], names[r["tail"]]) for r in graph["relations"]}
    assert named == {("Marian Pell", "Work_For", "Northern Paper"), ("Duluth", "Near", "Oslo")}
    page.page.get_by_role("button", name="Copy the graph as an image").click()
    page.page.locator(".spert-graph-exports [role=status]", has_text="copied").wait_for()
    kinds = page.page.evaluate("navigator.clipboard.read().then((items) => items[0].types)")
    assert kinds == ["image/png"]


def test_a_browser_that_does_not_let_copy_says_so(open_demo, known_demo):
    page = open_demo(known_demo)
    page.page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.json()
    page.page.get_by_role("button", name="Copy", exact=True).click()
    page.page.locator(".spert-json [role=status]", has_text="the browser does not allow copying").wait_for()


def test_many_relations_are_bounded_and_said_to_be(open_demo, tiny_pipeline):
    with serve(tiny_pipeline, max_relations=5) as url:
        page = open_demo(url)
        page.extract(WILD_TEXT)
        left_out = []
        for threshold in (0.05, 0.5, 0.05, 0.62):
            page.set_slider("Minimum relation score", threshold)
            everything = len(found_by(tiny_pipeline, threshold)["relations"])
            left_out.append(everything - len(page.rows()))
            assert len(page.rows()) >= 5
            status = page.page.locator(".spert-text [role=status]").inner_text()
            assert f"{left_out[-1]} more relations are not shown; the API returns all." in status
        assert len(set(left_out)) > 2
        page.page.get_by_role("checkbox", name="Loc").uncheck()
        page.next_frame()
        assert f"{left_out[-1]} more" not in page.page.locator(".spert-text [role=status]").inner_text()


def test_each_type_has_its_share_of_what_is_drawn(page):
    chosen = page.page.evaluate("""async () => {
      const { bestByType } = await import(new URL("view/shares.js", document.baseURI).href);
      const many = Array.from({ length: 100 }, (_, index) => ({ type: "Many", score: 0.9 - index / 1000 }));
      const items = [...many, { type: "Few", score: 0.1 }, { type: "Few", score: 0.2 }];
      return [bestByType(items, 4), bestByType(items, 6), bestByType(items.slice(99), 9)];
    }""")
    assert chosen == [[0, 1, 101, 100], [0, 1, 2, 3, 101, 100], [0, 2, 1]]


def test_the_graph_says_what_it_has_no_room_for(page):
    found, nodes, edges = page.page.evaluate("""async () => {
      const { mergeByText } = await import(new URL("view/graph.js", document.baseURI).href);
      const entities = Array.from({ length: 500 }, (_, index) => ({ text: `${index}`, type: "A", score: index / 500 }));
      const numbers = [...Array(300).keys()];
      const relations = numbers.map((index) => ({ head: 0, tail: index % 20, type: `${index}`, score: 1 }));
      const merged = mergeByText({ entities, relations });
      return [merged.found, merged.nodes.map(({ text }) => Number(text)), merged.edges.length];
    }""")
    assert found == {"nodes": 500, "edges": 300}
    assert edges == 200
    assert nodes == [*range(20), *range(320, 500)], "those of edges, and the best of the others"
