// Reading of text as a model's `text_reading` says: words, and the sequences of words that are encoded by themselves.

import { Sentences, firstRules, sentenceRules } from "./sentences.js";
import { addedTokens, wordSplitter } from "./words.js";

/** Splits text as a model does; see `TextReader` in Python. */
export class TextReader {
  /**
   * @param {import("./characters.js").Tables} tables
   * @param {object} reading the model's `text_reading`.
   * @param {object} tokenizer the content of `tokenizer.json`.
   * @param {object} special the special tokens, by their name.
   * @param {boolean} lowers whether the tokenizer ignores case.
   */
  constructor(tables, reading, tokenizer, special, lowers) {
    checkReading("words", reading.words, tables.content.words);
    checkReading("sequences", reading.sequences, tables.content.sequences);
    this.splitWords = wordSplitter(tables, reading, addedTokens(tables, tokenizer, special), lowers);
    this.splitSequences = {
      sentences: () => bySentences(tables, sentenceRules(tables, reading.languages, reading.abbreviations)),
      "sentences-v1": () => bySentences(tables, firstRules(tables)),
      lines: () => byLines(tables),
      document: () => (text, starts) => cut(starts, []),
    }[reading.sequences]();
  }

  /**
   * @param {string} text
   * @returns {{words: [number, number][], sequences: [number, number][]}} start and end of each word, in units of
   *   UTF-16, and the ranges of words that are sequences.
   */
  read(text) {
    const words = this.splitWords(text);
    const starts = words.map(([start]) => start);
    return { words, sequences: this.splitSequences(text, starts) };
  }
}

function checkReading(name, given, allowed) {
  if (allowed.includes(given)) return;
  throw new Error(`text_reading.${name} must be one of ${allowed.join(", ")} in a browser, got '${given}'`);
}

function bySentences(tables, rules) {
  const sentences = new Sentences(tables, rules);
  return (text, starts) => {
    const firsts = firstWords(starts, [0, ...sentences.boundaries(text)]);
    const behind = firsts.map((first) => sentences.behindSource(text, starts[first]));
    return pairs([...firsts, ...firstWords(starts, behind), starts.length]);
  };
}

function byLines(tables) {
  const lineEnd = tables.expression("line_end", "g");
  return (text, starts) => cut(starts, [...text.matchAll(lineEnd)].map((match) => match.index + match[0].length));
}

function cut(starts, boundaries) {
  return pairs([...firstWords(starts, [0, ...boundaries]), starts.length]);
}

/** The first word from each place on, where there is one. */
function firstWords(starts, places) {
  return places.map((place) => bisectLeft(starts, place)).filter((word) => word < starts.length);
}

function pairs(borders) {
  const sorted = [...new Set(borders)].sort((a, b) => a - b);
  return sorted.slice(1).map((border, index) => [sorted[index], border]);
}

/** The first index whose value is at least the given one, in sorted values. */
export function bisectLeft(values, wanted, low = 0, high = values.length) {
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
