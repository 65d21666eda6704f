// Search for an entity by one of its names.

import { make, visible } from "./dom.js";

const MOST_FOUND = 12;

/** A text for comparison: without case, accents and runs of blanks. */
function plain(text) {
  return text.normalize("NFKD").replaceAll(/\p{M}/gu, "").replaceAll(/\s+/gu, " ").trim().toLowerCase();
}

export class Search {
  /**
   * @param {HTMLElement} container
   * @param {import("./network_data.js").Entity[]} entities the most-mentioned first.
   * @param {object} hues of `typeHues`.
   * @param {(entity: object) => void} onEntity
   */
  constructor(container, entities, hues, onEntity) {
    this.index = entities.map((entity) => ({
      entity,
      names: [entity.name, ...entity.aliases.map(({ text }) => text)].map(plain),
    }));
    this.hues = hues;
    this.onEntity = onEntity;
    this.found = [];
    this.at = -1;
    this.list = make("ul", { id: "network-found", role: "listbox", "aria-label": "Entities found", hidden: true });
    this.input = make("input", {
      ...{ type: "search", role: "combobox", placeholder: "Search entities", "aria-label": "Search entities" },
      ...{ autocomplete: "off", spellcheck: "false", "aria-controls": "network-found", "aria-expanded": "false" },
    });
    container.append(this.input, this.list);
    this.input.addEventListener("input", () => this.look());
    this.input.addEventListener("keydown", (event) => this.press(event));
    this.input.addEventListener("blur", () => this.close());
    this.input.addEventListener("focus", () => this.look());
  }

  look() {
    const wanted = plain(this.input.value);
    const ranked = wanted ? this.index.map(({ entity, names }) => ({ entity, rank: rank(names, wanted) })) : [];
    this.found = ranked
      .filter(({ rank: own }) => own < 3)
      .sort((a, b) => a.rank - b.rank)
      .slice(0, MOST_FOUND)
      .map(({ entity }) => entity);
    this.list.replaceChildren(...this.found.map((entity, index) => this.option(entity, index)));
    if (wanted && !this.found.length) this.list.append(make("li", { role: "option", "aria-disabled": "true" }, "No entity has this name"));
    this.list.hidden = !wanted;
    this.input.setAttribute("aria-expanded", String(Boolean(wanted)));
    this.move(this.found.length ? 0 : -1);
  }

  option(entity, index) {
    const type = make("bdi", { class: "network-entity-type" }, visible(entity.type));
    type.style.setProperty("--hue", this.hues.entity.get(entity.type));
    const option = make(
      "li",
      { role: "option", id: `network-found-${index}`, "aria-selected": "false" },
      make("bdi", {}, visible(entity.name)),
      " ",
      type,
    );
    option.addEventListener("pointerdown", (event) => {
      event.preventDefault(); // the input would lose the focus, and the list be closed, before the click
      this.take(entity);
    });
    return option;
  }

  press(event) {
    const { key } = event;
    if (key === "ArrowDown" || key === "ArrowUp") {
      const size = Math.max(this.found.length, 1);
      this.move((this.at + (key === "ArrowDown" ? 1 : size - 1)) % size);
      event.preventDefault();
    } else if (key === "Enter" && this.found[this.at]) {
      this.take(this.found[this.at]);
    } else if (key === "Escape") {
      this.close();
    }
  }

  move(at) {
    this.at = this.found.length ? at : -1;
    [...this.list.children].forEach((option, index) => {
      if (this.found.length) option.setAttribute("aria-selected", String(index === this.at));
    });
    if (this.at < 0) this.input.removeAttribute("aria-activedescendant");
    else this.input.setAttribute("aria-activedescendant", `network-found-${this.at}`);
    this.list.children[this.at]?.scrollIntoView({ block: "nearest" });
  }

  take(entity) {
    this.input.value = "";
    this.close();
    this.onEntity(entity);
  }

  close() {
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }
}

/** 0: is a name; 1: begins one; 2: is within one; 3: none of it. */
function rank(names, wanted) {
  return Math.min(...names.map((name) => (name === wanted ? 0 : name.startsWith(wanted) ? 1 : name.includes(wanted) ? 2 : 3)));
}
