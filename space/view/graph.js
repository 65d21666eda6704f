// The document's knowledge graph: entities merged by their text, and relations between them; can be dragged and zoomed.

import { asRgb } from "./colours.js";
import { make, textWidth, visible } from "./dom.js";
import { copy, download, graphJson, graphPng, graphSvg } from "./graph_export.js";
import { layOut, panelHeight, showAll, spiral } from "./graph_layout.js";
import { bestByType } from "./shares.js";

const MOST_EDGES = 200;
const MOST_NODES = 200;
const LONGEST_LABEL = 28;
const FONT = "12px sans-serif";

/**
 * Nodes and edges of a selection.
 *
 * @returns {{nodes: object[], edges: object[], found: {nodes: number, edges: number}}} nodes `{id, text, type}` with the
 *   type of the mention with the highest score; edges `{id, source, target, type, score, relations}` with the highest
 *   score and the indices of the merged relations; `found`: how many of each there were before the best were selected.
 */
export function mergeByText({ entities, relations }) {
  const key = (entity) => entity.text.trim().replace(/\s+/gu, " ").toLowerCase();
  const nodes = new Map();
  for (const entity of entities) {
    const known = nodes.get(key(entity));
    if (!known || known.score < entity.score) nodes.set(key(entity), { ...entity, id: `node:${key(entity)}` });
  }
  const edges = new Map();
  relations.forEach((relation, index) => {
    const [source, target] = [relation.head, relation.tail].map((end) => `node:${key(entities[end])}`);
    const id = `edge:${JSON.stringify([source, relation.type, target])}`;
    const edge = edges.get(id) ?? { id, source, target, type: relation.type, score: 0, relations: [] };
    edge.score = Math.max(edge.score, relation.score);
    edge.relations.push(index);
    edges.set(id, edge);
  });
  const found = { nodes: nodes.size, edges: edges.size };
  const everyEdge = [...edges.values()];
  const best = bestByType(everyEdge, MOST_EDGES).map((index) => everyEdge[index]);
  return { nodes: mostImportant([...nodes.values()], best), edges: best, found };
}

/** The nodes of edges, and those with the highest scores of the others, up to the maximum. */
function mostImportant(nodes, edges) {
  const joined = new Set(edges.flatMap(({ source, target }) => [source, target]));
  const others = nodes.filter(({ id }) => !joined.has(id)).sort((a, b) => b.score - a.score);
  const chosen = new Set(others.slice(0, Math.max(0, MOST_NODES - joined.size)).map(({ id }) => id)).union(joined);
  return nodes.filter(({ id }) => chosen.has(id)).map(({ id, text, type }) => ({ id, text, type }));
}

export class KnowledgeGraph {
  /**
   * @param {HTMLElement} container
   * @param {import("./highlight.js").Highlight} highlight
   * @param {string} elsewhere for screen readers: where the same information can be read.
   */
  constructor(container, highlight, elsewhere = "see the table of relations") {
    this.elsewhere = elsewhere;
    this.canvas = make("div", { class: "spert-graph-canvas", role: "img", "aria-label": "Knowledge graph" });
    const button = (label, sign, action) => {
      const element = make("button", { type: "button", "aria-label": label, title: label }, sign);
      element.addEventListener("click", action);
      return element;
    };
    const buttons = make(
      "div",
      { class: "spert-graph-buttons" },
      button("Zoom in", "+", () => this.zoom(1.25)),
      button("Zoom out", "−", () => this.zoom(0.8)),
      button("Show all", "⤢", () => this.cytoscape && showAll(this.cytoscape)),
    );
    const file = (name, make) =>
      button(`Download the graph as ${name}`, name, async () => download(await make(), `graph.${name.toLowerCase()}`));
    this.copied = make("span", { role: "status", class: "spert-note" });
    const exports = make(
      "div",
      { class: "spert-graph-exports" },
      file("PNG", () => graphPng(this.cytoscape, this.background)),
      file("SVG", () => graphSvg(this.cytoscape, this.background)),
      file("JSON", () => graphJson(this.wanted)),
      button("Copy the graph as an image", "Copy", () => this.copy()),
      this.copied,
    );
    this.note = make("p", { class: "spert-note" });
    this.container = container;
    container.append(this.canvas, buttons, this.note, exports);
    this.ready = this.start(highlight);
    highlight.onChange((relations) => this.light(relations));
    const restyle = new MutationObserver(() => this.paint());
    restyle.observe(document.body, { attributes: true, attributeFilter: ["class"] });
  }

  /** Load the library only now, so that the text is shown without waiting for it. */
  async start(highlight) {
    const { default: cytoscape } = await import("./vendor/cytoscape.esm.min.mjs");
    this.cytoscape = cytoscape({
      container: this.canvas,
      minZoom: 0.2,
      maxZoom: 3,
      // Until it is clicked, scrolling over the graph scrolls the page.
      userZoomingEnabled: false,
    });
    this.cytoscape.on("tapstart", () => this.cytoscape.userZoomingEnabled(true));
    this.canvas.addEventListener("pointerleave", () => this.cytoscape.userZoomingEnabled(false));
    this.cytoscape.on("mouseover", "edge", (event) => highlight.light({ relations: event.target.data("relations") }));
    this.cytoscape.on("mouseout", "edge", () => highlight.light(null));
    new ResizeObserver(() => showAll(this.cytoscape.resize())).observe(this.canvas);
  }

  /**
   * @param {{entities: object[], relations: object[]}} selection
   * @param {object} hues of `typeHues`.
   */
  async show(selection, hues) {
    const { nodes, edges, found } = mergeByText(selection);
    this.container.classList.toggle("spert-graph-empty", !nodes.length);
    this.note.textContent = nodes.length ? describeMissing({ nodes, edges }, found) : "No entities with these settings.";
    this.canvas.setAttribute(
      "aria-label",
      `Knowledge graph: ${nodes.length} entities, ${edges.length} relations; ${this.elsewhere}`,
    );
    this.wanted = { nodes, edges, hues };
    this.copied.textContent = "";
    await this.ready;
    if (this.wanted.nodes !== nodes) return; // superseded by a newer selection
    this.replaceElements(nodes, edges);
  }

  /** Keep the positions of remaining nodes, so that the graph stays stable while a slider moves. */
  replaceElements(nodes, edges) {
    const graph = this.cytoscape;
    const wanted = new Map([...nodes, ...edges].map((data) => [data.id, data]));
    graph.batch(() => {
      graph.elements().filter((element) => !wanted.has(element.id())).remove();
      for (const [id, data] of wanted) {
        const known = graph.getElementById(id);
        if (known.length) known.data(data);
      }
    });
    const isNew = (data) => !graph.getElementById(data.id).length;
    const newNodes = nodes.filter(isNew);
    graph.add([
      ...newNodes.map((data, index) => ({ data, position: spiral(index) })),
      ...edges.filter(isNew).map((data) => ({ data })),
    ]);
    this.paint(); // before the layout, which must know how large the nodes are
    if (!newNodes.length) return;
    this.canvas.style.minHeight = `${panelHeight(nodes.length)}px`;
    graph.resize(); // to the panel's new height
    layOut(graph);
  }

  paint() {
    if (!this.cytoscape || !this.wanted) return;
    const { hues } = this.wanted;
    const style = getComputedStyle(this.canvas);
    const colour = (part, hue) =>
      asRgb(`oklch(${style.getPropertyValue(`--spert-${part}-l`)} ${style.getPropertyValue(`--spert-${part}-c`)} ${hue})`);
    const plain = (name) => asRgb(style.getPropertyValue(name));
    const nodeHue = (node) => hues.entity.get(node.data("type"));
    const edgeHue = (edge) => hues.relation.get(edge.data("type"));
    this.cytoscape.style([
      {
        selector: "node",
        style: {
          shape: "round-rectangle",
          width: (node) => Math.max(...nodeLines(node).map((line) => textWidth(line, FONT))) + 20,
          height: 40,
          label: (node) => nodeLines(node).join("\n"),
          "text-wrap": "wrap",
          "text-max-width": "1000px",
          "text-valign": "center",
          "font-size": 12,
          "font-family": "sans-serif",
          "background-color": (node) => colour("tint", nodeHue(node)),
          "border-width": 1.5,
          "border-color": (node) => colour("line", nodeHue(node)),
          color: plain("--spert-text"),
        },
      },
      {
        selector: "edge",
        style: {
          label: (edge) => visible(edge.data("type")),
          "font-size": 11,
          "font-family": "sans-serif",
          width: 1.8,
          "curve-style": "bezier",
          "control-point-step-size": 50,
          "target-arrow-shape": "triangle",
          "line-color": (edge) => colour("line", edgeHue(edge)),
          "target-arrow-color": (edge) => colour("line", edgeHue(edge)),
          color: (edge) => colour("ink", edgeHue(edge)),
          "text-background-color": plain("--spert-background"),
          "text-background-opacity": 1,
          "text-background-padding": "2px",
        },
      },
      { selector: ".faded", style: { opacity: 0.25 } },
    ]);
  }

  light(relations) {
    if (!this.cytoscape) return;
    const lit = this.cytoscape.edges().filter((edge) => edge.data("relations").some((r) => relations.includes(r)));
    this.cytoscape.elements().removeClass("faded");
    if (lit.length) this.cytoscape.elements().difference(lit.union(lit.connectedNodes())).addClass("faded");
  }

  get background() {
    return asRgb(getComputedStyle(this.canvas).getPropertyValue("--spert-background"));
  }

  async copy() {
    const picture = graphPng(this.cytoscape, this.background);
    this.copied.textContent = await copy((clipboard) => clipboard.write([new ClipboardItem({ "image/png": picture })]));
  }

  zoom(factor) {
    const graph = this.cytoscape;
    const middle = { x: graph?.width() / 2, y: graph?.height() / 2 };
    graph?.zoom({ level: graph.zoom() * factor, renderedPosition: middle });
  }
}

function describeMissing({ nodes, edges }, found) {
  const missing = [];
  if (nodes.length < found.nodes) missing.push(`${nodes.length} of ${found.nodes} entities`);
  if (edges.length < found.edges) missing.push(`${edges.length} of ${found.edges} relations`);
  return missing.length ? `Only the best are drawn: ${missing.join(" and ")}.` : "";
}

/** A node's label: text and type, so that colour is not the only cue. */
function nodeLines(node) {
  return [shorten(node.data("text")), visible(node.data("type"))];
}

function shorten(text) {
  const characters = [...visible(text)];
  return characters.length <= LONGEST_LABEL ? characters.join("") : `${characters.slice(0, LONGEST_LABEL - 1).join("")}…`;
}
