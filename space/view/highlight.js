// Highlights a relation together with its two mentions, its arc, its row and its edge.

export class Highlight {
  /** @param {HTMLElement} root contains everything that can be highlighted. */
  constructor(root) {
    this.root = root;
    this.relations = [];
    this.listeners = [];
  }

  /** @param {object[]} relations the relations shown. */
  reset(relations) {
    this.relations = relations;
    this.light(null);
  }

  /** Call a function with the indices of highlighted relations (or null) whenever they change. */
  onChange(listener) {
    this.listeners.push(listener);
  }

  /**
   * Highlight while an element is hovered or has keyboard focus.
   *
   * @param {Element} element
   * @param {{relations?: number[], entities?: number[]}} what relations, or entities with all their relations.
   */
  listen(element, what) {
    const on = () => this.light(what);
    const off = () => this.light(null);
    element.addEventListener("pointerenter", on);
    element.addEventListener("pointerleave", off);
    element.addEventListener("focusin", on);
    element.addEventListener("focusout", off);
  }

  light(what) {
    for (const element of this.root.querySelectorAll(".spert-lit")) element.classList.remove("spert-lit");
    const relations = what ? this.relationsOf(what) : [];
    this.root.classList.toggle("spert-dimmed", relations.length > 0);
    const entities = new Set(what?.entities ?? []);
    for (const index of relations) {
      entities.add(this.relations[index].head).add(this.relations[index].tail);
      this.lightAll(`[data-relation="${index}"]`);
    }
    for (const entity of entities) this.lightAll(`[data-entities~="${entity}"]`);
    for (const listener of this.listeners) listener(relations);
  }

  relationsOf({ relations, entities }) {
    if (relations) return relations;
    const touched = (relation) => entities.includes(relation.head) || entities.includes(relation.tail);
    return this.relations.flatMap((relation, index) => (touched(relation) ? [index] : []));
  }

  lightAll(selector) {
    for (const element of this.root.querySelectorAll(selector)) element.classList.add("spert-lit");
  }
}
