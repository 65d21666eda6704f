// The knowledge graph over all documents of a file.

import { typeHues } from "./colours.js";
import { make } from "./dom.js";
import { KnowledgeGraph } from "./graph.js";
import { Highlight } from "./highlight.js";

/** Build the graph in an element of the page, as `mountView` does; the value is that of `DocumentGraph.view`. */
export function mountDocumentsGraph(element, props, watch) {
  const note = make("p", { class: "spert-note", role: "status" });
  const section = make("section", { class: "spert-graph" }, make("h2", {}, "Knowledge graph over all documents"), note);
  const root = make("div", { class: "spert spert-documents" }, section);
  element.replaceChildren(root);
  const highlight = new Highlight(root);
  const graph = new KnowledgeGraph(section, highlight, "see the triples in CSV");
  const show = ({ entities, relations, known, knows_all, entity_types, relation_types }) => {
    const all = `${knows_all ? "" : "more than "}${known}`;
    const more = known > relations.length || !knows_all ? `: the best of ${all}` : "";
    note.textContent = `${entities.length} names and ${relations.length} distinct relations between them${more}.`;
    highlight.reset(relations);
    graph.show({ entities, relations }, typeHues(entity_types, relation_types));
  };
  show(props.value);
  watch("value", () => props.value && show(props.value));
}
