// Characters and expressions, by the tables that are made from the rules in Python.

/** Tables, ready for use; see `spert_hf/hub/browser/tables.py`. */
export class Tables {
  /** @param {object} content of `tables.json`. */
  constructor(content) {
    this.content = content;
    this.limits = content.limits;
    this.expressions = new Map();
  }

  /**
   * An expression with some flags besides `u`.
   *
   * @param {string} name
   * @param {string} flags "y" to match at a place, "g" to find all.
   * @param {(source: string) => string} change of the source.
   */
  expression(name, flags = "", change = (source) => source) {
    return new RegExp(this.#expand(change(this.content.patterns[name])), `${flags}u`);
  }

  /** Whether all characters of a text, of which there is one, are in a class. */
  are(name, text) {
    let expression = this.expressions.get(name);
    if (!expression) {
      expression = new RegExp(`^(?:${this.classOf(name)})+$`, "u");
      this.expressions.set(name, expression);
    }
    return expression.test(text);
  }

  /** The source of an expression for one character of a class. */
  classOf(name) {
    return this.#expand(this.content.characters[name]);
  }

  #expand(source) {
    return source.replace(/⟦(\d+)⟧/g, (_, index) => `[${this.content.classes[index]}]`);
  }
}

/** Where the match of a sticky expression at a place ends; the place itself if there is none. */
export function matchedEnd(expression, text, place) {
  expression.lastIndex = place;
  const match = expression.exec(text);
  return match ? place + match[0].length : place;
}

/** The character (code point) at a place; "" at the end. */
export function characterAt(text, place) {
  return place < text.length ? String.fromCodePoint(text.codePointAt(place)) : "";
}

/** The number of characters (code points) of a text. */
export function lengthOf(text) {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/** The place some characters before another, or the beginning. */
export function placeBefore(text, place, characters) {
  for (; characters > 0 && place > 0; characters -= 1) {
    place -= 1;
    if (place > 0 && isLow(text.charCodeAt(place)) && isHigh(text.charCodeAt(place - 1))) place -= 1;
  }
  return place;
}

function isHigh(unit) {
  return unit >= 0xd800 && unit < 0xdc00;
}

function isLow(unit) {
  return unit >= 0xdc00 && unit < 0xe000;
}

/** Whether a text has cased letters, all of which are in lower case, as Python's `str.islower`. */
export function isLower(tables, text) {
  let found = false;
  for (const character of text) {
    if (tables.are("upper", character) || tables.are("title", character)) return false;
    found ||= tables.are("lower", character);
  }
  return found;
}

/** A text without the spaces around it, as Python's `str.strip`. */
export function strip(tables, text) {
  const characters = [...text];
  let start = 0;
  let end = characters.length;
  while (start < end && tables.are("space", characters[start])) start += 1;
  while (end > start && tables.are("space", characters[end - 1])) end -= 1;
  return characters.slice(start, end).join("");
}

/** Unpaired surrogates replaced by question marks, which tokenizers can't encode. */
export function encodable(text) {
  return text.replace(/\p{Cs}/gu, "?");
}

/**
 * Places in units of UTF-16, which JavaScript counts, as characters (code points), which results count.
 *
 * @param {string} text
 * @returns {(place: number) => number}
 */
export function characterCounter(text) {
  if (!/[\ud800-\udbff]/.test(text)) return (place) => place;
  const counts = new Uint32Array(text.length + 1);
  let count = 0;
  for (let place = 0; place < text.length; ) {
    const size = text.codePointAt(place) > 0xffff ? 2 : 1;
    counts.fill(count, place, place + size);
    place += size;
    count += 1;
  }
  counts[text.length] = count;
  return (place) => counts[place];
}
