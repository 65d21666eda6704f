// Splitting of text into sentences, as `spert_hf/model/sentences.py` does. Offsets are in units of UTF-16.

import { characterAt, isLower, lengthOf, matchedEnd, placeBefore } from "./characters.js";

/** What tells the points that end sentences from those that do not: see `SentenceRules` in Python. */
export function sentenceRules(tables, languages, abbreviations) {
  const codes = [...new Set(languages)].sort();
  const known = Object.entries(tables.content.languages)
    .filter(([code]) => codes.length === 0 || codes.includes(code))
    .map(([, language]) => language);
  const all = (name) => new Set(known.flatMap((language) => language[name]));
  const inNames = new Set(tables.content.abbreviations.in_names);
  const shortWords = all("short_words");
  const companies = all("companies");
  let neverLast = withCapitals(all("never_last"));
  let starters = all("starters");
  if (!codes.length) {
    neverLast = new Set([...neverLast].filter((word) => lengthOf(word) > 1 && !shortWords.has(word)));
    starters = new Set([...starters].filter((word) => !inNames.has(word)));
  }
  const beforeNumbers = withCapitals(all("before_numbers"));
  const abbreviated = withCapitals(new Set([...all("seldom_last"), ...all("never_last")]));
  for (const word of beforeNumbers) if (!shortWords.has(word.toLowerCase())) abbreviated.add(word);
  const { states, state_initials } = tables.content.abbreviations;
  return {
    marks: tables.expression("marks", "g"),
    sources: tables.expression("sources", "y"),
    learnt: new Set(abbreviations.map((one) => one.replace(/\.$/, "")).filter(Boolean)),
    neverLast,
    seldomLast: new Set([...companies, ...[...abbreviated].filter((word) => !neverLast.has(word))]),
    beforeNumbers,
    neverFirst: companies,
    behindCities: new Set(!codes.length || codes.includes("en") ? [...states, ...state_initials] : []),
    starters,
    particles: inNames,
    shortWords,
    ordinals: known.some((language) => language.ordinals),
    endings: known.flatMap((language) => language.endings),
    capitalisedByLength: !codes.length,
    cautious: true,
  };
}

/** The rules of models whose config names none. */
export function firstRules(tables) {
  const rules = tables.content.first_rules;
  return {
    marks: tables.expression("marks_v1", "g"),
    sources: tables.expression("sources_v1", "y"),
    learnt: new Set(rules.learnt),
    neverLast: new Set(rules.never_last),
    seldomLast: new Set(rules.seldom_last),
    beforeNumbers: new Set(rules.before_numbers),
    neverFirst: new Set(rules.never_first),
    behindCities: new Set(rules.behind_cities),
    starters: new Set(rules.starters),
    particles: new Set(rules.particles),
    shortWords: new Set(rules.short_words),
    ordinals: rules.ordinals,
    endings: rules.endings,
    capitalisedByLength: rules.capitalised_by_length,
    cautious: rules.cautious,
  };
}

function withCapitals(words) {
  return new Set([...words].flatMap((word) => [word, capitalised(word)]));
}

function capitalised(word) {
  const first = characterAt(word, 0);
  return first.toUpperCase() + word.slice(first.length);
}

/** Splits text into sentences by rules. */
export class Sentences {
  /**
   * @param {import("./characters.js").Tables} tables
   * @param {object} rules of `sentenceRules` or `firstRules`.
   */
  constructor(tables, rules) {
    this.tables = tables;
    this.rules = rules;
    this.never_first = new Set(tables.content.never_first);
    this.at = Object.fromEntries(
      ["opening", "closes", "closes_behind_open_quote", "closes_behind_quote", "next_word", "enumerated"]
        .concat(["source_in_brackets"])
        .map((name) => [name, tables.expression(name, "y")]),
    );
    this.within = Object.fromEntries(
      ["last_word", "initial_before", "ordinal"].map((name) => [name, tables.expression(name)]),
    );
    this.whole = Object.fromEntries(
      ["enumerator", "roman_numeral", "consonants"].map((name) => [
        name,
        new RegExp(`^(?:${tables.expression(name).source})$`, "u"),
      ]),
    );
  }

  /** Places in the text from which on a sentence begins, in order, without the first. */
  *boundaries(text) {
    let begin = 0;
    let counted = 0;
    let quotes = 0;
    let brackets = 0;
    let bracketed = 0;
    let closed = 0;
    for (const mark of text.matchAll(this.rules.marks)) {
      let end = mark.index + mark[0].length;
      if (mark.groups.full !== undefined || mark.groups.stop !== undefined) {
        quotes += count(text, '"', counted, end);
        counted = end;
        closed = end <= closed ? closed : matchedEnd(this.at.closes, text, end);
        end = matchedEnd(quotes % 2 ? this.at.closes_behind_open_quote : this.at.closes_behind_quote, text, closed);
        let ends = mark.groups.full !== undefined || this.#ends(text, begin, mark, end);
        if (ends && this.rules.cautious && mark[0] === ";") {
          brackets += openedBrackets(text, bracketed, end);
          bracketed = end;
          ends = brackets <= 0;
        }
        if (!ends) continue;
      }
      yield end;
      begin = matchedEnd(this.at.opening, text, end);
      counted = bracketed = end;
      quotes = brackets = 0;
    }
  }

  /** Where the source that a text begins with ends, from a place on. */
  behindSource(text, place) {
    return matchedEnd(this.rules.sources, text, place);
  }

  /** Whether a mark, with what closes behind it up to `end`, ends the sentence whose first word is at `begin`. */
  #ends(text, begin, mark, end) {
    const { rules } = this;
    const following = matchedEnd(this.at.opening, text, end);
    if (following === text.length || !this.#isSpace(text[end])) return false;
    const first = characterAt(text, following);
    const nextWord = text.slice(following, matchedEnd(this.at.next_word, text, following));
    if (rules.cautious && text.startsWith(" ( ", end)) {
      if (matchedEnd(this.at.source_in_brackets, text, end + 3) === end + 3) return false;
    }
    if (this.never_first.has(first) || isLower(this.tables, first) || rules.neverFirst.has(nextWord)) return false;
    if (mark[0] === ";") {
      const from = Math.max(placeBefore(text, mark.index, this.tables.limits.longest_entity), begin);
      return this.tables.are("upper", first) && !text.slice(from, mark.index).includes("&");
    }
    const begins = rules.starters.has(nextWord) && !text.startsWith(".", following + nextWord.length);
    if (".…".includes(mark[0].at(-1)) && mark[0] !== ".") return begins; // an ellipsis
    if (mark[0] !== ".") return true;
    return this.#pointEnds(text, begin, mark.index, end, { place: following, word: nextWord, first, begins });
  }

  /** Whether a point, with what closes behind it up to `end`, ends the sentence whose first word is at `begin`. */
  #pointEnds(text, begin, point, end, following) {
    const { rules } = this;
    const isDigit = this.tables.are("digit", following.first);
    let stop = point;
    if (rules.cautious) {
      if (stop > 0 && this.#isSpace(text[stop - 1])) stop -= 1;
      else if (isDigit && matchedEnd(this.at.enumerated, text, following.place) === following.place) return false;
    }
    const attached = stop === point;
    if (this.whole.enumerator.test(text.slice(begin, stop))) return false;
    const before = text.slice(placeBefore(text, stop, this.tables.limits.last_word_reach), stop);
    const match = this.within.last_word.exec(before);
    if (match === null) return following.begins || !(rules.ordinals && attached && this.within.ordinal.test(before));
    const word = match[0];
    if (isDigit && rules.beforeNumbers.has(word)) return false;
    if (!attached) {
      // A point set apart is a sentence's, but for that of an initial.
      if (lengthOf(word) > 1) return !this.tables.content.abbreviations.titles.includes(word);
      const behind = following.place + following.first.length;
      if (lengthOf(following.word) <= 1 && (text.startsWith(".", behind) || text.startsWith(" .", behind))) return false;
    }
    if (rules.learnt.size && this.#isLearnt(word, before)) return false;
    const behindCity = this.#endsBehindCity(text, begin, stop, word, attached);
    if (behindCity === false) return false;
    if (behindCity && !text.slice(end, following.place).includes("(") && !isDigit) return true;
    if (rules.neverLast.has(word)) return false;
    if (rules.cautious && rules.neverLast.has(this.#withInitial(word, before))) return false;
    if (lengthOf(word) === 1 && rules.particles.has(following.word)) return false;
    return following.begins || !this.#looksAbbreviated(word);
  }

  /** Whether a state behind its city, up to `stop`, ends a sentence; `null` if the word is none. */
  #endsBehindCity(text, begin, stop, word, attached) {
    const start = stop - word.length;
    if (!this.rules.behindCities.has(word) || !this.#followsComma(text, begin, start)) return null;
    return !(this.rules.cautious && attached && word.includes(".") && text.startsWith(" , ", start - 3));
  }

  #followsComma(text, begin, start) {
    let end = start;
    const from = Math.max(start - 2, begin);
    while (end > from && this.#isSpace(text[end - 1])) end -= 1;
    return end > from && text[end - 1] === ",";
  }

  #isLearnt(word, before) {
    const { learnt } = this.rules;
    if (learnt.has(word)) return true;
    let start = before.length;
    while (start > 0 && !this.#isSpace(before[start - 1])) start -= 1;
    return learnt.has(before.slice(start));
  }

  /** A word of one or two letters, with the letter and point before it: `z.B` of *z. B*. */
  #withInitial(word, before) {
    if (lengthOf(word) > 2) return word;
    const initial = this.within.initial_before.exec(before.slice(0, before.length - word.length));
    return initial ? `${initial[1]}.${word}` : word;
  }

  /** Whether a point behind the word may be its own: it is known as an abbreviation, or has the shape of one. */
  #looksAbbreviated(word) {
    const { rules } = this;
    const size = lengthOf(word);
    if (size === 1 || word.includes(".") || rules.seldomLast.has(word.slice(word.lastIndexOf("-") + 1))) return true;
    if (!rules.cautious || rules.shortWords.has(word)) return false;
    const first = characterAt(word, 0);
    if (!isLower(this.tables, word.slice(first.length))) return rules.ordinals && this.whole.roman_numeral.test(word);
    const isShort = size <= this.tables.limits.longest_unknown_abbreviation;
    if (isShort && (isLower(this.tables, first) || rules.capitalisedByLength)) return true;
    return rules.endings.some((ending) => word.endsWith(ending)) || this.whole.consonants.test(word);
  }

  #isSpace(character) {
    return this.tables.are("space", character);
  }
}

function count(text, character, start, end) {
  let found = 0;
  for (let place = start; place < end; place += 1) if (text[place] === character) found += 1;
  return found;
}

/** How many more brackets open than close between two places. */
function openedBrackets(text, start, end) {
  const those = (characters) => [...characters].reduce((sum, one) => sum + count(text, one, start, end), 0);
  return those("([") - those(")]");
}
