// The selection as JSON, to read and to copy.

import { make } from "./dom.js";
import { copy } from "./graph_export.js";

const LONGEST = 200_000; // characters shown; copying copies everything

export class JsonPanel {
  /** @param {HTMLElement} container */
  constructor(container) {
    this.code = make("pre", { tabindex: "0", "aria-label": "JSON" });
    this.copied = make("span", { role: "status", class: "spert-note" });
    const button = make("button", { type: "button" }, "Copy");
    button.addEventListener("click", () => this.copy());
    this.details = make("details", {}, make("summary", {}, "JSON"), button, this.copied, this.code);
    this.details.addEventListener("toggle", () => this.write());
    container.append(this.details);
  }

  /** Show a selection as soon as the panel is open. */
  show({ entities, relations }) {
    this.selection = { entities, relations };
    this.copied.textContent = "";
    this.write();
  }

  write() {
    if (!this.details.open || !this.selection) return;
    const json = JSON.stringify(this.selection, null, 2);
    this.code.textContent = json.length > LONGEST ? `${json.slice(0, LONGEST)}\n…` : json;
  }

  async copy() {
    const json = JSON.stringify(this.selection, null, 2);
    this.copied.textContent = await copy((clipboard) => clipboard.writeText(json));
  }
}
