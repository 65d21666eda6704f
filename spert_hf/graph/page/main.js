// The page of a knowledge graph: data, drawing, filters, search and details, put together.

import { typeHues } from "./colours.js";
import { count, Details } from "./details.js";
import { make } from "./dom.js";
import { Filters } from "./filters.js";
import { download } from "./graph_export.js";
import { growthOrder } from "./growth.js";
import { readGraph } from "./network_data.js";
import { NetworkView } from "./network_view.js";
import { Search } from "./search.js";

const MIDDLE = 25; // relations at which the first view begins

const part = (name) => document.getElementById(`network-${name}`);

class NetworkPage {
  constructor(graph) {
    this.graph = graph;
    this.start = null;
    const hues = typeHues(graph.entityTypes, graph.relationTypes);
    const calls = {
      onEntity: (entity) => this.choose(entity, "showEntity"),
      onRelation: (relation) => this.choose(relation, "showRelation"),
      onAround: (entity) => this.around(entity),
      onNothing: () => this.choose(null),
      onWork: (working) => part("work").toggleAttribute("hidden", !working),
    };
    this.details = new Details(part("details"), hues, calls);
    this.filters = new Filters(part("filters"), graph, hues, () => this.draw());
    this.search = new Search(part("search"), graph.entities, hues, (entity) => {
      if (!this.view.goTo(entity)) this.around(entity);
      else this.choose(entity, "showEntity");
      this.details.focus();
    });
    this.view = new NetworkView(part("canvas"), hues, calls);
    this.addButtons();
  }

  addButtons() {
    const button = (label, sign, action) => {
      const element = make("button", { type: "button", "aria-label": label, title: label }, sign);
      element.addEventListener("click", action);
      return element;
    };
    const file = (name, picture) =>
      button(`Save what is in view as ${name}`, name, async () => download(await picture(), `graph.${name.toLowerCase()}`));
    part("buttons").append(
      button("Zoom in", "+", () => this.view.zoom(1.25)),
      button("Zoom out", "−", () => this.view.zoom(0.8)),
      button("Show all that is drawn", "⤢", () => this.view.showAll()),
      file("PNG", () => this.view.png()),
      file("SVG", () => this.view.svg()),
    );
    part("again").addEventListener("click", () => this.around(null));
  }

  /** Draw the graph anew, as the filters say. */
  async draw() {
    const allowed = this.graph.relations.filter((relation) => this.filters.allows(relation));
    this.drawn = growthOrder(allowed, this.start).slice(0, this.filters.most);
    if (allowed.includes(this.chosen) && !this.drawn.includes(this.chosen)) this.drawn[this.drawn.length - 1] = this.chosen;
    this.tell(allowed.length);
    await this.view.show(this.drawn, this.drawn.slice(0, MIDDLE).flatMap(({ head, tail }) => [head, tail]));
    this.view.choose(this.chosen);
  }

  /** Say what is drawn. */
  tell(allowed) {
    const entities = new Set(this.drawn.flatMap(({ head, tail }) => [head, tail]));
    const all = allowed > this.drawn.length ? ` of ${allowed.toLocaleString("en")}` : "";
    const what = `${this.drawn.length.toLocaleString("en")}${all} relations between ${count(entities.size, "entity", "entities")}`;
    part("drawn").textContent = what;
    part("canvas").setAttribute("aria-label", `Knowledge graph: ${what}, which the list has, too`);
    part("again").hidden = this.start === null;
    if (!this.chosen) this.details.showDrawn(this.drawn);
  }

  /** Show and mark an entity or a relation, or none. */
  choose(chosen, show = "showDrawn") {
    this.chosen = chosen;
    this.details[show](chosen ?? this.drawn);
    const isLeftOut = show === "showRelation" && !this.drawn.includes(chosen) && this.filters.allows(chosen);
    if (isLeftOut) this.growFrom(chosen.head);
    else this.view.choose(chosen);
  }

  /** Let the graph grow from an entity, which is chosen, or as at first. */
  around(entity) {
    this.chosen = entity;
    if (entity) this.details.showEntity(entity);
    this.growFrom(entity);
  }

  growFrom(entity) {
    this.start = entity;
    this.draw();
  }
}

const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.body.classList.toggle("dark", dark.matches);
follow();
const page = new NetworkPage(readGraph(part("data")));
dark.addEventListener("change", () => {
  follow();
  page.view.paint();
});
page.draw().then(() => document.body.classList.add("network-ready"));
