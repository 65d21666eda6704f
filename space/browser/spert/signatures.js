// Type constraints: the entity types that a relation type may join; see `spert_hf/model/signatures.py`.

/**
 * @param {object} settings the model's.
 * @returns {null | ((head: number, tail: number, type: number) => boolean)} whether a relation type is forbidden between
 *   entity types, which count from 1; `null` without constraints.
 */
export function forbiddenRelations(settings) {
  const signatures = settings.relation_signatures;
  if (!signatures || !Object.keys(signatures).length) return null;
  const number = new Map(settings.entity_types.map((name, index) => [name, index + 1]));
  const base = number.size + 1;
  const allowed = settings.relation_types.map((name) => {
    if (!Object.hasOwn(signatures, name)) return null;
    const pairs = signatures[name].map(([head, tail]) => [number.get(head), number.get(tail)]);
    const both = settings.symmetric_relation_types.includes(name) ? pairs.map(([head, tail]) => [tail, head]) : [];
    return new Set([...pairs, ...both].map(([head, tail]) => head * base + tail));
  });
  return (head, tail, type) => allowed[type] !== null && !allowed[type].has(head * base + tail);
}
