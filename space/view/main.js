// The view of one text: controls, annotated text, graph, table and JSON, kept in sync.

import { AnnotatedText } from "./annotated_text.js";
import { typeHues } from "./colours.js";
import { Controls } from "./controls.js";
import { make } from "./dom.js";
import { KnowledgeGraph } from "./graph.js";
import { Highlight } from "./highlight.js";
import { JsonPanel } from "./json_panel.js";
import { describeModel } from "./knowledge.js";
import { RelationTable } from "./relation_table.js";
import { select } from "./selection.js";

/**
 * Build the view in an element of the page.
 *
 * @param {HTMLElement} element
 * @param {{value: object}} props its value is sent by the server; see `make_view` in extraction.py.
 * @param {(name: string, callback: () => void) => void} watch calls back when the server has sent a new value.
 */
export function mountView(element, props, watch) {
  const view = new View(element, props.value);
  view.update();
  watch("value", () => {
    if (props.value) view.show(props.value);
  });
}

class View {
  constructor(element, value) {
    this.value = value;
    this.hues = typeHues(value.entity_types, value.relation_types);
    const root = make("div", { class: "spert" });
    const part = (name, heading, ...content) =>
      root.appendChild(make("section", { class: `spert-${name}` }, make("h2", {}, heading), ...content));
    this.status = make("p", { class: "spert-note", role: "status" });
    this.highlight = new Highlight(root);
    this.controls = new Controls(part("controls", "Show"), value, this.hues, () => this.updateSoon());
    const text = make("div", { class: "spert-annotated", tabindex: "0", role: "group", "aria-label": "Annotated text" });
    part("text", "Annotated text", text, this.status);
    const graph = part("graph", "Knowledge graph");
    this.table = new RelationTable(part("table", "Relations"), this.highlight);
    this.json = new JsonPanel(root.appendChild(make("section", { class: "spert-json" })));
    root.append(make("section", { class: "spert-knowledge" }, describeModel(value, this.hues)));
    element.replaceChildren(root);
    this.text = new AnnotatedText(text, this.highlight);
    this.graph = new KnowledgeGraph(graph, this.highlight);
  }

  show(value) {
    this.value = value;
    this.update();
  }

  /** Update with the next frame: sliders send more events than the screen has frames. */
  updateSoon() {
    this.pending ??= requestAnimationFrame(() => {
      this.pending = null;
      this.update();
    });
  }

  update() {
    const selection = select(this.value, this.controls.settings);
    this.highlight.reset(selection.relations);
    this.controls.count(selection);
    const withoutArc = this.text.show(this.value.text, selection, this.hues);
    this.table.show(selection, this.hues);
    this.graph.show(selection, this.hues);
    this.json.show(selection);
    this.status.textContent = this.describe(selection, withoutArc);
  }

  describe({ entities, relations, leftOut }, withoutArc) {
    const sentences = [`${count(entities, "entity", "entities")} and ${count(relations, "relation", "relations")} shown.`];
    if (withoutArc) sentences.push(`Arcs are drawn only for the best ${relations.length - withoutArc}, taken from all types.`);
    if (leftOut === 1) sentences.push("1 more relation is not shown; the API returns all.");
    if (leftOut > 1) sentences.push(`${leftOut} more relations are not shown; the API returns all.`);
    return sentences.join(" ");
  }
}

function count(items, one, many) {
  return `${items.length} ${items.length === 1 ? one : many}`;
}
