// What is drawn: how many relations, with how much support, of which types. The types' chips are the legend.

import { make, visible } from "./dom.js";

const STEPS = [10, 20, 30, 40, 60, 80, 100, 150, 200, 300, 400, 600, 800, 1000, 1500, 2000, 3000, 4000];
const AT_FIRST = matchMedia("(max-width: 700px)").matches ? 40 : 80; // relations

const format = new Intl.NumberFormat("en");

export class Filters {
  /**
   * @param {HTMLElement} container
   * @param {object} graph of `readGraph`.
   * @param {object} hues of `typeHues`.
   * @param {() => void} onChange
   */
  constructor(container, graph, hues, onChange) {
    this.onChange = onChange;
    this.hidden = { entity: new Set(), relation: new Set() };
    const { relations } = graph;
    const most = relations.length;
    this.steps = [...STEPS.filter((step) => step < most), most];
    this.supports = [...new Set(relations.map(({ documents }) => documents))].sort((a, b) => a - b);
    const first = this.steps.findIndex((step) => step >= Math.min(AT_FIRST, most));
    this.drawn = this.slider("Relations drawn", "drawn", this.steps.length - 1, first, (at) => format.format(this.steps[at]));
    this.support = this.slider("Minimum support (documents)", "support", Math.max(this.supports.length - 1, 0), 0, (at) =>
      format.format(this.supports[at] ?? 1),
    );
    this.score = this.slider("Minimum score", "score", 100, 0, (at) => (at / 100).toFixed(2));
    container.append(
      ...[this.drawn, this.support, this.score].map(({ element }) => element),
      this.legend("Entity types", "entity", hues.entity, countBy(graph.entities)),
      this.legend("Relation types", "relation", hues.relation, countBy(relations)),
    );
  }

  slider(label, name, max, at, describe) {
    const input = make("input", { type: "range", name, min: 0, max, value: at, disabled: max === 0 });
    const output = make("output", {}, describe(at));
    const tell = () => {
      output.textContent = describe(input.valueAsNumber);
      input.setAttribute("aria-valuetext", describe(input.valueAsNumber));
    };
    tell();
    input.addEventListener("input", () => {
      tell();
      this.onChange();
    });
    return { input, element: make("label", { class: "spert-slider" }, make("span", {}, label), input, output) };
  }

  legend(title, kind, hues, counts) {
    const entries = [...hues]
      .filter(([type]) => counts.has(type))
      .map(([type, hue]) => {
        const input = make("input", { type: "checkbox", checked: true, value: type });
        input.addEventListener("change", () => {
          if (input.checked) this.hidden[kind].delete(type);
          else this.hidden[kind].add(type);
          this.onChange();
        });
        const amount = make("span", { class: "spert-count" }, format.format(counts.get(type)));
        const entry = make("label", { class: `spert-chip spert-${kind}-chip` }, input, make("bdi", {}, visible(type)), amount);
        entry.style.setProperty("--hue", hue);
        return entry;
      });
    return make("fieldset", {}, make("legend", {}, title), ...entries);
  }

  /** Whether a relation may be drawn. */
  allows({ type, head, tail, documents, bestScore }) {
    const { entity, relation } = this.hidden;
    const support = this.supports[this.support.input.valueAsNumber] ?? 1;
    if (documents < support || bestScore < this.score.input.valueAsNumber / 100 || relation.has(type)) return false;
    return !entity.has(head.type) && !entity.has(tail.type);
  }

  /** How many relations are drawn at most. */
  get most() {
    return this.steps[this.drawn.input.valueAsNumber];
  }
}

function countBy(items) {
  const counts = new Map();
  for (const { type } of items) counts.set(type, (counts.get(type) ?? 0) + 1);
  return counts;
}
