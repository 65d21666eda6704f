// Sub-words of words, windows of long texts and padded batches, as `spert_hf/model/subwords.py` does.

import { BertWords } from "./bert_words.js";
import { encodable, lengthOf, strip } from "./characters.js";
import { makeTokenizer } from "./exact_tokenizer.js";
import { bisectLeft } from "./reading.js";

const MOST_KEPT = 50_000; // words whose sub-words are kept, as most words come again

/**
 * Sub-words of a text, without special tokens.
 *
 * @typedef {{ids: number[], offsets: number[], cases: number[] | null}} EncodedWords `offsets` has the first sub-word of
 *   each word, then the number of sub-words; `cases` is `null` for models without letter-case embeddings.
 */

/** Converts words to sub-words; see `SubwordEncoder` in Python. */
export class SubwordEncoder {
  /**
   * @param {import("./characters.js").Tables} tables
   * @param {object} tokenizer the content of `tokenizer.json`.
   * @param {object} how the `tokenization` of the export's record.
   */
  constructor(tables, tokenizer, how) {
    this.how = how;
    this.tables = tables;
    this.tokenizer = makeTokenizer(tokenizer);
    this.bert = BertWords.reads(tokenizer) ? new BertWords(tables, this.tokenizer, tokenizer.normalizer) : null;
    if (how.letter_cases && !this.bert) {
      throw new Error(
        "letter_case_embeddings must be false in a browser unless the tokenizer is BERT's, got " +
          `${tokenizer.normalizer?.type} and ${tokenizer.pre_tokenizer?.type}`,
      );
    }
    if (how.context_window) throw new Error(`context_window must be 0 in a browser, got ${how.context_window}`);
    this.letters = tables.expression("letters", "g");
    this.known = new Map();
    this.prefix = "";
    if (this.#encode("a a").ids.join() !== [...this.#encode("a").ids, ...this.#encode("a").ids].join()) this.prefix = " ";
    this.notes = [];
  }

  /** Whether the tokenizer ignores case. */
  get lowers() {
    if (this.bert) return this.bert.lowercase;
    return this.tokenizer.normalizer !== null && this.tokenizer.normalizer("Aa") === "aa";
  }

  /**
   * @param {string[]} words of a sequence.
   * @returns {EncodedWords}
   */
  encode(words) {
    const encoded = { ids: [], offsets: [0], cases: this.how.letter_cases ? [] : null };
    words.forEach((word, number) => {
      let { ids, cases } = this.#ofWord(word);
      if (ids.length > this.how.window_size) {
        this.notes.push(
          `word ${number} has ${ids.length} sub-words, the encoder takes ${this.how.window_size}: ` +
            "the rest of the word is not read",
        );
        ids = ids.slice(0, this.how.window_size);
        cases = cases?.slice(0, this.how.window_size);
      }
      for (const id of ids) encoded.ids.push(id);
      if (encoded.cases) for (const one of cases) encoded.cases.push(one);
      encoded.offsets.push(encoded.ids.length);
    });
    return encoded;
  }

  #ofWord(word) {
    let found = this.known.get(word);
    if (!found) {
      if (this.known.size >= MOST_KEPT) this.known.clear();
      found = this.#cased(this.prefix + encodable(word));
      this.known.set(word, found);
    }
    return found;
  }

  #cased(word) {
    const { ids, places } = this.#encode(word);
    const subwords = ids.length ? ids : [this.how.unknown_id];
    if (!this.how.letter_cases) return { ids: subwords, cases: null };
    return { ids: subwords, cases: this.#cases(word, ids.length ? places : [[0, lengthOf(word)]]) };
  }

  #encode(text) {
    return this.bert ? this.bert.encode(text) : this.tokenizer.encode(text, { add_special_tokens: false });
  }

  /** The letter case of each sub-word of a word: that of the run of letters in which it begins; see `subword_cases`. */
  #cases(word, places) {
    const stripped = strip(this.tables, word);
    if (this.tables.are("alphabetic", stripped)) return places.map(() => this.#letterCase(stripped));
    const runs = [];
    for (const match of word.matchAll(this.letters)) {
      const first = lengthOf(word.slice(0, match.index));
      runs.push([first, first + lengthOf(match[0]), this.#letterCase(strip(this.tables, match[0]))]);
    }
    return places.map(([start, end]) => {
      const run = runs.find(([first, last]) => first < Math.max(end, start + 1) && start < last);
      return run ? run[2] : 0;
    });
  }

  #letterCase(letters) {
    const lower = letters.toLowerCase();
    const upper = letters.toUpperCase();
    const rest = [...letters].slice(1).join("");
    if (lower === upper) return 0;
    if (letters === lower) return 1;
    if (rest === rest.toLowerCase()) return 2;
    return letters === upper ? 3 : 4;
  }

  /**
   * Cover a text with windows that fit into the encoder.
   *
   * @param {EncodedWords} words
   * @returns {[number, number][]} ranges of words, in order.
   */
  windows({ offsets }) {
    const count = offsets.length - 1;
    const size = this.how.window_size;
    if (!count) return [[0, 0]];
    const windows = [];
    for (let start = 0; ; ) {
      const end = lastWithin(offsets, start, size);
      windows.push([start, end]);
      if (end === count) return windows;
      const quarter = bisectLeft(offsets, offsets[end] - Math.floor(size / 4) + 1, start, end) - 1;
      const earliest = bisectLeft(offsets, offsets[end + 1] - size, start, end);
      start = Math.max(Math.min(quarter, end - this.how.overlap_words), earliest);
    }
  }

  /**
   * Add special tokens, and pad to a batch.
   *
   * @param {EncodedWords[]} sentences
   * @returns {Object<string, {data: BigInt64Array, dims: number[]}>} the inputs of the graph of spans.
   */
  pad(sentences) {
    const { prefix, suffix, pad_id } = this.how;
    const around = prefix.length + suffix.length;
    const rows = sentences.length;
    const longest = Math.max(...sentences.map(({ ids }) => ids.length)) + around;
    const mostWords = Math.max(...sentences.map(({ offsets }) => offsets.length));
    const table = (columns, fill = 0) => ({
      data: new BigInt64Array(rows * columns).fill(BigInt(fill)),
      dims: [rows, columns],
    });
    const batch = {
      input_ids: table(longest, pad_id),
      attention_mask: table(longest),
      word_offsets: table(mostWords),
      ...(this.how.letter_cases ? { letter_cases: table(longest) } : {}),
    };
    sentences.forEach(({ ids, offsets, cases }, row) => {
      const all = [...prefix, ...ids, ...suffix];
      batch.input_ids.data.set(all.map(BigInt), row * longest);
      batch.attention_mask.data.fill(1n, row * longest, row * longest + all.length);
      const shifted = offsets.map((offset) => BigInt(offset + prefix.length));
      batch.word_offsets.data.fill(shifted.at(-1), row * mostWords, (row + 1) * mostWords);
      batch.word_offsets.data.set(shifted, row * mostWords);
      if (cases) batch.letter_cases.data.set(cases.map(BigInt), row * longest + prefix.length);
    });
    return batch;
  }
}

/** Some words of encoded ones. */
export function windowOf({ ids, offsets, cases }, start, end) {
  const [first, last] = [offsets[start], offsets[end]];
  return {
    ids: ids.slice(first, last),
    offsets: offsets.slice(start, end + 1).map((offset) => offset - first),
    cases: cases && cases.slice(first, last),
  };
}

/** The end of the longest range of words from `start` with at most `budget` sub-words (at least one word). */
function lastWithin(offsets, start, budget) {
  let low = start + 1;
  let high = offsets.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (offsets[middle] - offsets[start] <= budget) low = middle;
    else high = middle - 1;
  }
  return low;
}
