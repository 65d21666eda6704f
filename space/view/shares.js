// Selects the relations to draw if there are too many.

/**
 * The best items, with an equal share for each type; unused shares go to the other types. The server selects alike.
 *
 * @param {{type: string, score: number}[]} items
 * @param {number} most
 * @returns {number[]} indices, highest score first.
 */
export function bestByType(items, most) {
  const byScore = items.map((_, index) => index).sort((a, b) => items[b].score - items[a].score);
  if (byScore.length <= most) return byScore;
  const seen = new Map();
  const round = new Map();
  for (const index of byScore) {
    const { type } = items[index];
    seen.set(type, (seen.get(type) ?? 0) + 1);
    round.set(index, seen.get(type));
  }
  const chosen = new Set([...byScore].sort((a, b) => round.get(a) - round.get(b)).slice(0, most));
  return byScore.filter((index) => chosen.has(index));
}
