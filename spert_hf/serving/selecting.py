"""Selection among predictions in the pipeline's output format.

It hides what was found, as the sliders of the demo's page do without predicting again. The pipeline's
`entity_threshold`, in contrast, says what an entity is before overlaps are resolved. With the policies `"keep"` and
`"best"`, which never drops an entity for one with a lower score, both give the same; with `"drop"`, an entity that
overlaps one below the threshold is dropped here and kept there.
"""

from __future__ import annotations

from typing import Any


def select_entities(prediction: dict[str, Any], min_score: float) -> dict[str, Any]:
    """Remove entities with scores below `min_score`, and their relations, from a prediction."""
    place: dict[int, int] = {}
    for index, entity in enumerate(prediction["entities"]):
        if entity["score"] >= min_score:
            place[index] = len(place)
    return {
        "entities": [prediction["entities"][index] for index in place],
        "relations": [
            relation | {"head": place[relation["head"]], "tail": place[relation["tail"]]}
            for relation in prediction["relations"]
            if relation["head"] in place and relation["tail"] in place
        ],
    }
