// The relations as a table, highest score first.

import { make, visible } from "./dom.js";
import { bestByType } from "./shares.js";

const MOST_ROWS = 200;

export class RelationTable {
  /**
   * @param {HTMLElement} container
   * @param {import("./highlight.js").Highlight} highlight
   */
  constructor(container, highlight) {
    this.highlight = highlight;
    this.body = make("tbody");
    this.note = make("p", { class: "spert-note" });
    const names = ["Head", "Relation", "Tail", "Score"].map((name) => make("th", { scope: "col" }, name));
    const caption = make("caption", { class: "spert-spoken" }, "Relations, highest score first");
    container.append(make("table", {}, caption, make("thead", {}, make("tr", {}, ...names)), this.body), this.note);
  }

  /** Show the relations of a selection; as for `AnnotatedText.show`. */
  show(selection, hues) {
    const { length } = selection.relations;
    const rows = bestByType(selection.relations, MOST_ROWS).map((index) => this.row(index, selection, hues));
    this.body.replaceChildren(...rows);
    this.note.textContent = length === 0 ? "No relations with these settings." : "";
    if (length > MOST_ROWS) this.note.textContent = `The best ${MOST_ROWS} of ${length}, taken from all types; the JSON has all.`;
  }

  row(index, { entities, relations }, hues) {
    const relation = relations[index];
    const name = make("span", { class: "spert-relation-name" }, visible(relation.type));
    name.style.setProperty("--hue", hues.relation.get(relation.type));
    const row = make(
      "tr",
      { "data-relation": index, tabindex: "0" },
      make("td", {}, mention(entities[relation.head], hues)),
      make("td", {}, name),
      make("td", {}, mention(entities[relation.tail], hues)),
      make("td", { class: "spert-score" }, relation.score.toFixed(2)),
    );
    this.highlight.listen(row, { relations: [index] });
    return row;
  }
}

function mention(entity, hues) {
  const type = make("span", { class: "spert-mention-type" }, visible(entity.type));
  type.style.setProperty("--hue", hues.entity.get(entity.type));
  return make("span", { class: "spert-cell" }, make("bdi", {}, visible(entity.text)), " ", type);
}
