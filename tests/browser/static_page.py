"""The page of the static Space as its visitors use it."""

import json

from playwright.sync_api import expect

expect.set_options(timeout=30_000)  # a model is loaded, on machines with other work

# Has the page's worker read texts, one after another: from (source, texts) to what `makeView` gives of each.
ASK_WORKER = """
async ([source, texts, dtype]) => {
  const settings = await (await fetch("settings.json")).json();
  const worker = new Worker("worker.js", { type: "module" });
  const answer = (message) => new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => {
      if (data.kind === "failed") reject(new Error(data.error));
      else if (data.kind !== "progress") resolve(data);
    };
    worker.onerror = ({ message }) => reject(new Error(message));
    worker.postMessage(message);
  });
  await answer({ kind: "load", source, settings, dtype });
  const found = [];
  for (const [number, text] of texts.entries()) {
    const { value, notes, milliseconds } = await answer({ kind: "extract", number, text });
    found.push({ value, notes, milliseconds });
  }
  worker.terminate();
  return found;
}
"""


class StaticPage:
    """An open page.

    Attributes:
        errors: what scripts of the page threw or complained of.
    """

    def __init__(self, page, url):
        self.page = page
        self.errors = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        page.goto(url)

    def wait_until_ready(self):
        expect(self.page.locator("#extract")).to_be_enabled()
        expect(self.page.locator("#progress")).to_be_hidden()

    def wait_for_error(self):
        error = self.page.locator("#error")
        expect(error).to_be_visible()
        expect(self.page.locator("#progress")).to_be_hidden()
        return error.inner_text()

    def extract(self, text):
        self.page.fill("#text", text)
        self.page.click("#extract")
        expect(self.page.locator("#progress")).to_be_hidden()

    def shown_text(self):
        return "".join(self.page.locator(".spert-word, .spert-space").all_text_contents())

    def json(self):
        """What the JSON panel shows."""
        panel = self.page.locator(".spert-json details")
        if panel.get_attribute("open") is None:
            panel.locator("summary").click()
        expect(panel.locator("pre")).not_to_be_empty()
        return json.loads(panel.locator("pre").text_content())

    def ask_worker(self, texts, source, dtype=None):
        return self.page.evaluate(ASK_WORKER, [source, texts, dtype])
