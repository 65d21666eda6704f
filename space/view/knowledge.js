// What the model knows: its types, and what its relations join.

import { make, visible } from "./dom.js";

/**
 * @param {object} view what the server sent; see `make_view` in extraction.py.
 * @param {object} hues of `typeHues`.
 * @returns {HTMLElement} closed at first.
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
    return make("li", {}, named(type, "relation"), symmetric ? " (either way round)" : "", ...pairs);
  });
  return make(
    "details",
    {},
    make("summary", {}, "What the model knows"),
    make("h3", {}, "Entity types"),
    make("ul", {}, ...entities),
    make("h3", {}, "Relation types"),
    make("ul", {}, ...relations),
    make(
      "p",
      { class: "spert-note" },
      `It gives relations from score ${view.relation_threshold.toFixed(2)} on, and of entities that overlap it ` +
        `${OVERLAPS[view.overlap]}, if nothing else is asked for.`,
    ),
  );
}

const OVERLAPS = { keep: "keeps all", drop: "drops all", best: "keeps the best" };
