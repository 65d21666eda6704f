// What the page's view shows of a text with any of its settings, as `space/spert_space/extraction.py` makes it.

import { keptByPolicy } from "./decoding.js";

const POLICIES = ["keep", "drop", "best"];
const SCORE_STEPS = 100; // of the page's sliders

/**
 * @param {import("./extractor.js").Extractor} extractor
 * @param {string} text
 * @param {{score_floor: number, max_relations: number}} limits
 * @param {(done: number, all: number) => Promise<void>} progress
 * @returns {Promise<{value: object, notes: string[]}>} what `mountView` takes, and what is to be told besides.
 */
export async function makeView(extractor, text, { score_floor, max_relations }, progress) {
  const found = await extractor.extract(text, { threshold: score_floor, overlap: "keep", progress });
  const { entities, relations, notes } = found;
  const { settings } = extractor;
  const policies = policiesByEntity(entities);
  const policiesOfRelations = relations.map(({ head, tail }) =>
    policies[head].filter((policy) => policies[tail].includes(policy)),
  );
  const chosen = new Set();
  for (const policy of POLICIES) {
    const kept = relations.map((_, index) => index).filter((index) => policiesOfRelations[index].includes(policy));
    for (const index of bestByType(relations, kept, max_relations, settings.relation_threshold)) chosen.add(index);
  }
  const steps = Array.from({ length: SCORE_STEPS + 1 }, (_, step) => step / SCORE_STEPS);
  const thresholds = [...new Set([settings.relation_threshold, ...steps])].sort((a, b) => a - b);
  const value = {
    text,
    entities,
    relations: relations.filter((_, index) => chosen.has(index)),
    policies,
    entity_types: settings.entity_types,
    relation_types: settings.relation_types,
    symmetric_relation_types: settings.symmetric_relation_types,
    relation_signatures: settings.relation_signatures ?? {},
    relation_threshold: settings.relation_threshold,
    overlap: settings.overlap,
    score_floor,
    left_out: countLeftOut(found, policiesOfRelations, chosen, thresholds),
  };
  return { value, notes };
}

/** For each entity, the overlap policies under which it is kept. */
function policiesByEntity(entities) {
  const spans = entities.map(({ token_start, token_end, score }) => ({ start: token_start, end: token_end, score }));
  const kept = new Map(POLICIES.map((policy) => [policy, new Set(keptByPolicy(spans, policy))]));
  return spans.map((_, index) => POLICIES.filter((policy) => kept.get(policy).has(index)));
}

/** The best relations, with an equal share for each type, those that are sure before all others. */
function bestByType(relations, indices, most, sure) {
  const byScore = indices.toSorted((a, b) => relations[b].score - relations[a].score);
  const seen = new Map();
  const rank = new Map();
  for (const index of byScore) {
    const { type } = relations[index];
    rank.set(index, seen.get(type) ?? 0);
    seen.set(type, rank.get(index) + 1);
  }
  const isUnsure = (index) => Number(relations[index].score < sure);
  // Unused shares go to the other types: the best of each, then the second of each, and so on.
  const order = byScore.toSorted((a, b) => isUnsure(a) - isUnsure(b) || rank.get(a) - rank.get(b));
  return order.slice(0, most);
}

/** Count the relations that are not sent to the page, in groups that are shown or hidden together. */
function countLeftOut({ entities, relations }, policies, chosen, thresholds) {
  const reached = (score) => thresholds.findLast((threshold) => threshold <= score) ?? thresholds[0];
  const groups = new Map();
  relations.forEach(({ type, head, tail, score }, index) => {
    if (chosen.has(index)) return;
    const group = {
      type,
      head_type: entities[head].type,
      tail_type: entities[tail].type,
      policies: policies[index],
      score: reached(score),
      entity_score: reached(Math.min(entities[head].score, entities[tail].score)),
    };
    const key = JSON.stringify(group);
    const known = groups.get(key) ?? { ...group, count: 0 };
    known.count += 1;
    groups.set(key, known);
  });
  return [...groups.values()];
}
