// The text with its entities marked in place and its relations as arcs above the lines.
//
// The browser breaks the lines. The positions of the mentions are then measured, each line gets the space that its arcs
// and labels need, and these are drawn on top.

import { arcPath, arrowPath, layOutArcs } from "./arcs.js";
import { make, makeSvg, textWidth, visible } from "./dom.js";
import { assignLanes } from "./lanes.js";
import { segments } from "./segments.js";
import { bestByType } from "./shares.js";

const ARC_LANE = 22; // pixels
const ARC_BASE = 14;
const LABEL_LANE = 17;
const LABEL_GAP = 3; // less than a space, so that neighbours stay on one lane
const MOST_ARCS = 80; // more would be illegible; the table lists more

export class AnnotatedText {
  /**
   * @param {HTMLElement} container
   * @param {import("./highlight.js").Highlight} highlight
   */
  constructor(container, highlight) {
    this.flow = make("div", { class: "spert-flow", dir: "auto" });
    this.overlay = makeSvg("svg", { class: "spert-overlay", "aria-hidden": "true" });
    container.append(this.flow, this.overlay);
    this.highlight = highlight;
    this.shown = null;
    this.textWidth = (text) => textWidth(text, getComputedStyle(this.overlay).font);
    new ResizeObserver(() => this.layOut()).observe(container);
  }

  /**
   * @param {string} text
   * @param {{entities: object[], relations: object[]}} selection
   * @param {object} hues of `typeHues`.
   * @returns {number} how many relations have no arc because there are too many.
   */
  show(text, selection, hues) {
    const drawn = bestByType(selection.relations, MOST_ARCS);
    const relations = drawn.map((index) => ({ ...selection.relations[index], index }));
    this.shown = { segments: segments(text, selection.entities), entities: selection.entities, relations, hues };
    this.write();
    this.layOut();
    return selection.relations.length - relations.length;
  }

  /** Write the text to the page, with each entity's type after it for screen readers. */
  write() {
    const { segments, entities, hues } = this.shown;
    const nodes = [];
    this.nodes = segments.map((segment, index) => {
      if (segment.mayBreakBefore) nodes.push(document.createElement("wbr"));
      const innermost = segment.entities.reduce(
        (best, entity) => (best === null || length(entities[entity]) < length(entities[best]) ? entity : best),
        null,
      );
      const node = make("span", { class: segment.space ? "spert-space" : "spert-word" }, visible(segment.text));
      if (innermost !== null) {
        node.classList.add("spert-mention");
        node.style.setProperty("--hue", hues.entity.get(entities[innermost].type));
        node.dataset.entities = segment.entities.join(" ");
        this.highlight.listen(node, { entities: segment.entities });
      }
      nodes.push(node);
      const next = segments[index + 1];
      for (const entity of segment.entities) {
        if (!next?.entities.includes(entity)) {
          nodes.push(make("span", { class: "spert-spoken" }, ` (${visible(entities[entity].type)})`));
        }
      }
      return node;
    });
    this.flow.replaceChildren(...nodes);
  }

  /** Measure the lines, make space in them, and draw. */
  layOut() {
    const width = this.flow.clientWidth;
    if (!this.shown || !width) return;
    for (const node of this.nodes) node.classList.remove("spert-line-start", "spert-line-end");
    const lines = this.measureLines();
    const pieces = this.piecesByEntity(lines);
    const labels = this.layOutLabels(pieces, width);
    const arcs = layOutArcs(this.shown.relations, pieces, {
      width,
      rightToLeft: getComputedStyle(this.flow).direction === "rtl",
      labelWidth: (type) => this.textWidth(visible(type)),
    });
    makeRoom(lines, arcs, labels);
    this.draw(lines, arcs, labels, width);
  }

  measureLines() {
    const origin = this.flow.getBoundingClientRect();
    const lines = [];
    this.shown.segments.forEach((segment, index) => {
      if (segment.space) return;
      const node = this.nodes[index];
      const box = node.getBoundingClientRect();
      const last = lines.at(-1);
      const line = last && box.top < last.box.bottom - 2 ? last : { first: node, box, words: [] };
      if (line !== last) {
        lines.push(line);
        this.nodes[index - 1]?.classList.toggle("spert-line-end", this.shown.segments[index - 1].space);
      }
      line.words.push({ index, left: box.left - origin.left, right: box.right - origin.left });
    });
    return lines;
  }

  piecesByEntity(lines) {
    const pieces = this.shown.entities.map(() => []);
    lines.forEach((line, number) => {
      for (const { index, left, right } of line.words) {
        for (const entity of this.shown.segments[index].entities) {
          const last = pieces[entity].at(-1);
          if (last?.line === number) {
            last.left = Math.min(last.left, left);
            last.right = Math.max(last.right, right);
          } else {
            pieces[entity].push({ entity, line: number, left, right, first: !last });
          }
        }
      }
    });
    return pieces;
  }

  /** Bars with type names under the mentions; where a mention continues on a new line, the bar has no name. */
  layOutLabels(pieces, width) {
    const labels = pieces.flat().map((piece) => {
      const name = piece.first ? visible(this.shown.entities[piece.entity].type) : "";
      const start = Math.max(0, Math.min(piece.left, width - this.textWidth(name)));
      return { ...piece, name, start };
    });
    for (const onLine of Map.groupBy(labels, (label) => label.line).values()) {
      const extents = onLine.map((label) => ({
        left: Math.min(label.left, label.start),
        right: Math.max(label.right, label.start + this.textWidth(label.name)),
      }));
      const lanes = assignLanes(extents, LABEL_GAP);
      onLine.forEach((label, number) => (label.lane = lanes[number]));
    }
    return labels;
  }

  draw(lines, arcs, labels, width) {
    const origin = this.flow.getBoundingClientRect();
    const boxes = lines.map((line) => {
      const box = line.first.getBoundingClientRect();
      return { top: box.top - origin.top, bottom: box.bottom - origin.top };
    });
    this.overlay.setAttribute("width", width);
    this.overlay.setAttribute("height", origin.height);
    const marks = labels.map((label) => this.drawLabel(label, boxes[label.line].bottom));
    const drawn = arcs.map((arc) => this.drawArc(arc, boxes[arc.line].top));
    // Arc labels come last, so that arcs are drawn behind them.
    this.overlay.replaceChildren(...marks, ...drawn.map((arc) => arc.line), ...drawn.map((arc) => arc.label));
  }

  drawLabel(label, bottom) {
    const top = bottom + 2 + label.lane * LABEL_LANE;
    const bar = makeSvg("rect", { x: label.left, y: top, width: label.right - label.left, height: 3, rx: 1.5 });
    const name = makeSvg("text", { x: label.start, y: top + 13 }, label.name);
    const group = makeSvg("g", { class: "spert-type", "data-entities": label.entity }, bar, name);
    group.style.setProperty("--hue", this.shown.hues.entity.get(this.shown.entities[label.entity].type));
    return group;
  }

  drawArc(arc, base) {
    const relation = this.shown.relations[arc.relation];
    const top = base - ARC_BASE - arc.lane * ARC_LANE;
    const path = arcPath(arc, base - 1, top);
    const name = visible(relation.type);
    const labelWidth = this.textWidth(name) + 8;
    const line = makeSvg(
      "g",
      { class: "spert-arc", "data-relation": relation.index },
      makeSvg("path", { class: "spert-arc-line", d: path }),
      makeSvg("path", { class: "spert-arc-head", d: arrowPath(arc, base - 1, top) }),
      makeSvg("path", { class: "spert-arc-touch", d: path }),
    );
    const label = makeSvg(
      "g",
      { class: "spert-arc spert-arc-label", "data-relation": relation.index },
      makeSvg("rect", { x: arc.label - labelWidth / 2, y: top - 8, width: labelWidth, height: 16, rx: 4 }),
      makeSvg("text", { x: arc.label, y: top + 4, "text-anchor": "middle" }, name),
    );
    for (const group of [line, label]) {
      group.style.setProperty("--hue", this.shown.hues.relation.get(relation.type));
      this.highlight.listen(group, { relations: [relation.index] });
    }
    return { line, label };
  }
}

/** Make each line high enough for the lanes above and below it. */
function makeRoom(lines, arcs, labels) {
  const lanes = (items, line) => Math.max(0, ...items.filter((item) => item.line === line).map((item) => item.lane + 1));
  lines.forEach((line, number) => {
    const arcLanes = lanes(arcs, number);
    const above = arcLanes ? ARC_BASE + arcLanes * ARC_LANE - 8 : 0;
    const below = lanes(labels, number) * LABEL_LANE + 4;
    line.first.classList.add("spert-line-start");
    line.first.style.setProperty("--above", `${above}px`);
    line.first.style.setProperty("--below", `${below}px`);
  });
}

function length(entity) {
  return entity.end - entity.start;
}
