// The graph that stands in the page, as objects that refer to each other.

/**
 * @typedef {object} Entity
 * @property {string} id
 * @property {string} name
 * @property {string} type
 * @property {number} mentions
 * @property {number} documents
 * @property {number} score the best of its mentions
 * @property {{text: string, mentions: number, rule: string}[]} aliases
 * @property {Relation[]} relations of which it is head or tail, those with most support first
 *
 * @typedef {object} Relation
 * @property {string} id
 * @property {string} type
 * @property {Entity} head
 * @property {Entity} tail
 * @property {number} documents its support
 * @property {number} mentions
 * @property {number} meanScore
 * @property {number} bestScore
 * @property {boolean} symmetric
 * @property {object[]} evidence
 */

/** @returns {{entities: Entity[], relations: Relation[], entityTypes: string[], relationTypes: string[]}} */
export function readGraph(element) {
  const data = JSON.parse(element.textContent);
  const entities = data.entities.map(([name, type, mentions, documents, score, aliases], index) => ({
    id: `n${index}`,
    name,
    type: data.entity_types[type],
    mentions,
    documents,
    score,
    aliases: aliases.map(([text, count, rule]) => ({ text, mentions: count, rule })),
    relations: [],
  }));
  const relations = data.relations.map((row, index) => readRelation(row, index, entities, data));
  for (const relation of relations) {
    for (const end of new Set([relation.head, relation.tail])) end.relations.push(relation);
  }
  return { entities, relations, entityTypes: data.entity_types, relationTypes: data.relation_types };
}

function readRelation(row, index, entities, data) {
  const [type, head, tail, documents, mentions, meanScore, bestScore, symmetric, evidence] = row;
  return {
    id: `e${index}`,
    type: data.relation_types[type],
    head: entities[head],
    tail: entities[tail],
    documents,
    mentions,
    meanScore,
    bestScore,
    symmetric: Boolean(symmetric),
    evidence: evidence.map(([document, sentence, score, headStart, headEnd, tailStart, tailEnd]) => ({
      document,
      sentence: sentence === null ? null : data.sentences[sentence],
      score,
      head: [headStart, headEnd],
      tail: [tailStart, tailEnd],
    })),
  };
}

/** The other end of a relation than an entity. */
export function otherEnd(relation, entity) {
  return relation.head === entity ? relation.tail : relation.head;
}
