"""The demo's page as its visitors use it."""

import json
from urllib.parse import urlsplit

SHOWN_TEXT = "[...document.querySelectorAll('.spert-word, .spert-space')].map((node) => node.textContent).join('')"


class DemoPage:
    """An open page.

    Attributes:
        errors: what scripts of the page threw or complained of.
        foreign_requests: addresses on other hosts that the page asked for.
    """

    def __init__(self, page, url):
        self.page = page
        self.errors = []
        self.foreign_requests = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        page.on("request", lambda request: self._note_foreign(request.url, url))
        page.goto(url)
        page.wait_for_selector(".spert-word")

    def _note_foreign(self, asked, url):
        if urlsplit(asked).scheme in ("http", "https", "ws", "wss") and urlsplit(asked).netloc != urlsplit(url).netloc:
            self.foreign_requests.append(asked)

    @property
    def text_box(self):
        return self.page.get_by_role("textbox", name="Text", exact=True)

    @property
    def extract_button(self):
        return self.page.get_by_role("button", name="Extract", exact=True)

    def extract(self, text, shown=None):
        """Type a text, submit it, and wait until it is shown (as `shown` where that differs)."""
        self.text_box.fill(text)
        self.extract_button.click()
        self.wait_for_text(text if shown is None else shown)

    def wait_for_text(self, text):
        self.page.wait_for_function(f"(text) => {SHOWN_TEXT} === text", arg=text)

    def set_slider(self, label, value):
        """Move a slider to a value, and wait for the page to follow."""
        self.page.get_by_role("slider", name=label).fill(str(value))
        self.next_frame()

    def next_frame(self):
        self.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def json(self):
        """What the JSON panel shows."""
        panel = self.page.locator(".spert-json details")
        if panel.get_attribute("open") is None:
            panel.locator("summary").click()
            self.page.wait_for_function("document.querySelector('.spert-json pre').textContent !== ''")
        return json.loads(panel.locator("pre").text_content())

    def mentions(self, lit=False):
        """The marked words of each entity, by the entity's number."""
        selector = ".spert-word.spert-mention" + (".spert-lit" if lit else "")
        marked = self.page.eval_on_selector_all(
            selector, "(nodes) => nodes.map((node) => [node.dataset.entities, node.textContent])"
        )
        words = {}
        for entities, text in marked:
            for entity in entities.split():
                words.setdefault(int(entity), []).append(text)
        return words

    def rows(self, lit=False):
        """The relations' table as tuples of its cells."""
        selector = ".spert-table tbody tr" + (".spert-lit" if lit else "")
        return [tuple(row.locator("td").all_inner_texts()) for row in self.page.locator(selector).all()]

    def boxes(self, selector):
        """Left, top, right and bottom of elements in the page."""
        return self.page.eval_on_selector_all(
            selector,
            "(nodes) => nodes.map((n) => n.getBoundingClientRect()).map((b) => [b.left, b.top, b.right, b.bottom])",
        )

    def scrolls_sideways(self):
        return self.page.evaluate("document.documentElement.scrollWidth > innerWidth")

    def graph(self, expression):
        """Evaluate an expression about `graph`, the graph widget."""
        self.page.wait_for_function("document.querySelector('.spert-graph-canvas')?._cyreg?.cy.nodes().length > 0")
        return self.page.evaluate(f"((graph) => {expression})(document.querySelector('.spert-graph-canvas')._cyreg.cy)")
