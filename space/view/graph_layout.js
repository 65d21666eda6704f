// The layout of a graph, so that it fills its panel and its labels are legible.

const EDGE_LAYOUT = {
  name: "cose",
  animate: false,
  randomize: false, // from the places below, so that the same text has the same graph
  nodeDimensionsIncludeLabels: true,
  // Tried on the demo's examples: no nodes overlap, and edges are about equally long.
  idealEdgeLength: () => 100,
  edgeElasticity: () => 64,
  nodeRepulsion: () => 16000,
  nodeOverlap: 8,
  padding: 20,
};
const MARGIN = 16; // pixels around the graph
const LARGEST_ZOOM = 1.3; // without user interaction; beyond that, a few nodes would look too large
const SMALLEST_ZOOM = 0.8; // target; smaller if the nodes need more space
const ROOM = { width: 170, height: 110 }; // of a node with its edges
const GAP = { x: 24, y: 20 }; // between nodes
const ARROW = 26; // beside a label, or above and below it
const LABEL = { letter: 6.5, height: 16 }; // approximate size of a letter in an edge's label
const MOST_PUSHES = 200;

/** The height of a graph's panel in pixels. */
export function panelHeight(nodeCount) {
  return Math.round(Math.min(640, Math.max(320, 90 * Math.sqrt(nodeCount) + 100)));
}

/** Evenly spread, deterministic initial positions. */
export function spiral(index) {
  const radius = 60 * Math.sqrt(index + 1);
  const angle = index * 2.4; // radians; no two in one direction
  return { x: radius * Math.cos(angle), y: radius * Math.sin(angle) };
}

/** Lay out all nodes of a Cytoscape graph and fit it to the panel. */
export function layOut(graph) {
  graph.layout(EDGE_LAYOUT).run();
  const panel = { width: graph.width() - 2 * MARGIN, height: graph.height() - 2 * MARGIN };
  const boxes = graph.nodes().map((node) => ({ ...node.position(), width: node.outerWidth(), height: node.outerHeight() }));
  if (panel.width > 0 && panel.height > 0) {
    fillPanel(boxes, panel);
    pushApart(boxes, labelsBetween(graph));
  }
  graph.nodes().positions((node, index) => ({ x: boxes[index].x, y: boxes[index].y }));
  showAll(graph);
}

/** Zoom so that a graph fills its panel. */
export function showAll(graph) {
  graph.fit(undefined, MARGIN);
  if (graph.zoom() > LARGEST_ZOOM) {
    graph.zoom(LARGEST_ZOOM);
    graph.center();
  }
}

/** Rotate and stretch the layout to the shape of the panel, filling it where nodes have enough space. */
function fillPanel(boxes, panel) {
  const size = (low, high) => Math.max(...boxes.map(high)) - Math.min(...boxes.map(low));
  const across = size((box) => box.x, (box) => box.x);
  const down = size((box) => box.y, (box) => box.y);
  if (across > down !== panel.width > panel.height) {
    for (const box of boxes) [box.x, box.y] = [box.y, box.x];
  }
  const wanted = Math.sqrt((panel.width * panel.height) / (boxes.length * ROOM.width * ROOM.height));
  const zoom = Math.min(LARGEST_ZOOM, Math.max(SMALLEST_ZOOM, wanted));
  for (const [axis, extent] of [["x", "width"], ["y", "height"]]) {
    const low = Math.min(...boxes.map((box) => box[axis]));
    const span = Math.max(...boxes.map((box) => box[axis])) - low;
    const room = panel[extent] / zoom - Math.max(...boxes.map((box) => box[extent]));
    for (const box of boxes) box[axis] = span ? ((box[axis] - low) / span) * Math.max(room, 1) : 0;
  }
}

/** For the indices of two nodes, the space that the label of an edge between them needs. */
function labelsBetween(graph) {
  const number = new Map(graph.nodes().map((node, index) => [node.id(), index]));
  const longest = new Map();
  for (const edge of graph.edges()) {
    const ends = [edge.source(), edge.target()].map((node) => number.get(node.id())).sort((a, b) => b - a);
    longest.set(`${ends}`, Math.max(longest.get(`${ends}`) ?? 0, edge.style("label").length));
  }
  return (later, earlier) => {
    const letters = longest.get(`${[later, earlier]}`);
    return letters ? { x: letters * LABEL.letter + ARROW, y: LABEL.height + ARROW } : GAP;
  };
}

/** Move nodes apart that are too close, each pair along the axis with the shorter distance to move. */
function pushApart(boxes, gapBetween) {
  const gaps = boxes.map((_, number) => boxes.slice(0, number).map((_, earlier) => gapBetween(number, earlier)));
  for (let push = 0; push < MOST_PUSHES; push += 1) {
    let moved = false;
    boxes.forEach((box, number) => {
      for (let earlier = 0; earlier < number; earlier += 1) {
        const other = boxes[earlier];
        const gap = gaps[number][earlier];
        const x = (box.width + other.width) / 2 + gap.x - Math.abs(box.x - other.x);
        const y = (box.height + other.height) / 2 + gap.y - Math.abs(box.y - other.y);
        if (x <= 0.5 || y <= 0.5) continue;
        const [axis, missing] = x < y ? ["x", x] : ["y", y];
        const half = ((box[axis] >= other[axis] ? 1 : -1) * missing) / 2;
        box[axis] += half;
        other[axis] -= half;
        moved = true;
      }
    });
    if (!moved) return;
  }
}
