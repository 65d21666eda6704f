// What is known of an entity or of a relation, and the sentences that say so.

import { make, visible } from "./dom.js";
import { otherEnd } from "./network_data.js";

const MOST_ROWS = 100;

const number = new Intl.NumberFormat("en");

/** How many of something, in words. */
export function count(amount, singular, plural = `${singular}s`) {
  return `${number.format(amount)} ${amount === 1 ? singular : plural}`;
}

export class Details {
  /**
   * @param {HTMLElement} container
   * @param {object} hues of `typeHues`.
   * @param {{onEntity: Function, onRelation: Function, onAround: Function, onNothing: Function}} calls
   */
  constructor(container, hues, calls) {
    this.container = container;
    this.hues = hues;
    this.calls = calls;
  }

  /** Nothing is chosen: the best-supported of the relations that are drawn, to choose from. */
  showDrawn(relations) {
    const best = relations.toSorted((a, b) => b.documents - a.documents || b.bestScore - a.bestScore);
    this.fill(
      make("h2", { tabindex: "-1" }, "Relations drawn"),
      best.length ? this.listOf(best) : make("p", { class: "spert-note" }, "There are none."),
    );
  }

  showEntity(entity) {
    this.fill(
      this.heading(make("bdi", {}, visible(entity.name))),
      make("p", {}, this.typeName("entity", entity.type)),
      make(
        "p",
        { class: "spert-note" },
        `${count(entity.mentions, "mention")} in ${count(entity.documents, "document")}, best score ${entity.score.toFixed(2)}`,
      ),
      ...this.aliases(entity.aliases),
      this.button("Draw what is around it", () => this.calls.onAround(entity)),
      make("h3", {}, count(entity.relations.length, "relation")),
      this.listOf(entity.relations, entity),
    );
  }

  aliases(aliases) {
    if (!aliases.length) return [];
    const items = aliases.map(({ text, mentions, rule }) =>
      make("li", {}, make("bdi", {}, visible(text)), make("span", { class: "network-quiet" }, ` ${rule}, ${number.format(mentions)} ×`)),
    );
    return [make("h3", {}, "Also written"), make("ul", { class: "network-aliases" }, ...items)];
  }

  showRelation(relation) {
    const { head, tail, evidence } = relation;
    const shown = evidence.length < relation.mentions ? `: the best ${evidence.length} of ${number.format(relation.mentions)}` : "";
    this.fill(
      this.heading("Relation"),
      make(
        "p",
        { class: "network-triple" },
        this.entityButton(head),
        make("span", { class: "network-arrow" }, this.typeName("relation", relation.type), relation.symmetric ? " ↔ " : " → "),
        this.entityButton(tail),
      ),
      make(
        "p",
        { class: "spert-note" },
        `${count(relation.documents, "document")}, ${count(relation.mentions, "mention")}; score ` +
          `${relation.meanScore.toFixed(2)} on average, ${relation.bestScore.toFixed(2)} at best`,
      ),
      make("h3", {}, `Evidence${shown}`),
      ...evidence.map((one) => this.evidence(one, relation)),
      evidence.length ? "" : make("p", { class: "spert-note" }, "No sentences were kept."),
    );
  }

  evidence({ document, sentence, score, head, tail }, relation) {
    const from = document === null ? "" : make("bdi", {}, visible(document));
    const said = sentence === null ? "The sentence was not kept." : this.marked(sentence, [
      { range: head, entity: relation.head, role: "head" },
      { range: tail, entity: relation.tail, role: "tail" },
    ]);
    return make(
      "figure",
      {},
      make("blockquote", { dir: "auto" }, ...[said].flat()),
      make("figcaption", { class: "network-quiet" }, from, from && " · ", `score ${score.toFixed(2)}`),
    );
  }

  /** A sentence with its two mentions marked; offsets count code points. */
  marked(sentence, mentions) {
    const characters = [...sentence];
    const places = new Set([0, characters.length, ...mentions.flatMap(({ range }) => range)]);
    const cuts = [...places].filter((place) => place >= 0 && place <= characters.length).sort((a, b) => a - b);
    return cuts.slice(1).map((end, index) => {
      const text = visible(characters.slice(cuts[index], end).join(""));
      const inside = mentions.filter(({ range }) => range[0] <= cuts[index] && end <= range[1]);
      if (!inside.length) return text;
      const mark = make("mark", { class: `network-${inside[0].role}`, title: inside.map(({ role }) => role).join(" and ") }, text);
      mark.style.setProperty("--hue", this.hues.entity.get(inside[0].entity.type));
      return mark;
    });
  }

  listOf(relations, entity = null) {
    const rows = relations.slice(0, MOST_ROWS).map((relation) => {
      const button = make("button", { type: "button", class: "network-row" }, ...this.rowParts(relation, entity));
      button.addEventListener("click", () => this.calls.onRelation(relation));
      return make("li", {}, button);
    });
    const more = relations.length - rows.length;
    if (more > 0) rows.push(make("li", { class: "network-quiet" }, `and ${number.format(more)} more`));
    return make("ul", { class: "network-rows" }, ...rows);
  }

  rowParts(relation, entity) {
    const { head, tail, type, symmetric, documents } = relation;
    const name = (one) => make("bdi", {}, visible(one.name));
    const arrow = symmetric ? " ↔ " : " → ";
    const support = make("span", { class: "spert-count", title: count(documents, "document") }, number.format(documents));
    const of = this.typeName("relation", type);
    const other = entity && otherEnd(relation, entity);
    if (!entity) return [make("span", {}, name(head), " ", of, arrow, name(tail)), support];
    if (head === entity) return [make("span", {}, of, arrow, name(other)), support];
    return [make("span", {}, name(other), " ", of, symmetric ? " ↔" : " →"), support];
  }

  typeName(kind, type) {
    const name = make("bdi", { class: `network-${kind}-type` }, visible(type));
    name.style.setProperty("--hue", this.hues[kind].get(type));
    return name;
  }

  entityButton(entity) {
    const button = this.button("", () => this.calls.onEntity(entity));
    button.classList.add("network-entity");
    button.style.setProperty("--hue", this.hues.entity.get(entity.type));
    button.append(make("bdi", {}, visible(entity.name)));
    return button;
  }

  heading(...content) {
    const close = this.button("×", () => this.calls.onNothing());
    close.setAttribute("aria-label", "Back to the relations drawn");
    return make("div", { class: "network-heading" }, make("h2", { tabindex: "-1" }, ...content), close);
  }

  button(text, action) {
    const button = make("button", { type: "button" }, text);
    button.addEventListener("click", action);
    return button;
  }

  fill(...content) {
    const hadFocus = this.container.contains(document.activeElement);
    this.container.replaceChildren(...content);
    this.container.scrollTop = 0;
    if (hadFocus) this.focus();
  }

  /** For those who hear the page: what was asked for is where they are now. */
  focus() {
    this.container.querySelector("h2").focus({ preventScroll: true });
  }
}
