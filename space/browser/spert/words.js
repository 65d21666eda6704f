// Splitting of text into words, as `spert_hf/model/words.py` does. Offsets are in units of UTF-16.

import { lengthOf } from "./characters.js";
import { Graphemes } from "./graphemes.js";

/**
 * Make the splitter of a model.
 *
 * @param {import("./characters.js").Tables} tables
 * @param {{words: string, abbreviations: string[]}} reading the model's `text_reading`.
 * @param {{content: string, normalized: boolean}[]} added tokens that are not split; see `addedTokens`.
 * @param {boolean} lowers whether the tokenizer ignores case.
 * @returns {(text: string) => [number, number][]} from a text to start and end of its words, in text order.
 */
export function wordSplitter(tables, reading, added, lowers) {
  const ways = new Ways(tables);
  const makers = {
    rules: () => ways.rules(reading.abbreviations),
    "rules-v1": () => (text) => ways.byFirstRules(text),
    dictionary: () => ways.rules(reading.abbreviations, (text) => ways.byDictionary(text)),
    whitespace: () => (text) => ways.atSpaces(text),
    "whitespace-punctuation": () => ways.spacesAndPunctuation(reading.abbreviations),
    characters: () => (text) => ways.intoCharacters(text),
  };
  const split = makers[reading.words]();
  const whole = reading.words === "rules-v1" ? null : patternOfTokens(tables, added, lowers);
  return whole ? (text) => keepWhole(split(text), [...text.matchAll(whole)].map(spanOf)) : split;
}

class Ways {
  constructor(tables) {
    this.tables = tables;
    this.graphemes = new Graphemes(tables);
    this.betweenSpaces = tables.expression("between_spaces", "g");
    this.longest = tables.limits.longest_word;
  }

  byFirstRules(text) {
    const unseen = /^[\p{Cc}\p{Cf}\p{Cs}]$/u;
    const ranges = [];
    for (const match of text.matchAll(this.tables.expression("words_v1", "g"))) {
      const [start, end] = spanOf(match);
      const size = lengthOf(match[0]);
      if (size > this.longest) ranges.push(...this.pieces(match[0], start));
      else if (size > 2 || !unseen.test([...match[0]][0])) ranges.push([start, end]);
    }
    return ranges;
  }

  rules(abbreviations, splitUnspaced = (text) => this.intoCharacters(text)) {
    const own = alternatives(abbreviations);
    const marker = this.tables.content.own_abbreviations;
    const pattern = own
      ? this.tables.expression("words_with_own", "g", (source) => source.replace(marker, () => `(?:${own})`))
      : this.tables.expression("words", "g");
    return (text) => {
      const ranges = [];
      for (const match of text.matchAll(pattern)) {
        const [start, end] = spanOf(match);
        const size = lengthOf(match[0]);
        const { unspaced, symbols } = match.groups;
        if (size > 1 && (unspaced !== undefined || symbols !== undefined)) {
          const within = unspaced === undefined ? this.intoCharacters(match[0]) : splitUnspaced(match[0]);
          ranges.push(...within.map(([first, last]) => [start + first, start + last]));
        } else if (size > this.longest) {
          ranges.push(...this.pieces(match[0], start));
        } else {
          ranges.push([start, end]);
        }
      }
      return ranges;
    };
  }

  pieces(text, start) {
    const characters = [...text];
    const pieces = [];
    for (let first = 0; first < characters.length; first += this.longest) {
      const { length } = characters.slice(first, first + this.longest).join("");
      pieces.push([start, start + length]);
      start += length;
    }
    return pieces;
  }

  intoCharacters(text) {
    return this.trimmed(text, this.graphemes.split(text));
  }

  byDictionary(text) {
    this.segmenter ??= new Intl.Segmenter("en", { granularity: "word" });
    const segments = [...this.segmenter.segment(text)];
    return this.trimmed(text, segments.map(({ index, segment }) => [index, index + segment.length]));
  }

  atSpaces(text) {
    return [...text.matchAll(this.betweenSpaces)].map(spanOf);
  }

  spacesAndPunctuation(abbreviations) {
    const { titles, companies, months, states } = this.tables.content.abbreviations;
    const punctuation = new Punctuation(this, [...titles, ...companies, ...months, ...states, ...abbreviations]);
    return (text) => {
      const ranges = [];
      for (const match of text.matchAll(this.betweenSpaces)) {
        if (this.tables.are("alphanumeric", match[0])) ranges.push(spanOf(match));
        else ranges.push(...punctuation.setApart(match[0]).map((one) => one.map((place) => match.index + place)));
      }
      return ranges;
    };
  }

  trimmed(text, ranges) {
    const isSpace = (place) => this.tables.are("space", text[place]); // no space needs two units
    const trimmed = [];
    for (let [start, end] of ranges) {
      while (start < end && isSpace(start)) start += 1;
      while (start < end && isSpace(end - 1)) end -= 1;
      if (start < end) trimmed.push([start, end]);
    }
    return trimmed;
  }
}

const PARTNERS = { ")": "(", "]": "[", "}": "{", "⟩": "⟨" };
const OPENING = new Set(Object.values(PARTNERS));

/** Sets punctuation apart from words, in text without spaces. */
class Punctuation {
  constructor(ways, known) {
    this.ways = ways;
    this.tables = ways.tables;
    this.known = new Set(known);
    this.initials = new RegExp(`^(?:${this.tables.expression("initials").source})$`, "u");
    this.clitic = this.tables.expression("clitic", "g");
  }

  /** Start and end of the words in a chunk. Places within are numbers of characters, turned to units at the end. */
  setApart(chunk) {
    const characters = [...chunk];
    const units = [0];
    for (const character of characters) units.push(units.at(-1) + character.length);
    return this.#places(chunk, characters, units).map(([start, end]) => [units[start], units[end]]);
  }

  #places(chunk, characters, units) {
    const count = characters.length;
    const isLetter = characters.map((one) => this.tables.are("alphanumeric", one));
    const isPunctuation = (place) => !isLetter[place] && !this.tables.are("mark_or_other", characters[place]);
    const keepsPoint = (start, end) => this.#keepsPoint(chunk, characters, units, start, end);
    if (count > 1 && isLetter.indexOf(false) === count - 1) {
      const apart = isPunctuation(count - 1) && !keepsPoint(0, count);
      return apart ? [[0, count - 1], [count - 1, count]] : [[0, count]];
    }
    const first = isLetter.indexOf(true);
    if (first < 0) return this.#clusters(chunk, units, 0, count);
    const within = bracketsWithin(characters, first, isLetter.lastIndexOf(true));
    let start = 0;
    let end = count;
    while (!within.has(start) && isPunctuation(start)) start += 1;
    while (!within.has(end - 1) && isPunctuation(end - 1) && !keepsPoint(start, end)) end -= 1;
    const clitic = end - start <= this.ways.longest ? this.#clitic(chunk, units, start, end) : null;
    const inner = clitic !== null && clitic > start ? [[start, clitic], [clitic, end]] : [[start, end]];
    return [...this.#clusters(chunk, units, 0, start), ...inner, ...this.#clusters(chunk, units, end, count)];
  }

  #clitic(chunk, units, start, end) {
    this.clitic.lastIndex = units[start];
    const match = this.clitic.exec(chunk.slice(0, units[end]));
    return match && units.indexOf(match.index);
  }

  #keepsPoint(chunk, characters, units, start, end) {
    if (characters[end - 1] !== "." || end - start > this.ways.longest) return false;
    const word = chunk.slice(units[start], units[end - 1]);
    return this.known.has(word) || this.initials.test(word);
  }

  #clusters(chunk, units, start, end) {
    const clusters = this.ways.intoCharacters(chunk.slice(units[start], units[end]));
    const place = new Map(units.slice(start, end + 1).map((unit, index) => [unit - units[start], start + index]));
    return clusters.map(([first, last]) => [place.get(first), place.get(last)]);
  }
}

/** The brackets that belong to a word, which goes on behind or before their partners. */
function bracketsWithin(characters, first, last) {
  const within = new Set();
  const opened = [];
  characters.forEach((character, place) => {
    if (OPENING.has(character)) {
      opened.push(place);
    } else if (opened.length && PARTNERS[character] === characters[opened.at(-1)]) {
      const partner = opened.pop();
      if (place < last) within.add(partner);
      if (partner > first) within.add(place);
    }
  });
  return within;
}

/** Tokens that were added to a tokenizer and are never split, unless they are special. */
export function addedTokens(tables, tokenizer, special) {
  const own = new Set(Object.values(special));
  return (tokenizer.added_tokens ?? []).filter(({ content }) => content.trim() && !own.has(content));
}

function patternOfTokens(tables, tokens, lowers) {
  if (!tokens.length) return null;
  const letter = tables.classOf("alphanumeric");
  const patterns = tokens
    .toSorted((a, b) => lengthOf(b.content) - lengthOf(a.content))
    .map((token) => {
      const content = token.content.trim();
      const characters = [...content];
      const before = tables.are("alphanumeric", characters[0]) ? `(?<!${letter})` : "";
      const after = tables.are("alphanumeric", characters.at(-1)) ? `(?!${letter})` : "";
      const source = token.normalized && lowers ? inBothCases(characters) : escaped(content);
      return `${before}${source}${after}`;
    });
  return new RegExp(patterns.join("|"), "gu");
}

function inBothCases(characters) {
  return characters
    .map((one) => `(?:${[...new Set([one, one.toLowerCase(), one.toUpperCase()])].map(escaped).join("|")})`)
    .join("");
}

function alternatives(words) {
  return words.toSorted((a, b) => lengthOf(b) - lengthOf(a)).map(escaped).join("|");
}

function escaped(text) {
  return text.replace(/[\^$\\.*+?()[\]{}|/]/g, "\\$&");
}

/** Make each token part of a single word: words that overlap it are cut at its borders. */
function keepWhole(ranges, tokens) {
  const waiting = ranges.toReversed();
  const kept = [];
  for (const [start, end] of tokens) {
    while (waiting.length && waiting.at(-1)[1] <= start) kept.push(waiting.pop());
    if (waiting.length && waiting.at(-1)[0] <= start && end <= waiting.at(-1)[1]) continue;
    if (waiting.length && waiting.at(-1)[0] < start) kept.push([waiting.at(-1)[0], start]);
    let last = end;
    while (waiting.length && waiting.at(-1)[0] < end) last = waiting.pop()[1];
    if (last > end) waiting.push([end, last]);
    kept.push([start, end]);
  }
  return [...kept, ...waiting.reverse()];
}

function spanOf(match) {
  return [match.index, match.index + match[0].length];
}
