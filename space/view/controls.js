// Sliders, overlap policy and the legend, whose entries show and hide a type.

import { make, visible } from "./dom.js";

const POLICIES = { keep: "keep all", drop: "drop all", best: "keep the best" };

export class Controls {
  /**
   * @param {HTMLElement} container
   * @param {object} view the first one shown; see `make_view` in extraction.py.
   * @param {object} hues of `typeHues`.
   * @param {() => void} onChange
   */
  constructor(container, view, hues, onChange) {
    this.onChange = onChange;
    this.settings = {
      relationThreshold: Math.max(view.relation_threshold, view.score_floor),
      entityScore: 0,
      overlap: view.overlap,
      hiddenEntityTypes: new Set(),
      hiddenRelationTypes: new Set(),
    };
    this.counts = new Map();
    const ofRelations = view.relation_types.length ? (control) => [control()] : () => [];
    container.append(
      make(
        "div",
        { class: "spert-settings" },
        ...ofRelations(() => this.slider("Minimum relation score", "relationThreshold", view.score_floor)),
        this.slider("Minimum entity score", "entityScore", 0),
        this.policies(),
      ),
      make(
        "div",
        { class: "spert-legend" },
        this.legend("Entity types", "entity", hues.entity, this.settings.hiddenEntityTypes),
        ...ofRelations(() => this.legend("Relation types", "relation", hues.relation, this.settings.hiddenRelationTypes)),
      ),
    );
  }

  slider(label, name, min) {
    const input = make("input", { type: "range", min, max: 1, step: 0.01, name, value: this.settings[name] });
    const output = make("output", {}, this.settings[name].toFixed(2));
    input.addEventListener("input", () => {
      this.settings[name] = input.valueAsNumber;
      output.textContent = input.valueAsNumber.toFixed(2);
      this.onChange();
    });
    return make("label", { class: "spert-slider" }, make("span", {}, label), input, output);
  }

  policies() {
    const choices = Object.entries(POLICIES).map(([value, label]) => {
      const input = make("input", { type: "radio", name: "spert-overlap", value, checked: value === this.settings.overlap });
      input.addEventListener("change", () => {
        this.settings.overlap = value;
        this.onChange();
      });
      return make("label", {}, input, label);
    });
    return make("fieldset", { class: "spert-overlap" }, make("legend", {}, "Overlapping entities"), ...choices);
  }

  legend(title, kind, hues, hidden) {
    const entries = [...hues].map(([type, hue]) => {
      const input = make("input", { type: "checkbox", checked: true, value: type });
      const count = make("span", { class: "spert-count" });
      this.counts.set(`${kind} ${type}`, count);
      input.addEventListener("change", () => {
        if (input.checked) hidden.delete(type);
        else hidden.add(type);
        this.onChange();
      });
      const entry = make("label", { class: `spert-chip spert-${kind}-chip` }, input, make("bdi", {}, visible(type)), count);
      entry.style.setProperty("--hue", hue);
      return entry;
    });
    return make("fieldset", {}, make("legend", {}, title), ...entries);
  }

  /** Update the count shown next to each type. */
  count({ entities, relations }) {
    const found = new Map();
    for (const [kind, items] of [["entity", entities], ["relation", relations]]) {
      for (const { type } of items) found.set(`${kind} ${type}`, (found.get(`${kind} ${type}`) ?? 0) + 1);
    }
    for (const [key, count] of this.counts) count.textContent = found.get(key) ?? 0;
  }
}
