// The model's types, its type constraints and its default settings.

import { make, visible } from "./dom.js";

/**
 * @param {object} view the value sent by the server; see `make_view` in extraction.py.
 * @param {object} hues of `typeHues`.
 * @returns {HTMLElement} initially closed.
 */
export function describeModel(view, hues) {
  const named = (type, kind) => {
    const name = make("bdi", { class: "spert-mention-type" }, visible(type));
    name.style.setProperty("--hue", hues[kind].get(type));
    return name;
  };
  const entities = view.entity_types.map((type) => make("li", {}, named(type, "entity")));
  const relations = view.relation_types.map((type) => {
    const symmetric = view.symmetric_relation_types.includes(type);
    const between = symmetric ? " and " : " → ";
    const pairs = (view.relation_signatures[type] ?? []).flatMap(([head, tail], index) => [
      index ? ", " : ": ",
      named(head, "entity"),
      between,
      named(tail, "entity"),
    ]);
    return make("li", {}, named(type, "relation"), symmetric ? " (symmetric)" : "", ...pairs);
  });
  const scores = `relations with a score of at least ${view.relation_threshold.toFixed(2)} are predicted, and `;
  return make(
    "details",
    {},
    make("summary", {}, "About the model"),
    make("h3", {}, "Entity types"),
    make("ul", {}, ...entities),
    ...(relations.length ? [make("h3", {}, "Relation types"), make("ul", {}, ...relations)] : []),
    make("p", { class: "spert-note" }, `By default, ${relations.length ? scores : ""}${OVERLAPS[view.overlap]}.`),
  );
}

const OVERLAPS = {
  keep: "overlapping entities are kept",
  drop: "overlapping entities are dropped",
  best: "only the best of overlapping entities is kept",
};
