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

/** A whole Cytoscape graph as a PNG image, as a Blob. */
export function graphPng(graph, background) {
  return graph.png({ output: "blob-promise", full: true, scale: PIXELS, bg: background });
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

/** A whole Cytoscape graph as an SVG image, as a Blob. */
export function graphSvg(graph, background) {
  const box = graph.elements().boundingBox();
  const [width, height] = [box.w + 2 * PADDING, box.h + 2 * PADDING];
  const [left, top] = [box.x1 - PADDING, box.y1 - PADDING];
  const drawing = makeSvg(
    "svg",
    { width, height, viewBox: `${left} ${top} ${width} ${height}`, "font-family": "sans-serif", "text-anchor": "middle" },
    makeSvg("rect", { x: left, y: top, width, height, fill: background }),
    ...graph.edges().map(drawLine),
    ...graph.edges().map((edge) => drawEdgeLabel(edge, background)),
    ...graph.nodes().map(drawNode),
  );
  return new Blob([new XMLSerializer().serializeToString(drawing)], { type: "image/svg+xml" });
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
  return makeSvg(
    "g",
    {},
    makeSvg("path", {
      d: `M ${point(start)} ${parts.join(" ") || `L ${point(end)}`}`,
      fill: "none",
      stroke: colour,
      "stroke-width": edge.numericStyle("width"),
    }),
    makeSvg("path", {
      d: `M 0 0 L ${-ARROW.length} ${-ARROW.half} L ${-ARROW.length} ${ARROW.half} Z`,
      transform: `translate(${point(end)}) rotate(${angle})`,
      fill: colour,
    }),
  );
}

function drawEdgeLabel(edge, background) {
  const middle = edge.midpoint();
  const size = edge.numericStyle("font-size");
  return makeSvg(
    "text",
    {
      x: middle.x,
      y: middle.y + size / 3,
      fill: edge.style("color"),
      "font-size": size,
      stroke: background,
      "stroke-width": 4,
      "paint-order": "stroke",
    },
    edge.style("label"),
  );
}

function drawNode(node) {
  const { x, y } = node.position();
  const [width, height] = [node.width(), node.height()];
  const lines = node.style("label").split("\n");
  const first = y - ((lines.length - 1) * LINE) / 2 + node.numericStyle("font-size") / 3;
  return makeSvg(
    "g",
    {},
    makeSvg("rect", {
      x: x - width / 2,
      y: y - height / 2,
      width,
      height,
      rx: 6,
      fill: node.style("background-color"),
      stroke: node.style("border-color"),
      "stroke-width": node.numericStyle("border-width"),
    }),
    ...lines.map((line, number) =>
      makeSvg(
        "text",
        { x, y: first + number * LINE, fill: node.style("color"), "font-size": node.numericStyle("font-size") },
        line,
      ),
    ),
  );
}

function point({ x, y }) {
  return `${x} ${y}`;
}
