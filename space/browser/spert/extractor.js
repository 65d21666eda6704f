// Extraction from text with exported graphs, as `spert_hf/onnx/extractor.py` does.

import { batchesByLength } from "./batches.js";
import { likeliestPairs, pairsToScore, predictedEntities } from "./candidates.js";
import { characterCounter } from "./characters.js";
import { decode, inTextOrder, resolveOverlaps } from "./decoding.js";
import { cut, join } from "./pieces.js";
import { TextReader } from "./reading.js";
import { SubwordEncoder } from "./subwords.js";

/**
 * A graph: from inputs to outputs by name, each with `data` and `dims`.
 *
 * @typedef {(inputs: object) => Promise<object>} Graph
 */

/** Extracts entities and relations from texts. */
export class Extractor {
  /**
   * @param {import("./characters.js").Tables} tables
   * @param {object} record the content of `spert_onnx.json`.
   * @param {object} tokenizer the content of `tokenizer.json`.
   * @param {{spans: Graph, pairs: Graph | null}} graphs
   */
  constructor(tables, record, tokenizer, graphs) {
    this.settings = record.settings;
    this.limits = tables.limits;
    this.graphs = graphs;
    const special = record.tokenization.special_tokens;
    this.encoder = new SubwordEncoder(tables, tokenizer, record.tokenization);
    this.reader = new TextReader(tables, this.settings.text_reading, tokenizer, special, this.encoder.lowers);
  }

  /**
   * @param {string} text
   * @param {object} [options]
   * @param {number} [options.threshold] minimum score of a relation.
   * @param {string} [options.overlap] overlap policy.
   * @param {(done: number, all: number) => Promise<void>} [options.progress] called behind each batch; may throw.
   * @returns {Promise<{entities: object[], relations: object[], notes: string[]}>} as the pipeline in Python, with what
   *   it would warn of.
   */
  async extract(text, { threshold, overlap, progress } = {}) {
    const { words, sequences } = this.reader.read(text);
    const notes = new Set();
    const pieces = cut(this.encoder, words.map(([start, end]) => text.slice(start, end)), sequences);
    for (const note of this.encoder.notes.splice(0)) notes.add(note);
    const found = new Array(pieces.length);
    const lengths = pieces.map((piece) => piece.words.ids.length);
    let done = 0;
    for (const batch of batchesByLength(lengths, this.limits.batch_size, this.limits.batch_cost)) {
      const scores = await this.#score(batch.map((index) => pieces[index]), (note) => notes.add(note));
      const minimum = threshold ?? this.settings.relation_threshold;
      const decoded = decode(scores, this.settings, batch.length, minimum, this.limits, (note) => notes.add(note));
      batch.forEach((index, row) => (found[index] = decoded[row]));
      done += batch.length;
      await progress?.(done, pieces.length);
    }
    const whole = pieces.length ? join(found, pieces) : { entities: [], relations: [] };
    const resolved = inTextOrder(resolveOverlaps(whole, overlap ?? this.settings.overlap));
    return { ...withText(text, words, resolved), notes: [...notes] };
  }

  /** Score the spans of a batch, then the pairs of the entities among them. */
  async #score(pieces, note) {
    const inputs = this.encoder.pad(pieces.map((piece) => piece.words));
    const { entity_logits: logits, hidden } = await this.graphs.spans(inputs);
    const entities = predictedEntities(logits);
    const all = pairsToScore(entities, this.limits, note);
    if (!this.graphs.pairs) return { entities, pairs: all, logits: null };
    const numbers = entities.flatMap(({ row, start, end, type }) => [row, start, end, type]);
    const shared = { hidden, word_offsets: inputs.word_offsets, entities: integers(numbers, 4) };
    const score = async (pairs) => {
      const types = this.settings.relation_types.length;
      const scores = new Float32Array((pairs.length / 2) * types);
      const atOnce = 2 * this.limits.pairs_at_once;
      for (let first = 0; first < pairs.length; first += atOnce) {
        const chunk = integers(pairs.subarray(first, first + atOnce), 2);
        const { relation_logits } = await this.graphs.pairs({ ...shared, pairs: chunk });
        scores.set(relation_logits.data, (first / 2) * types);
      }
      return scores;
    };
    const pairs = await likeliestPairs(this.settings, entities, all, this.limits, score);
    return { entities, pairs, logits: await score(pairs) };
  }
}

function integers(numbers, columns) {
  return { data: BigInt64Array.from(numbers, BigInt), dims: [numbers.length / columns, columns] };
}

/** Entities as the pipeline gives them, with offsets in characters (code points). */
function withText(text, words, { entities, relations }) {
  const count = characterCounter(text);
  return {
    entities: entities.map(({ type, score, start, end }) => {
      const [first, last] = [words[start][0], words[end - 1][1]];
      const place = { start: count(first), end: count(last), token_start: start, token_end: end };
      return { type, score, text: text.slice(first, last), ...place };
    }),
    relations: relations.map(({ type, score, head, tail }) => ({ type, score, head, tail })),
  };
}
