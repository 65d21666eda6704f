"""The page of a knowledge graph, opened from its file as whoever gets it does."""

import os
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from spert_hf.graph.html_page import render_page
from tests.browser.test_accessibility import LOOKS, WORST
from tests.graph.graph_tables import PAPER, entity, evidence, relation, small_graph, write_tables

MARKUP = [
    "</script><script>window.pwned = 1</script>",
    "<img src=x onerror=window.pwned=1>",
    '"><svg onload=window.pwned=1>',
    "<!--<script>",
    "${window.pwned = 1} {{window.pwned}} {% raw %}",
]


class GraphPage:
    """An open page."""

    def __init__(self, page, file):
        self.page = page
        self.errors = []
        self.requests = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        page.on("request", lambda request: self.requests.append(request.url))
        page.goto(file.as_uri())
        page.wait_for_selector("body.network-ready")

    def cytoscape(self, expression):
        """Evaluate an expression about `graph`, when it is drawn."""
        self.page.locator("#network-canvas[aria-busy=false]").wait_for(timeout=120_000)
        return self.page.evaluate(f"((graph) => {expression})(document.querySelector('#network-canvas')._cyreg.cy)")

    def drawn(self):
        """Names of the relations' heads, types and tails that are drawn."""
        end = "edge.{}().data('name')"
        found = self.cytoscape(
            f"graph.edges().map((edge) => [{end.format('source')}, edge.data('name'), {end.format('target')}])"
        )
        return sorted(map(tuple, found))

    def click(self, place):
        """Click on the drawing, at a place in Cytoscape's words about `graph`."""
        box = self.page.locator("#network-canvas").bounding_box()
        at = self.cytoscape(place)
        self.page.mouse.click(box["x"] + at["x"], box["y"] + at["y"])

    def set_slider(self, name, at):
        self.page.locator(f"input[name={name}]").fill(str(at))

    @property
    def details(self):
        return self.page.locator("#network-details")

    def search(self, text):
        self.page.get_by_role("combobox", name="Search entities").fill(text)
        return self.page.get_by_role("option")


@pytest.fixture
def open_graph(browser, tmp_path):
    """Open the page of a graph; at the end nothing may have failed in it or been loaded from elsewhere."""
    pages = []

    def open_page(
        folder, title="Ships and papers", most=5000, width=1280, height=860, colour_scheme="light", **context
    ):
        file = tmp_path / "graph.html"
        file.write_text(render_page(folder, title, most), encoding="utf-8")
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=colour_scheme, accept_downloads=True, **context
        )
        context.set_default_timeout(20_000)
        pages.append(GraphPage(context.new_page(), file))
        return pages[-1]

    yield open_page
    for page in pages:
        page.page.context.close()
        assert page.errors == []
        assert [url for url in page.requests if not url.startswith(("data:", "blob:"))] == [
            (tmp_path / "graph.html").as_uri()
        ]


@pytest.fixture
def small(open_graph, tmp_path):
    return open_graph(small_graph(tmp_path / "kg"))


def test_all_of_a_small_graph_is_drawn(small):
    assert small.drawn() == [
        ("Marian Pell", "founded", "Northern Paper"),
        ("Marian Pell", "works for", "Northern Paper"),
        ("Northern Paper", "based in", "Duluth"),
        ("Oslo", "near", "Duluth"),
    ]
    assert small.page.get_by_role("heading", level=1).inner_text() == "Ships and papers"
    assert small.page.locator("header p").inner_text() == "4 entities and 4 relations were found."
    assert small.page.locator("#network-drawn").inner_text() == "4 relations between 4 entities"
    small.page.wait_for_timeout(300)
    named = small.cytoscape("graph.nodes('.named').map((node) => node.style('label'))")
    assert sorted(named) == ["Duluth", "Marian Pell", "Northern Paper", "Oslo"]


def test_a_click_on_a_relation_shows_its_sentences_with_the_mentions_marked(small):
    small.click("graph.edges('[name = \"based in\"]').renderedMidpoint()")
    assert small.details.locator("h2").inner_text() == "Relation"
    assert small.details.locator("blockquote").inner_text() == PAPER
    assert small.details.locator("mark").all_inner_texts() == ["Northern Paper", "Duluth"]
    assert small.details.locator("figcaption").inner_text() == "a.txt · score 0.63"
    assert small.cytoscape("graph.edges('.chosen').map((edge) => edge.data('name'))") == ["based in"]
    small.page.get_by_role("button", name="Back to the relations drawn").click()
    assert small.details.locator("h2").inner_text() == "Relations drawn"
    assert small.cytoscape("graph.elements('.lit').length") == 0


def test_a_click_on_an_entity_shows_its_other_names_and_relations(small):
    small.click("graph.nodes('[name = \"Marian Pell\"]').renderedPosition()")
    assert small.details.locator("h2").inner_text() == "Marian Pell"
    assert "3 mentions in 2 documents, best score 0.88" in small.details.inner_text()
    assert small.details.locator(".network-aliases li").all_inner_texts() == [
        "M. Pell surname, 1 ×",
        "MARIAN PELL case, 1 ×",
    ]
    rows = small.details.get_by_role("listitem").get_by_role("button")
    assert [row.inner_text().splitlines()[0] for row in rows.all()] == [
        "works for → Northern Paper",
        "founded → Northern Paper",
    ]
    rows.first.click()
    assert small.details.locator("blockquote").count() == 2


@pytest.mark.parametrize(("wanted", "name"), [("marián", "Marian Pell"), ("np", "Northern Paper"), ("slo", "Oslo")])
def test_entities_are_found_by_any_of_their_names(small, wanted, name):
    options = small.search(wanted)
    assert options.first.inner_text().startswith(name)
    options.first.click()
    assert small.details.locator("h2").inner_text() == name
    assert small.cytoscape("graph.nodes('.chosen').map((node) => node.data('name'))") == [name]


def test_filters_by_type_support_score_and_number(small):
    small.page.get_by_role("checkbox", name="founded").uncheck()
    assert len(small.drawn()) == 3
    small.page.get_by_role("checkbox", name="Org").uncheck()
    assert small.drawn() == [("Oslo", "near", "Duluth")]
    small.page.get_by_role("checkbox", name="Org").check()
    small.set_slider("support", 1)
    assert small.drawn() == [("Marian Pell", "works for", "Northern Paper")]
    small.set_slider("support", 0)
    small.set_slider("score", 70)
    assert small.drawn() == [("Marian Pell", "works for", "Northern Paper")]
    small.set_slider("score", 100)
    assert small.drawn() == []
    assert small.details.inner_text().split("\n")[-1] == "There are none."


def chain(folder, length):
    """A chain of entities, the support growing from its end to its beginning."""
    entities = [entity(f"Number {number}", mentions=length - number) for number in range(length + 1)]
    return write_tables(folder, entities, [relation(n, "before", n + 1, length - n) for n in range(length)])


def test_the_first_view_is_what_is_connected_with_the_best(open_graph, tmp_path):
    page = open_graph(chain(tmp_path / "kg", 120))
    assert page.page.locator("#network-drawn").inner_text() == "80 of 120 relations between 81 entities"
    assert ("Number 0", "before", "Number 1") in page.drawn()
    page.search("Number 119").first.click()
    assert ("Number 118", "before", "Number 119") in page.drawn()
    page.page.get_by_role("button", name="Back to the first view").click()
    assert ("Number 0", "before", "Number 1") in page.drawn()


def test_what_the_page_leaves_out_is_said(open_graph, tmp_path):
    page = open_graph(chain(tmp_path / "kg", 1200), most=1000)
    assert page.page.locator("header p").inner_text() == (
        "1,201 entities and 1,200 relations were found; this page has the 1,000 best-supported relations and their "
        "1,001 entities."
    )


def test_a_graph_of_nothing(open_graph, tmp_path):
    page = open_graph(write_tables(tmp_path / "kg", [entity("Alone")], []))
    assert page.page.locator("header p").inner_text() == "1 entity and 0 relations were found."
    assert page.drawn() == []


def test_markup_is_shown_and_not_run(open_graph, tmp_path):
    entities = [entity(text, text, aliases=[(text, text)]) for text in MARKUP]
    said = " ".join(MARKUP)
    relations = [
        relation(number, text, (number + 1) % len(MARKUP), 1, [evidence(text, said, text, MARKUP[number - 1])])
        for number, text in enumerate(MARKUP)
    ]
    page = open_graph(write_tables(tmp_path / "kg", entities, relations), title=MARKUP[0])
    for text in MARKUP:
        page.search(text).first.click()
        assert page.details.locator("h2").inner_text() == text
        page.details.locator(".network-row").first.click()
        assert page.details.locator("blockquote").inner_text() == said
    assert page.page.title() == MARKUP[0]
    assert page.page.evaluate("window.pwned") is None
    assert page.page.locator("img, iframe, svg, object, embed").count() == 0
    assert page.page.locator("script").count() == 2


def test_no_script_but_the_page_s_own_runs(small):
    small.page.evaluate("document.body.append(Object.assign(document.createElement('script'), {text: 'pwned = 1'}))")
    assert small.page.evaluate("window.pwned") is None
    (refused,) = small.errors
    assert "Content Security Policy" in refused
    small.errors.clear()


def test_right_to_left_and_signs_beyond_the_first_plane(open_graph, tmp_path):
    said = "😀 مريم بيل تعمل في أوسلو"
    entities = [entity("مريم بيل"), entity("أوسلو", "Loc"), entity("\u202eevil", "Loc")]
    relations = [relation(0, "تعمل في", 1, 2, [evidence("أ.txt", said, "مريم بيل", "أوسلو")]), relation(1, "near", 2)]
    page = open_graph(write_tables(tmp_path / "kg", entities, relations))
    page.details.locator(".network-row").first.click()
    assert page.details.locator("mark").all_inner_texts() == ["مريم بيل", "أوسلو"]
    assert page.page.evaluate("document.querySelector('blockquote').matches(':dir(rtl)')")
    assert page.search("evil").first.inner_text().startswith("⟨U+202E⟩evil")


@pytest.mark.parametrize("colour_scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(open_graph, tmp_path, colour_scheme):
    page = open_graph(small_graph(tmp_path / "kg"), colour_scheme=colour_scheme)
    views = {
        "drawn": lambda: None,
        "search": lambda: page.search("o"),
        "entity": lambda: page.search("Marian").first.click(),
        "relation": lambda: page.details.locator(".network-row").first.click(),
    }
    for name, show in views.items():
        show()
        serious = {
            violation["id"]: [node["html"][:200] for node in violation["nodes"]]
            for violation in Axe().run(page.page).response["violations"]
            if violation["impact"] in WORST
        }
        assert serious == {}, name


def test_all_of_it_works_from_the_keyboard(small):
    keyboard = small.page.keyboard

    def tab_to(selector):
        for _ in range(40):
            if small.page.evaluate(f"document.activeElement.matches({selector!r})"):
                return
            keyboard.press("Tab")
        raise AssertionError(f"{selector} cannot be reached with the keyboard")

    tab_to("[role=combobox]")
    keyboard.type("o")  # begins Oslo, and is in other names
    keyboard.press("ArrowDown")
    keyboard.press("ArrowUp")
    keyboard.press("Enter")
    assert small.details.locator("h2").inner_text() == "Oslo"
    tab_to(".network-row")
    keyboard.press("Enter")
    assert small.details.locator("mark").all_inner_texts() == ["Oslo", "Duluth"]
    assert small.page.evaluate("document.activeElement.textContent") == "Relation"
    tab_to("input[name=score]")
    tab_to(".spert-chip input[value=near]")
    keyboard.press("Space")
    assert len(small.drawn()) == 3
    keyboard.press("Shift+Tab")
    small.page.locator("#network-canvas").focus()
    before = small.cytoscape("({...graph.pan(), zoom: graph.zoom()})")
    for key in ("ArrowLeft", "ArrowDown", "+"):
        keyboard.press(key)
    after = small.cytoscape("({...graph.pan(), zoom: graph.zoom()})")
    assert after["zoom"] > before["zoom"]
    assert (after["x"], after["y"]) != (before["x"], before["y"])


def test_a_phone_needs_no_sideways_scrolling(open_graph, tmp_path):
    tables = (
        [entity("W" * 400), entity("Oslo")],
        [relation(0, "x" * 300, 1, 1, [evidence("d" * 300, "W" * 400, "W", "WW")])],
    )
    page = open_graph(write_tables(tmp_path / "kg", *tables), **LOOKS["phone"])
    for show in (
        lambda: None,
        lambda: page.search("w").first.click(),
        page.details.locator(".network-row").first.click,
    ):
        show()
        assert not page.page.evaluate("document.documentElement.scrollWidth > innerWidth")


def test_what_is_in_view_is_saved_as_pictures(small, tmp_path):
    small.search("Oslo").first.click()
    files = {}
    for name in ("PNG", "SVG"):
        with small.page.expect_download() as waiting:
            small.page.get_by_role("button", name=f"Save what is in view as {name}").click()
        assert waiting.value.suggested_filename == f"graph.{name.lower()}"
        files[name] = Path(waiting.value.path()).read_bytes()
    assert files["PNG"].startswith(b"\x89PNG")
    assert int.from_bytes(files["PNG"][16:20], "big") > 1000, "two pixels for each of the page"
    drawing = ElementTree.fromstring(files["SVG"])
    assert {"Oslo", "Duluth"} <= {element.text for element in drawing.iter("{http://www.w3.org/2000/svg}text")}


def test_5000_relations_are_drawn_and_moved(open_graph, tmp_path):
    """Each entity with one of those before it, as in a tree, and so many more."""
    entities = [entity(f"Entity {number}", "ABC"[number % 3]) for number in range(3001)]
    pairs = [(number, number * 7919 % number) for number in range(1, 3001)]
    pairs += [(number, number * 104729 % 3001) for number in range(1, 2001)]
    page = open_graph(write_tables(tmp_path / "kg", entities, [relation(a, "is near", b) for a, b in pairs]))
    page.set_slider("drawn", 99)
    assert page.cytoscape("graph.edges().length") == 5000
    assert page.page.locator("#network-drawn").inner_text() == "5,000 relations between 3,001 entities"
    page.page.get_by_role("button", name="Show all that is drawn").click()
    named = page.cytoscape("new Promise((done) => setTimeout(() => done(graph.nodes('.named').length), 600))")
    assert 10 < named < 400
    before = page.cytoscape("graph.pan()")
    box = page.page.locator("#network-canvas").bounding_box()
    page.page.mouse.move(box["x"] + 4, box["y"] + 4)
    page.page.mouse.down()
    page.page.mouse.move(box["x"] + 104, box["y"] + 54, steps=10)
    page.page.mouse.up()
    after = page.cytoscape("graph.pan()")
    assert (round(after["x"] - before["x"]), round(after["y"] - before["y"])) == (100, 50)


@pytest.mark.parametrize("look", LOOKS)
def test_screenshots(open_graph, tmp_path, look):
    """Takes pictures to look at; on its own it holds that the graph is painted at all."""
    folder = Path(os.environ.get("SPERT_SCREENSHOTS", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    page = open_graph(small_graph(tmp_path / "kg"), **LOOKS[look])
    page.details.locator(".network-row").first.click()
    page.page.wait_for_timeout(300)
    page.page.screenshot(path=folder / f"graph-{look}.png", full_page=True)
    assert len(page.page.locator("#network-canvas").screenshot()) > 2000, "an empty canvas is smaller"
