"""For everyone: keyboard only, screen readers, contrast, and a phone's width."""

import os
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.demo_page import DemoPage
from tests.support.demo import serve

TEXT = "Marian Pell works for Northern Paper in Duluth near Oslo ."
TABS = ("One text", "Many documents", "API")
WORST = ("serious", "critical")

CONTRASTS = """
async () => {
  const { asRgb, typeHues } = await import(new URL("view/colours.js", document.baseURI).href);
  const luminance = (colour) => {
    const [r, g, b] = colour.match(/\\d+/g).map((value) => value / 255)
      .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a, b) => {
    const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (light + 0.05) / (dark + 0.05);
  };
  const style = getComputedStyle(document.querySelector(".spert"));
  const named = (name) => asRgb(style.getPropertyValue(name));
  const part = (name) => style.getPropertyValue(`--spert-${name}`);
  const ofHue = (name, hue) => asRgb(`oklch(${part(`${name}-l`)} ${part(`${name}-c`)} ${hue})`);
  const hues = [...typeHues(Array.from({ length: 40 }, (_, index) => `${index}`), []).entity.values()];
  const lowest = (pairs) => Math.min(...pairs.map(([a, b]) => contrast(a, b)));
  const background = named("--spert-background");
  return {
    text: lowest([
      ...hues.map((hue) => [ofHue("ink", hue), background]),
      ...hues.map((hue) => [ofHue("ink", hue), ofHue("tint", hue)]),
      ...hues.map((hue) => [named("--spert-text"), ofHue("tint", hue)]),
      [named("--spert-text"), background],
      [named("--spert-quiet"), background],
    ]),
    lines: lowest(hues.map((hue) => [ofHue("line", hue), background])),
  };
}
"""


@pytest.mark.parametrize("colour_scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(open_demo, known_demo, colour_scheme):
    demo = open_demo(known_demo, colour_scheme=colour_scheme)
    demo.extract(TEXT)
    demo.json()
    for tab in TABS:
        demo.page.get_by_role("tab", name=tab).click()
        demo.page.mouse.move(0, 0)
        demo.page.evaluate("Promise.all(document.getAnimations().map((fading) => fading.finished))")
        violations = Axe().run(demo.page).response["violations"]
        serious = {
            violation["id"]: [node["html"][:200] for node in violation["nodes"]]
            for violation in violations
            if violation["impact"] in WORST
        }
        assert serious == {}, tab


@pytest.mark.parametrize("colour_scheme", ["light", "dark"])
def test_every_type_has_enough_contrast(open_demo, known_demo, colour_scheme):
    demo = open_demo(known_demo, colour_scheme=colour_scheme)
    contrast = demo.page.evaluate(CONTRASTS)
    assert contrast["text"] >= 4.5
    assert contrast["lines"] >= 3


def test_a_type_keeps_its_colour(open_demo, known_demo):
    demo = open_demo(known_demo)
    colour = "(node) => getComputedStyle(node).backgroundColor"
    demo.extract(TEXT)
    before = demo.page.locator(".spert-word", has_text="Duluth").evaluate(colour)
    demo.extract("It rained in Duluth .")
    assert demo.page.locator(".spert-word", has_text="Duluth").evaluate(colour) == before
    chips = demo.page.eval_on_selector_all(
        ".spert-chip", "(nodes) => nodes.map((n) => n.style.getPropertyValue('--hue'))"
    )
    assert len(set(chips)) == len(chips)


def test_all_of_it_works_from_the_keyboard(open_demo, known_demo):
    demo = open_demo(known_demo)
    keyboard = demo.page.keyboard

    def tab_to(selector):
        for _ in range(60):
            if demo.page.evaluate(f"document.activeElement.matches({selector!r})"):
                return
            keyboard.press("Tab")
        raise AssertionError(f"{selector} cannot be reached with the keyboard")

    tab_to("#text textarea")
    keyboard.press("ControlOrMeta+a")
    keyboard.type(TEXT)
    tab_to("#extract")
    keyboard.press("Enter")
    demo.wait_for_text(TEXT)
    assert len(demo.rows()) == 2
    tab_to("input[name=relationThreshold]")
    keyboard.press("End")
    demo.next_frame()
    assert demo.rows() == []
    keyboard.press("Home")
    tab_to("input[name=spert-overlap]")
    keyboard.press("ArrowDown")
    assert demo.page.get_by_role("radio", name="drop all").is_checked()
    tab_to(".spert-chip input[value=Loc]")
    keyboard.press("Space")
    demo.next_frame()
    assert {entity["type"] for entity in demo.json()["entities"]} == {"Org", "Peop"}
    tab_to("[aria-label='Zoom in']")
    tab_to(".spert-table tbody tr")
    assert len(demo.rows(lit=True)) == 1
    tab_to(".spert-json summary")


def test_a_phone_needs_no_sideways_scrolling(open_demo, known_demo):
    demo = open_demo(known_demo, width=390, height=844, has_touch=True, is_mobile=True)
    demo.extract(TEXT)
    demo.json()
    assert all(box[2] <= 391 for box in demo.boxes(".spert-arc-label rect"))
    for tab in TABS:
        demo.page.get_by_role("tab", name=tab).click()
        assert not demo.scrolls_sideways(), tab


@pytest.mark.nightly
def test_the_first_useful_paint_comes_within_three_seconds(browser, known_demo):
    """The best of three, each with a cold cache: other work on the machine makes a page slower, never faster."""
    times = []
    for _ in range(3):
        page = browser.new_context().new_page()
        DemoPage(page, known_demo)
        times.append(page.evaluate("performance.now()"))
        page.context.close()
    assert min(times) < 3000, times


LOOKS = {
    "light": {"width": 1280, "height": 900},
    "dark": {"width": 1280, "height": 900, "colour_scheme": "dark"},
    "phone": {"width": 390, "height": 844, "has_touch": True, "is_mobile": True},
}


@pytest.mark.parametrize("look", LOOKS)
def test_screenshots(open_demo, known_pipeline, tmp_path, look):
    """Takes pictures to look at; on its own it holds that the annotated text and the graph are painted at all."""
    from transformers import pipeline

    model = os.environ.get("SPERT_DEMO_MODEL")
    folder = Path(os.environ.get("SPERT_SCREENSHOTS", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    pipe = pipeline("spert-extraction", model=model) if model else known_pipeline
    with serve(pipe, model_name=Path(model or "tiny").name) as url:
        demo = open_demo(url, **LOOKS[look])
        demo.graph("true")
        demo.page.wait_for_timeout(500)
        demo.page.screenshot(path=folder / f"{look}.png", full_page=True)
        canvas = demo.page.locator(".spert-graph-canvas").screenshot()
    assert len(canvas) > 2000, "an empty canvas is smaller"
