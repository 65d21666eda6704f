// How entities, relations and names look, in the colours that the style sheet has for the theme.

import { asRgb } from "./colours.js";
import { FONT } from "./labels.js";

const VEIL = { size: 1e6, strength: 0.8 }; // what lies over all that is not chosen
const HEIGHT = { name: 1, veil: 2, lit: 3, litNode: 4 };

/**
 * @param {HTMLElement} panel
 * @param {object} hues of `typeHues`.
 * @returns {object[]} for Cytoscape.
 */
export function networkStyle(panel, hues) {
  const style = getComputedStyle(panel);
  const part = (name) => style.getPropertyValue(`--spert-${name}`);
  const named = (name) => asRgb(part(name));
  const ofHue = (name, hue) => asRgb(`oklch(${part(`${name}-l`)} ${part(`${name}-c`)} ${hue})`);
  const halo = { "text-outline-color": named("background"), "text-outline-opacity": 0.9, "font-family": FONT };
  return [...entityStyles(named, halo), ...relationStyles(halo), ...typeStyles(hues, ofHue), ...nameStyles(), ...chosenStyles(named)];
}

function entityStyles(named, halo) {
  const drawn = { width: "data(dot)", height: "data(dot)", "border-width": 2, "border-color": named("background") };
  return [{ selector: ".entity", style: { ...drawn, color: named("text"), ...halo } }];
}

function relationStyles(halo) {
  const line = { width: "data(width)", "curve-style": "bezier", "control-point-step-size": 28, "line-opacity": 0.7 };
  return [
    { selector: "edge", style: { ...line, "arrow-scale": 0.85, "text-rotation": "autorotate", ...halo } },
    { selector: ".directed", style: { "target-arrow-shape": "triangle" } },
    { selector: ".plain", style: { "curve-style": "straight", "line-opacity": 0.4 } },
  ];
}

function typeStyles(hues, ofHue) {
  const entities = [...hues.entity.values()].map((hue, index) => ({
    selector: `.type-${index}`,
    style: { "background-color": ofHue("line", hue) },
  }));
  const relations = [...hues.relation.values()].map((hue, index) => ({
    selector: `.relation-${index}`,
    style: { "line-color": ofHue("line", hue), "target-arrow-color": ofHue("line", hue), color: ofHue("ink", hue) },
  }));
  return [...entities, ...relations];
}

/** Names stand below an entity, or on the side that `chooseNames` has chosen. */
function nameStyles() {
  const aside = { "text-valign": "center", "text-margin-y": 0 };
  return [
    { selector: ".named", style: { label: "data(name)", "z-index": HEIGHT.name } },
    { selector: "node", style: { "text-valign": "bottom", "text-margin-y": 3 } },
    { selector: "node.above", style: { "text-valign": "top", "text-margin-y": -3 } },
    { selector: "node.right", style: { ...aside, "text-halign": "right", "text-margin-x": 4 } },
    { selector: "node.left", style: { ...aside, "text-halign": "left", "text-margin-x": -4 } },
  ];
}

/** A veil lies over all that is not lit: to fade thousands of elements one by one would take a second. */
function chosenStyles(named) {
  const veil = { shape: "rectangle", width: VEIL.size, height: VEIL.size, events: "no", "z-index": HEIGHT.veil };
  const shade = { "background-color": named("background"), "background-opacity": VEIL.strength };
  return [
    { selector: "node, edge", style: { "z-index-compare": "manual" } },
    { selector: ".veil", style: { display: "none", ...veil, ...shade } },
    { selector: ".veil.drawn", style: { display: "element" } },
    { selector: ".lit", style: { "z-index": HEIGHT.lit, "line-opacity": 0.9 } },
    { selector: "node.lit", style: { "z-index": HEIGHT.litNode } },
    { selector: "edge.chosen", style: { "line-opacity": 1, width: 4 } },
    { selector: "node.chosen", style: { "border-color": named("focus"), "border-width": 4 } },
  ];
}
