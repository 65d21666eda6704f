// Grapheme clusters by Unicode's rules (UAX 29), with the classes of characters that Python's rules use.

/** Finds the clusters of a text. */
export class Graphemes {
  /** @param {import("./characters.js").Tables} tables */
  constructor(tables) {
    const { conjunct_Consonant, conjunct_Linker, conjunct_Extend, pictographic, ...breaks } = tables.content.graphemes;
    this.breaks = new Classes(breaks);
    this.conjuncts = new Classes({ Consonant: conjunct_Consonant, Linker: conjunct_Linker, Extend: conjunct_Extend });
    this.pictographic = new Classes({ yes: pictographic });
  }

  /**
   * @param {string} text
   * @returns {[number, number][]} start and end of each cluster, in units of UTF-16.
   */
  split(text) {
    const clusters = [];
    let start = 0;
    while (start < text.length) {
      const end = this.#end(text, start);
      clusters.push([start, end]);
      start = end;
    }
    return clusters;
  }

  #end(text, start) {
    let place = start;
    let before = null;
    let flags = 0;
    let isFlag = false; // flags are clusters of their own there
    let emoji = 0; // 1 behind a pictograph with what extends it, 2 behind a joiner, too
    let linked = false; // behind a linker of conjuncts; as in Python's `regex`, whatever precedes it
    while (place < text.length) {
      const code = text.codePointAt(place);
      const own = this.breaks.of(code);
      const pictographic = this.pictographic.of(code) !== null;
      const conjunct = this.conjuncts.of(code);
      if (before !== null) {
        const joinsEmoji = emoji === 2 && pictographic;
        const joinsConsonants = linked && conjunct === "Consonant";
        if (!joinsEmoji && !joinsConsonants && breaksBetween(before, own, flags)) break;
      }
      flags = own === "Regional_Indicator" ? flags + 1 : 0;
      if (pictographic) emoji = 1;
      else if (emoji === 1 && own === "ZWJ") emoji = 2;
      else if (own !== "Extend" || emoji === 2) emoji = 0;
      isFlag ||= place === start && own === "Regional_Indicator";
      linked = !isFlag && (conjunct === "Linker" || (linked && conjunct === "Extend"));
      before = own ?? "Other";
      place += code > 0xffff ? 2 : 1;
    }
    return place;
  }
}

const CONTROLS = new Set(["CR", "LF", "Control"]);
const EXTENDING = new Set(["Extend", "ZWJ", "SpacingMark"]);
const HANGUL = { L: new Set(["L", "V", "LV", "LVT"]), V: new Set(["V", "T"]), T: new Set(["T"]) };
const HANGUL_KINDS = { L: "L", V: "V", LV: "V", T: "T", LVT: "T" };

function breaksBetween(before, after, flags) {
  if (before === "CR" && after === "LF") return false;
  if (CONTROLS.has(before) || CONTROLS.has(after)) return true;
  if (HANGUL[HANGUL_KINDS[before]]?.has(after)) return false;
  if (EXTENDING.has(after) || before === "Prepend") return false;
  return !(before === "Regional_Indicator" && after === "Regional_Indicator" && flags % 2 === 1);
}

/** The class of each code point, by ranges. */
class Classes {
  constructor(bordersByName) {
    const ranges = Object.entries(bordersByName).flatMap(([name, borders]) =>
      Array.from({ length: borders.length / 2 }, (_, index) => [borders[2 * index], borders[2 * index + 1], name]),
    );
    this.ranges = ranges.sort((a, b) => a[0] - b[0]);
  }

  /** The name of a code point's class, or `null`. */
  of(code) {
    let low = 0;
    let high = this.ranges.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.ranges[middle][1] < code) low = middle + 1;
      else high = middle;
    }
    const range = this.ranges[low];
    return range && range[0] <= code ? range[2] : null;
  }
}
