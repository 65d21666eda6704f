// A graph as a file or in the clipboard.

import { make, makeSvg } from "./dom.js";

const PADDING = 16;
const LINE = 14; // pixels from one line of a label to the next
const ARROW = { length: 9, half: 4.5 };
const PIXELS = 2; // of an exported image, per pixel of the page

/** Download a file. */
export function download(blob, name) {
  const address = URL.createObjectURL(blob);
  make("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000); // when the download has surely started
}

/**
 * Copy something to the clipboard.
 *
 * @returns {Promise<string>} a message for the visitor: a browser may refuse, especially inside an iframe.
 */
export async function copy(write) {
  try {
    await write(navigator.clipboard);
    return "copied";
  } catch {
    return "the browser does not allow copying from this page";
  }
}

/** A Cytoscape graph, the whole of it or what is in its panel, as a PNG image, as a Blob. */
export function graphPng(graph, background, whole = true) {
  return graph.png({ output: "blob-promise", full: whole, scale: PIXELS, bg: background });
}

/** Entities and relations of a graph, in the pipeline's output format. */
export function graphJson({ nodes, edges }) {
  const place = new Map(nodes.map(({ id }, index) => [id, index]));
  const content = {
    entities: nodes.map(({ text, type }) => ({ text, type })),
    relations: edges.map(({ type, score, source, target }) => ({
      type,
      score,
      head: place.get(source),
      tail: place.get(target),
    })),
  };
  return new Blob([JSON.stringify(content, null, 2)], { type: "application/json" });
}

/**
 * A Cytoscape graph as an SVG image, as a Blob.
 *
 * @param {object} graph
 * @param {string} background
 * @param {{left: number, top: number, width: number, height: number}} area what is drawn of it, by default all.
 */
export function graphSvg(graph, background, area = whole(graph)) {
  const { left, top, width, height } = area;
  const drawing = makeSvg(
    "svg",
    { width, height, viewBox: `${left} ${top} ${width} ${height}`, "font-family": "sans-serif", "text-anchor": "middle" },
    makeSvg("rect", { x: left, y: top, width, height, fill: background }),
    ...layersOf(graph).flatMap((layer) => drawLayer(layer, background)),
  );
  return new Blob([new XMLSerializer().serializeToString(drawing)], { type: "image/svg+xml" });
}

/** What is shown of a graph, from the lowest to the uppermost. */
function layersOf(graph) {
  const shown = graph.elements().filter((element) => element.visible());
  const heights = new Set(shown.map((element) => element.numericStyle("z-index")));
  return [...heights]
    .sort((a, b) => a - b)
    .map((height) => shown.filter((element) => element.numericStyle("z-index") === height));
}

function drawLayer(layer, background) {
  return [
    ...layer.edges().map(drawLine),
    ...layer.edges().filter((edge) => edge.style("label")).map((edge) => drawEdgeLabel(edge, background)),
    ...layer.nodes().map((node) => drawNode(node, background)),
  ];
}

function whole(graph) {
  const { x1, y1, w, h } = graph.elements().boundingBox();
  return { left: x1 - PADDING, top: y1 - PADDING, width: w + 2 * PADDING, height: h + 2 * PADDING };
}

function drawLine(edge) {
  const [start, end] = [edge.sourceEndpoint(), edge.targetEndpoint()];
  const bends = edge.controlPoints() ?? [];
  const parts = bends.map((bend, index) => {
    const next = bends[index + 1];
    return `Q ${point(bend)} ${point(next ? { x: (bend.x + next.x) / 2, y: (bend.y + next.y) / 2 } : end)}`;
  });
  const from = bends.at(-1) ?? start;
  const angle = (Math.atan2(end.y - from.y, end.x - from.x) * 180) / Math.PI;
  const colour = edge.style("line-color");
  const line = makeSvg(
    "g",
    { opacity: edge.numericStyle("opacity") * edge.numericStyle("line-opacity") },
    makeSvg("path", {
      d: `M ${point(start)} ${parts.join(" ") || `L ${point(end)}`}`,
      fill: "none",
      stroke: colour,
      "stroke-width": edge.numericStyle("width"),
    }),
  );
  if (edge.style("target-arrow-shape") !== "none") {
    const head = { d: `M 0 0 L ${-ARROW.length} ${-ARROW.half} L ${-ARROW.length} ${ARROW.half} Z`, fill: colour };
    line.append(makeSvg("path", { ...head, transform: `translate(${point(end)}) rotate(${angle})` }));
  }
  return line;
}

function drawEdgeLabel(edge, background) {
  const { x, y } = edge.midpoint();
  const size = edge.numericStyle("font-size");
  const text = drawText(edge, edge.style("label"), { x, y: y + size / 3 }, background);
  if (edge.style("text-rotation") === "autorotate") {
    const [start, end] = [edge.sourceEndpoint(), edge.targetEndpoint()];
    const angle = (Math.atan((end.y - start.y) / (end.x - start.x)) * 180) / Math.PI || 0;
    text.setAttribute("transform", `rotate(${angle} ${point({ x, y })})`);
  }
  return text;
}

/** A node with its label in it, or beside it. */
function drawNode(node, background) {
  const { x, y } = node.position();
  const [width, height] = [node.width(), node.height()];
  return makeSvg(
    "g",
    { opacity: node.numericStyle("opacity") },
    makeSvg("rect", {
      x: x - width / 2,
      y: y - height / 2,
      width,
      height,
      rx: node.style("shape") === "ellipse" ? width / 2 : 6,
      fill: node.style("background-color"),
      "fill-opacity": node.numericStyle("background-opacity"),
      stroke: node.style("border-color"),
      "stroke-width": node.numericStyle("border-width"),
    }),
    ...drawNodeLabel(node, { x, y, width, height }, background),
  );
}

function drawNodeLabel(node, { x, y, width, height }, background) {
  const label = node.style("label");
  if (!label) return [];
  const lines = label.split("\n");
  const size = node.numericStyle("font-size");
  const down = { top: -height / 2 - size / 3, bottom: height / 2 + size }[node.style("text-valign")];
  const aside = { left: -width / 2 - size / 3, right: width / 2 + size / 3 }[node.style("text-halign")] ?? 0;
  const first = y + (down ?? size / 3 - ((lines.length - 1) * LINE) / 2);
  const rim = down === undefined && !aside ? null : background;
  return lines.map((line, number) => {
    const text = drawText(node, line, { x: x + aside, y: first + number * LINE }, rim);
    if (aside) text.setAttribute("text-anchor", aside < 0 ? "end" : "start");
    return text;
  });
}

/** A line of text, with a rim that sets it off from what is behind it. */
function drawText(element, line, place, rim) {
  const size = element.numericStyle("font-size");
  const text = makeSvg("text", { ...place, fill: element.style("color"), "font-size": size }, line);
  const drawn = { stroke: rim, "stroke-width": size / 3, "paint-order": "stroke" };
  for (const [name, value] of Object.entries(rim ? drawn : {})) text.setAttribute(name, value);
  return text;
}

function point({ x, y }) {
  return `${x} ${y}`;
}
