"""Runs the model on texts, for the page and the API."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from spert_hf.model.choices import OVERLAP_POLICIES
from spert_hf.model.decoding import resolve_overlaps
from spert_hf.model.predictions import PredictedEntity, Prediction

from .shares import SCORE_STEPS, best_by_type, count_left_out

if TYPE_CHECKING:
    from spert_hf import SpertPipeline


class Extractor:
    """A pipeline shared by all requests, which it handles one at a time.

    Args:
        pipe: the "spert-extraction" pipeline.
    """

    def __init__(self, pipe: SpertPipeline) -> None:
        self._pipe = pipe
        # In a single thread: torch keeps memory and workers for each thread, and Gradio has dozens.
        self._worker = ThreadPoolExecutor(1, "extraction")
        config = pipe.model.config
        self.relation_threshold: float = config.relation_threshold
        self.overlap: str = config.overlap
        self.knowledge: dict[str, Any] = {
            "entity_types": list(config.entity_types),
            "relation_types": list(config.relation_types),
            "symmetric_relation_types": list(config.symmetric_relation_types),
            "relation_signatures": config.relation_signatures or {},
        }
        """The model's entity types, relation types and type constraints."""

    def extract(
        self, inputs: Sequence[Any], relation_threshold: float | None = None, overlap: str | None = None
    ) -> list[dict[str, Any]]:
        """Extract entities and relations.

        Args:
            inputs: texts, or records with `text` or `tokens`.
            relation_threshold: minimum score of a relation; the model's default if `None`.
            overlap: overlap policy; the model's default if `None`.

        Returns:
            One prediction per input, in the pipeline's output format.
        """
        threshold = self.relation_threshold if relation_threshold is None else relation_threshold
        return self._worker.submit(
            self._pipe, list(inputs), relation_threshold=threshold, overlap=overlap or self.overlap
        ).result()


def policies_by_entity(entities: Sequence[dict[str, Any]]) -> list[list[str]]:
    """For each entity of a prediction, the overlap policies under which the pipeline keeps it."""
    spans = [PredictedEntity(e["token_start"], e["token_end"], e["type"], e["score"]) for e in entities]
    kept = {policy: set(map(id, resolve_overlaps(Prediction(spans), policy).entities)) for policy in OVERLAP_POLICIES}
    return [[policy for policy in OVERLAP_POLICIES if id(span) in kept[policy]] for span in spans]


def make_view(extractor: Extractor, text: str, *, score_floor: float, max_relations: int) -> dict[str, Any]:
    """Extract everything the page needs to show a text with any setting of its controls.

    Args:
        extractor: runs the model.
        text: the text; offsets in the result are in characters (Unicode code points).
        score_floor: minimum score of the returned relations.
        max_relations: maximum number of relations to select for each overlap policy; see `best_by_type`.

    Returns:
        `text`; `entities`, including overlapping ones, and `relations` between them; `policies`, for each entity the
        overlap policies that keep it; the model's types and type constraints (`Extractor.knowledge`),
        `relation_threshold` and `overlap`; `score_floor`; and `left_out`, counts of the relations not
        included; see `count_left_out`.
    """
    (prediction,) = extractor.extract([text], relation_threshold=score_floor, overlap="keep")
    relations = prediction["relations"]
    policies = policies_by_entity(prediction["entities"])
    policies_of_relations = [
        [policy for policy in policies[relation["head"]] if policy in policies[relation["tail"]]]
        for relation in relations
    ]
    chosen: set[int] = set()
    for policy in OVERLAP_POLICIES:
        kept = [index for index, of_relation in enumerate(policies_of_relations) if policy in of_relation]
        chosen.update(best_by_type(relations, kept, max_relations, sure=extractor.relation_threshold))
    thresholds = sorted({extractor.relation_threshold, *(step / SCORE_STEPS for step in range(SCORE_STEPS + 1))})
    return {
        "text": text,
        "entities": prediction["entities"],
        "relations": [relations[index] for index in sorted(chosen)],
        "policies": policies,
        **extractor.knowledge,
        "relation_threshold": extractor.relation_threshold,
        "overlap": extractor.overlap,
        "score_floor": score_floor,
        "left_out": count_left_out(prediction, policies_of_relations, chosen, thresholds),
    }
