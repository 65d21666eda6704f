// Texts cut into pieces that fit into the encoder, and predictions for pieces merged, as `spert_hf/model/pieces.py` does.

import { windowOf } from "./subwords.js";
import { bisectLeft } from "./reading.js";

/**
 * Cut a text into sequences, and long ones into windows.
 *
 * @param {import("./subwords.js").SubwordEncoder} encoder
 * @param {string[]} words
 * @param {[number, number][]} sequences ranges of words.
 * @returns {{start: number, end: number, isStart: boolean, isEnd: boolean, words: object}[]}
 */
export function cut(encoder, words, sequences) {
  return sequences
    .filter(([first, last]) => first < last)
    .flatMap(([first, last]) => {
      const encoded = encoder.encode(words.slice(first, last));
      return encoder.windows(encoded).map(([start, end]) => ({
        start: first + start,
        end: first + end,
        isStart: start === 0,
        isEnd: first + end === last,
        words: windowOf(encoded, start, end),
      }));
    });
}

/**
 * Merge the predictions for the pieces of a text: an entity is taken from the piece with the most context around it, a
 * relation from all pieces that have both of its entities, with the best score.
 *
 * @param {{entities: object[], relations: object[]}[]} predictions with offsets in the words of the piece.
 * @param {object[]} pieces of `cut`.
 * @returns {{entities: object[], relations: object[]}} with offsets in the words of the text.
 */
export function join(predictions, pieces) {
  if (pieces.length === 1 && pieces[0].start === 0) return predictions[0];
  const entities = [];
  const place = new Map();
  const keyOf = (piece, { start, end, type }) => `${piece.start + start} ${piece.start + end} ${type}`;
  const starts = pieces.map((piece) => piece.start);
  const ends = pieces.map((piece) => piece.end);
  pieces.forEach((piece, number) => {
    for (const entity of predictions[number].entities) {
      const [start, end] = [piece.start + entity.start, piece.start + entity.end];
      if (!(piece.isStart && piece.isEnd) && bestPiece(start, end, pieces, starts, ends) !== number) continue;
      place.set(keyOf(piece, entity), entities.push({ ...entity, start, end }) - 1);
    }
  });
  const best = new Map();
  pieces.forEach((piece, number) => {
    const keys = predictions[number].entities.map((entity) => keyOf(piece, entity));
    for (const { head: ownHead, tail: ownTail, type, score } of predictions[number].relations) {
      const [head, tail] = [place.get(keys[ownHead]), place.get(keys[ownTail])];
      if (head === undefined || tail === undefined) continue;
      const key = `${head} ${tail} ${type}`;
      best.set(key, { head, tail, type, score: Math.max(score, best.get(key)?.score ?? 0) });
    }
  });
  return { entities, relations: [...best.values()] };
}

/** The first piece in which a span has the largest distance from a cut in a sequence. */
function bestPiece(start, end, pieces, starts, ends) {
  const first = bisectLeft(ends, end);
  const last = bisectLeft(starts, start + 1);
  let best = { number: first, distance: -1 };
  for (let number = first; number < last; number += 1) {
    const piece = pieces[number];
    const before = piece.isStart ? Infinity : start - piece.start;
    const after = piece.isEnd ? Infinity : piece.end - end;
    if (Math.min(before, after) > best.distance) best = { number, distance: Math.min(before, after) };
  }
  return best.number;
}
