// Selects what is shown with the controls' settings, without running the model again.

/**
 * @param {object} view the value sent by the server; see `make_view` in extraction.py.
 * @param {{relationThreshold: number, entityScore: number, overlap: string,
 *          hiddenEntityTypes: Set<string>, hiddenRelationTypes: Set<string>}} settings
 * @returns {{entities: object[], relations: object[], leftOut: number}} entities and relations in the pipeline's output
 *   format; `leftOut` counts the relations that match the settings but were not sent by the server.
 */
export function select(view, settings) {
  const place = new Map();
  view.entities.forEach((entity, index) => {
    const shown =
      view.policies[index].includes(settings.overlap) &&
      entity.score >= settings.entityScore &&
      !settings.hiddenEntityTypes.has(entity.type);
    if (shown) place.set(index, place.size);
  });
  const relations = view.relations
    .filter(
      (relation) =>
        relation.score >= settings.relationThreshold &&
        !settings.hiddenRelationTypes.has(relation.type) &&
        place.has(relation.head) &&
        place.has(relation.tail),
    )
    .map((relation) => ({ ...relation, head: place.get(relation.head), tail: place.get(relation.tail) }));
  const entities = [...place.keys()].map((index) => view.entities[index]);
  return { entities, relations, leftOut: countLeftOut(view.left_out, settings) };
}

function countLeftOut(groups, settings) {
  const wouldBeShown = (group) =>
    group.policies.includes(settings.overlap) &&
    group.score >= settings.relationThreshold &&
    group.entity_score >= settings.entityScore &&
    !settings.hiddenRelationTypes.has(group.type) &&
    !settings.hiddenEntityTypes.has(group.head_type) &&
    !settings.hiddenEntityTypes.has(group.tail_type);
  return groups.filter(wouldBeShown).reduce((sum, group) => sum + group.count, 0);
}
