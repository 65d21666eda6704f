// Elements whose content is always text: nothing from a model or a visitor is ever parsed as HTML.

const SVG = "http://www.w3.org/2000/svg";

/** Make an HTML element with attributes (`true`: without a value; `false` or `null`: omitted) and children. */
export function make(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** Make an SVG element, as `make` does. */
export function makeSvg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false && value !== null) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children); // strings become text nodes
  return element;
}

/** Replace invisible characters by visible ones, including those that reorder text, as the package's HTML report does. */
export function visible(text) {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufeff]/g, (character) => {
    const code = character.codePointAt(0);
    return code < 0x20 ? String.fromCodePoint(0x2400 + code) : `⟨U+${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
  });
}

const measuring = document.createElement("canvas").getContext("2d");

/** The width of a text in pixels, in a font given in CSS notation. */
export function textWidth(text, font) {
  measuring.font = font;
  return measuring.measureText(text).width;
}
