// One hue per type. Lightness and chroma are set in the style sheet, so that every hue has enough contrast in both themes.

const FIRST_HUE = 255;
const GOLDEN_ANGLE = 137.508; // each new hue falls into the largest gap between the previous ones

/**
 * Hues, in degrees, of a model's types. They depend only on the order of the types in the model.
 *
 * @param {string[]} entityTypes
 * @param {string[]} relationTypes
 * @returns {{entity: Map<string, number>, relation: Map<string, number>}}
 */
export function typeHues(entityTypes, relationTypes) {
  const hue = (index) => (FIRST_HUE + index * GOLDEN_ANGLE) % 360;
  return {
    entity: new Map(entityTypes.map((type, index) => [type, hue(index)])),
    relation: new Map(relationTypes.map((type, index) => [type, hue(entityTypes.length + index)])),
  };
}

/** A CSS colour as `rgb(…)`, the only notation that Cytoscape supports. */
export function asRgb(colour) {
  const context = new OffscreenCanvas(1, 1).getContext("2d");
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  const [red, green, blue] = context.getImageData(0, 0, 1, 1).data;
  return `rgb(${red}, ${green}, ${blue})`;
}
