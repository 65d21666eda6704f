// Splits a text into segments that are never broken across lines and whose characters are all in the same entities.

import { textWidth } from "./dom.js";

const LONGEST_PIECE = 24; // graphemes; longer words may be broken, so that they fit the width of a phone
const WIDEST_PIECE = 280; // pixels
const CHUNK = 12; // characters
const FONT = "17px sans-serif"; // similar to that of the text

/**
 * @param {string} text
 * @param {object[]} entities with `start` and `end` in code points, as sent by the server.
 * @returns {{text: string, space: boolean, mayBreakBefore: boolean, entities: number[]}[]} in text order; concatenated,
 *   they are the text. `entities` are indices into the given entities.
 */
export function segments(text, entities) {
  const units = codePointOffsets(text);
  const spans = entities.map((entity) => [units[entity.start], units[entity.end]]);
  const borders = [...new Set(spans.flat())].sort((a, b) => a - b);
  const starting = groupBy(spans, 0);
  const ending = groupBy(spans, 1);
  const open = new Set();
  const found = [];
  let nextBorder = 0;
  for (const word of text.matchAll(/\n|[^\S\n]+|\S+/gu)) {
    const end = word.index + word[0].length;
    const space = word[0].trim() === "";
    let start = word.index;
    while (start < end) {
      while (nextBorder < borders.length && borders[nextBorder] <= start) {
        ending.get(borders[nextBorder])?.forEach((index) => open.delete(index));
        starting.get(borders[nextBorder])?.forEach((index) => open.add(index));
        nextBorder += 1;
      }
      const stop = Math.min(end, borders[nextBorder] ?? end);
      const chunks = space ? [text.slice(start, stop)] : cutLongWord(text.slice(start, stop));
      chunks.forEach((chunk, number) =>
        found.push({ text: chunk, space, mayBreakBefore: number > 0, entities: [...open] }),
      );
      start = stop;
    }
  }
  return found;
}

/** The offset of each code point, and of the end, in UTF-16 units. */
function codePointOffsets(text) {
  const offsets = [];
  let offset = 0;
  for (const character of text) {
    offsets.push(offset);
    offset += character.length;
  }
  offsets.push(offset);
  return offsets;
}

function groupBy(spans, end) {
  const groups = new Map();
  spans.forEach((span, index) => groups.set(span[end], [...(groups.get(span[end]) ?? []), index]));
  return groups;
}

function cutLongWord(word) {
  if (word.length <= CHUNK) return [word];
  const characters = [...new Intl.Segmenter().segment(word)].map((piece) => piece.segment);
  if (characters.length <= LONGEST_PIECE && textWidth(word, FONT) <= WIDEST_PIECE) return [word];
  const chunks = [];
  for (let first = 0; first < characters.length; first += CHUNK) {
    chunks.push(characters.slice(first, first + CHUNK).join(""));
  }
  return chunks;
}
