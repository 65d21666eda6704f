// Batches of sequences of similar length, as `spert_hf/model/cpu_scheduling.py` forms them.

/**
 * Group sequences into batches with the least work, padding included, the shortest first.
 *
 * @param {number[]} lengths sub-words of each sequence.
 * @param {number} most sequences in a batch.
 * @param {number} batchCost the cost of another batch, in sub-words.
 * @returns {number[][]} the sequences of each batch.
 */
export function batchesByLength(lengths, most, batchCost) {
  const order = lengths.map((_, index) => index).sort((a, b) => lengths[a] - lengths[b]);
  const cheapest = [{ cost: 0, start: 0 }]; // for the first n: cost, and start of the last batch
  for (let end = 1; end <= order.length; end += 1) {
    const longest = lengths[order[end - 1]];
    let best = null;
    for (let start = Math.max(0, end - most); start < end; start += 1) {
      const cost = cheapest[start].cost + batchCost + (end - start) * longest;
      if (best === null || cost < best.cost) best = { cost, start };
    }
    cheapest.push(best);
  }
  const batches = [];
  for (let end = order.length; end > 0; end = cheapest[end].start) batches.push(order.slice(cheapest[end].start, end));
  return batches.reverse();
}
