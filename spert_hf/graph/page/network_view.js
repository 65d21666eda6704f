// The drawing: Cytoscape, with what is drawn, what is chosen, and the zoom.

import { asRgb } from "./colours.js";
import cytoscape from "./cytoscape.esm.min.mjs";
import { make, visible } from "./dom.js";
import { graphPng, graphSvg } from "./graph_export.js";
import { chooseNames, nameWidth } from "./labels.js";
import { networkStyle } from "./network_style.js";
import { place } from "./placing.js";

const LONGEST_NAME = 28;
const DOT = { least: 13, most: 46 }; // diameters of entities
const MARGIN = 42;
const LEGIBLE = 0.38; // the smallest zoom of the first view; what does not fit is left to whoever moves it
const LARGEST_ZOOM = 1.25; // unless somebody zooms
const MANY = 900; // relations from which on moving shows a picture of the graph, and lines are plain
const CROWD = { from: 250, room: 0.3 }; // entities from which on names get but a part of the room that they need
const SMALLEST_DOT = 4; // pixels on the screen
const SLICE = 24; // milliseconds of work between two frames
const REST = 90; // milliseconds without movement until names are chosen anew
const STEP = 60; // pixels that an arrow key moves

export class NetworkView {
  /**
   * @param {HTMLElement} panel
   * @param {object} hues of `typeHues`.
   * @param {{onEntity: Function, onRelation: Function, onNothing: Function, onWork: (working: boolean) => void}} calls
   */
  constructor(panel, hues, calls) {
    this.panel = panel;
    this.tip = make("div", { class: "network-tip", hidden: true, "aria-hidden": "true" });
    panel.after(this.tip);
    this.hues = hues;
    this.calls = calls;
    this.positions = new Map();
    this.graph = cytoscape({ container: panel, minZoom: 0.03, maxZoom: 4, boxSelectionEnabled: false, autounselectify: true });
    this.listen();
    this.paint();
  }

  listen() {
    const { graph, calls } = this;
    graph.on("tap", ".entity", (event) => calls.onEntity(event.target.scratch("entity")));
    graph.on("tap", "edge", (event) => calls.onRelation(event.target.scratch("relation")));
    graph.on("tap", (event) => event.target === graph && calls.onNothing());
    graph.on("mouseover", ".entity, edge", (event) => this.hover(event));
    graph.on("mouseout viewport", () => this.hover(null));
    graph.on("viewport resize dragfree", () => this.nameSoon());
    this.panel.addEventListener("keydown", (event) => this.press(event));
    new ResizeObserver(() => graph.resize()).observe(this.panel);
  }

  /**
   * Draw relations with their entities; those that are drawn already keep their places as far as they can.
   *
   * @param {import("./network_data.js").Relation[]} relations
   * @param {import("./network_data.js").Entity[]} middle what the view begins at if not all of it is legible.
   */
  async show(relations, middle = []) {
    const entities = [...new Set(relations.flatMap(({ head, tail }) => [head, tail]))];
    this.relations = relations;
    const token = (this.token = {});
    this.panel.setAttribute("aria-busy", "true");
    const boxes = this.boxes(entities);
    const number = new Map(entities.map((entity, index) => [entity, index]));
    const links = relations.map(({ head, tail }) => [number.get(head), number.get(tail)]);
    const shape = Math.max(this.panel.clientWidth, 1) / Math.max(this.panel.clientHeight, 1);
    if (!(await this.work(place(boxes, links, shape), token))) return;
    boxes.forEach((box, index) => {
      this.positions.set(entities[index].id, { x: box.x, y: box.y - (box.height - box.size) / 2 });
    });
    this.replaceElements(entities, relations);
    this.begin(middle);
    this.panel.setAttribute("aria-busy", "false");
  }

  /** Carry something out piece by piece, so that the page stays quick; false if something else is wanted by then. */
  async work(steps, token) {
    for (let began = performance.now(), told = false; !steps.next().done; ) {
      if (performance.now() - began < SLICE) continue;
      if (!told) this.calls.onWork((told = true));
      await new Promise((resolve) => setTimeout(resolve));
      if (this.token !== token) return false;
      began = performance.now();
    }
    this.calls.onWork(false);
    return true;
  }

  boxes(entities) {
    const most = entities.reduce((highest, { mentions }) => Math.max(highest, mentions), 1);
    const room = entities.length < CROWD.from ? 1 : CROWD.room;
    return entities.map((entity) => {
      const size = Math.round(DOT.least + (DOT.most - DOT.least) * Math.sqrt((entity.mentions - 1) / Math.max(most - 1, 8)));
      const width = size + Math.max(0, nameWidth(shorten(entity.name)) + 6 - size) * room;
      return { ...this.positions.get(entity.id), size, width, height: size + 20 * room };
    });
  }

  replaceElements(entities, relations) {
    const { graph } = this;
    const boxes = this.boxes(entities);
    graph.batch(() => {
      graph.elements().remove();
      graph.add(
        entities.map((entity, index) => ({
          group: "nodes",
          data: {
            id: entity.id,
            name: shorten(entity.name),
            nameWidth: nameWidth(shorten(entity.name)),
            type: entity.type,
            size: boxes[index].size,
            dot: boxes[index].size,
            importance: entity.mentions + entity.relations.length,
          },
          scratch: { entity },
          classes: ["entity", `type-${this.typeNumber("entity", entity.type)}`],
          position: { ...this.positions.get(entity.id) },
        })),
      );
      graph.add(relations.map((relation) => this.edge(relation, relations.length > MANY)));
      graph.add({ group: "nodes", data: { id: "veil" }, classes: ["veil"] });
    });
    this.dotScale = 1;
    graph.renderer().textureOnViewport = relations.length > MANY;
  }

  edge(relation, plain) {
    const { id, type, head, tail, documents, symmetric } = relation;
    const name = shorten(type);
    return {
      group: "edges",
      data: {
        id,
        name,
        nameWidth: nameWidth(name),
        source: head.id,
        target: tail.id,
        width: Math.min(1.6 + 1.1 * Math.log2(documents), 7),
      },
      scratch: { relation },
      classes: [`relation-${this.typeNumber("relation", type)}`, symmetric ? "" : "directed", plain ? "plain" : ""],
    };
  }

  typeNumber(kind, type) {
    return [...this.hues[kind].keys()].indexOf(type);
  }

  /** The first view: all of it, or what is legible around some entities. */
  begin(middle) {
    const { graph } = this;
    this.showAll();
    if (graph.zoom() < LEGIBLE && middle.length) {
      const wanted = graph.collection(middle.map(({ id }) => graph.getElementById(id)).filter((node) => node.length));
      graph.zoom(LEGIBLE);
      graph.center(wanted);
    }
    this.nameSoon(0);
  }

  showAll() {
    this.graph.fit(this.graph.nodes(".entity"), MARGIN);
    if (this.graph.zoom() > LARGEST_ZOOM) {
      this.graph.zoom(LARGEST_ZOOM);
      this.graph.center(this.graph.nodes(".entity"));
    }
  }

  /** Bring an entity that is drawn to the middle; false if it is not drawn. */
  goTo(entity) {
    const node = this.graph.getElementById(entity.id);
    if (!node.length) return false;
    const box = node.renderedBoundingBox();
    const inside = box.x1 > 0 && box.y1 > 0 && box.x2 < this.graph.width() && box.y2 < this.graph.height();
    if (!inside) this.graph.center(node);
    return true;
  }

  /** Mark an entity with its relations, or a relation; `null` marks nothing. */
  choose(chosen) {
    const { graph } = this;
    graph.batch(() => {
      graph.elements(".lit").removeClass("chosen lit");
      const element = chosen ? graph.getElementById(chosen.id) : graph.collection();
      graph.getElementById("veil").toggleClass("drawn", element.length > 0);
      if (!element.length) return;
      const near = element.isNode() ? element.closedNeighborhood() : element.union(element.connectedNodes());
      near.addClass("lit");
      element.addClass("chosen");
    });
    this.nameSoon(0);
  }

  /** Tell what the pointer is on. */
  hover(event) {
    const element = event?.target;
    this.panel.style.cursor = element ? "pointer" : "";
    this.tip.hidden = !element;
    if (!element) return;
    const { entity, relation } = element.scratch();
    const parts = entity ? [entity.name, entity.type] : [`${relation.head.name} → ${relation.tail.name}`, relation.type];
    this.tip.replaceChildren(make("bdi", {}, visible(parts[0])), make("bdi", { class: "network-quiet" }, visible(parts[1])));
    const { x, y } = event.renderedPosition;
    const left = Math.min(x + 14, this.panel.clientWidth - this.tip.offsetWidth - 8);
    this.tip.style.translate = `${Math.max(left, 8)}px ${Math.max(y - this.tip.offsetHeight - 12, 8)}px`;
  }

  nameSoon(wait = REST) {
    clearTimeout(this.naming);
    this.naming = setTimeout(() => {
      this.scaleDots();
      chooseNames(this.graph);
    }, wait);
  }

  /** From afar entities are drawn larger than they are, so that they can be seen. */
  scaleDots() {
    const scale = Math.max(1, SMALLEST_DOT / (DOT.least * this.graph.zoom()));
    if (Math.abs(Math.log(scale / this.dotScale)) < 0.25 && (scale > 1) === this.dotScale > 1) return;
    this.dotScale = scale;
    this.graph.batch(() => {
      for (const node of this.graph.nodes(".entity")) node.data("dot", node.data("size") * scale);
    });
  }

  press(event) {
    const moves = { ArrowLeft: [STEP, 0], ArrowRight: [-STEP, 0], ArrowUp: [0, STEP], ArrowDown: [0, -STEP] };
    if (event.key in moves) this.graph.panBy({ x: moves[event.key][0], y: moves[event.key][1] });
    else if (event.key === "+" || event.key === "=") this.zoom(1.25);
    else if (event.key === "-") this.zoom(0.8);
    else if (event.key === "0") this.showAll();
    else return;
    event.preventDefault();
  }

  zoom(factor) {
    const middle = { x: this.graph.width() / 2, y: this.graph.height() / 2 };
    this.graph.zoom({ level: this.graph.zoom() * factor, renderedPosition: middle });
  }

  /** Give everything the colours of the theme. */
  paint() {
    this.graph.style(networkStyle(this.panel, this.hues));
  }

  get background() {
    return asRgb(getComputedStyle(this.panel).getPropertyValue("--spert-background"));
  }

  /** What is in the panel, as an image. */
  png() {
    return graphPng(this.graph, this.background, false);
  }

  svg() {
    const { x1, y1, w, h } = this.graph.extent();
    return graphSvg(this.graph, this.background, { left: x1, top: y1, width: w, height: h });
  }
}

function shorten(text) {
  const characters = [...visible(text).replaceAll(/\s+/gu, " ")];
  return characters.length <= LONGEST_NAME ? characters.join("") : `${characters.slice(0, LONGEST_NAME - 1).join("")}…`;
}
