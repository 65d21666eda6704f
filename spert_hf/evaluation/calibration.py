"""Temperature scaling: scores that say how often what is found is right, and nothing else found than before.

A temperature is fitted to what the model finds, for those are the scores that people see. Fitted to all spans and
pairs, as in training, it would be settled by the many that nobody takes for an entity or relation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from ..data.documents import Document
from ..model.configuration_spert import SpertConfig
from ..model.decoding import tempered_score
from ..model.inference import DEFAULT_BATCH_SIZE
from ..model.modeling_spert import SpertModel
from ..model.processing_spert import SpertProcessor
from .observation import LOW_SCORE, EntityObservations, Observations, RelationObservations, observe
from .reliability import Reliability

FITTED_TEMPERATURES = (0.25, 16.0)
"""Lowest and highest: beyond, single precision no longer tells scores near the threshold from it."""

_BISECTIONS = 50


@dataclass(frozen=True)
class Temperatures:
    """What logits are divided by: [`SpertConfig`]'s `entity_temperature` and `relation_temperature`."""

    entity_temperature: float = 1.0
    relation_temperature: float = 1.0

    @classmethod
    def of(cls, config: SpertConfig) -> Temperatures:
        """The temperatures that a config has."""
        return cls(config.entity_temperature, config.relation_temperature)

    def apply_to(self, config: SpertConfig) -> None:
        """Set a config's temperatures, and move its threshold so that the same relations reach it as before.

        The same but for rounding: a relation whose score is the threshold, to six digits, may come or go. And where
        overlaps are settled by score (`overlap="best"`), it may be another of two entities that is kept.
        """
        config.relation_threshold = tempered_score(
            config.relation_threshold, config.relation_temperature, self.relation_temperature
        )
        config.entity_temperature = self.entity_temperature
        config.relation_temperature = self.relation_temperature


@dataclass(frozen=True)
class Calibration:
    """What calibrating a model came to.

    Args:
        observations: by split; the temperatures were fitted on the first.
        before: temperatures that the model had.
        after: those it has now.
        threshold_before: lowest score of a relation that the model had.
        threshold_after: that which it has now.
    """

    observations: dict[str, Observations]
    before: Temperatures
    after: Temperatures
    threshold_before: float
    threshold_after: float

    @property
    def fitted_on(self) -> str:
        """The split that the temperatures were fitted on."""
        return next(iter(self.observations))

    def notes(self) -> list[str]:
        """What to know before the temperatures are relied on: where none was fitted, or none within bounds."""
        observed = self.observations[self.fitted_on]
        fitted = {"entities": observed.entities.right, "relations": observed.relations.only_found().right}
        values = (self.after.entity_temperature, self.after.relation_temperature)
        return [
            note
            for (name, right), value in zip(fitted.items(), values, strict=True)
            if (note := _note(name, right, value))
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return temperatures, thresholds and what was measured on each split ([`describe_calibration`]) as JSON."""
        return {
            "fitted_on": self.fitted_on,
            "before": {**asdict(self.before), "relation_threshold": self.threshold_before},
            "after": {**asdict(self.after), "relation_threshold": self.threshold_after},
            "measured_on": {
                split: describe_calibration(observed, self.before, self.after)
                for split, observed in self.observations.items()
            },
        }


def _note(name: str, right: Tensor, temperature: float) -> str | None:
    if not _can_be_fitted(right):
        kind = "none" if not len(right) else "none that is wrong" if right.all() else "none that is right"
        return f"{name}: {kind} was found, so nothing was fitted: the temperature stays {temperature:g}"
    if any(math.isclose(temperature, bound, rel_tol=1e-6) for bound in FITTED_TEMPERATURES):
        return (
            f"{name}: the temperature is the {temperature:g} at which fitting ends; no other fits {len(right)} better"
        )
    return None


def calibrate(
    model: SpertModel,
    processor: SpertProcessor,
    documents: Mapping[str, Sequence[Document]],
    batch_size: int = DEFAULT_BATCH_SIZE,
) -> Calibration:
    """Fit a model's temperatures, and set them in its config.

    Args:
        model: in evaluation mode.
        processor: of the model's tokenizer.
        documents: annotated, by split: the first is fitted on, and should not have been trained on; all are measured.
        batch_size: windows that go through the encoder at once, at most.

    Raises:
        ValueError: if a split has no document.
    """
    observations = {split: observe(model, processor, part, batch_size) for split, part in documents.items()}
    before, threshold = Temperatures.of(model.config), model.config.relation_threshold
    after = fit_temperatures(next(iter(observations.values())), unfitted=before)
    after.apply_to(model.config)
    return Calibration(observations, before, after, threshold, model.config.relation_threshold)


def fit_temperatures(observations: Observations, unfitted: Temperatures | None = None) -> Temperatures:
    """Find the temperatures at which what is right and wrong of the things found is likeliest (Guo et al., ICML 2017).

    Args:
        observations: of documents that the model was not trained on.
        unfitted: what stays where nothing was found, or all of it is right, or all wrong; by default 1.
    """
    unfitted = unfitted or Temperatures()
    entity = fit_entity_temperature(observations.entities)
    relation = fit_relation_temperature(observations.relations)
    return Temperatures(
        unfitted.entity_temperature if entity is None else entity,
        unfitted.relation_temperature if relation is None else relation,
    )


def fit_entity_temperature(entities: EntityObservations) -> float | None:
    """Minimise the cross-entropy of the types of the spans found; `None` if they are all right, or all wrong."""
    logits = entities.logits.double()
    return _likeliest(lambda factor: functional.cross_entropy(factor * logits, entities.types), entities.right)


def fit_relation_temperature(relations: RelationObservations) -> float | None:
    """Minimise the binary cross-entropy of the relations found; `None` if they are all right, or all wrong."""
    found = relations.only_found()
    logits, right = found.logits.double(), found.right.double()
    return _likeliest(lambda factor: functional.binary_cross_entropy_with_logits(factor * logits, right), found.right)


def _likeliest(loss: Callable[[Tensor], Tensor], right: Tensor) -> float | None:
    """The temperature within bounds that minimises a loss of its inverse, which is convex: its slope rises."""
    if not _can_be_fitted(right):
        return None
    lowest, highest = FITTED_TEMPERATURES
    low, high = 1 / highest, 1 / lowest
    for _ in range(_BISECTIONS):
        factor = torch.tensor((low + high) / 2, dtype=torch.float64, requires_grad=True)
        (slope,) = torch.autograd.grad(loss(factor), factor)
        low, high = (low, factor.item()) if slope > 0 else (factor.item(), high)
    return 2 / (low + high)


def _can_be_fitted(right: Tensor) -> bool:
    return bool(right.any() and not right.all())


def reliabilities(observations: Observations, temperatures: Temperatures) -> dict[str, Reliability]:
    """How often things are right, by score.

    Returns:
        `entities` and `relations`: those found. `scored_relations`: also relations below the threshold with a score of
        [`LOW_SCORE`] or more at temperature 1; these are the same whatever the temperature.
    """
    return {
        "entities": observations.entities.reliability(temperatures.entity_temperature),
        "relations": observations.relations.only_found().reliability(temperatures.relation_temperature),
        "scored_relations": observations.relations.reliability(temperatures.relation_temperature),
    }


def describe_calibration(observations: Observations, before: Temperatures, after: Temperatures) -> dict[str, Any]:
    """Give calibration errors (in percent), counts and bins before and after, as plain JSON.

    Args:
        observations: of the documents measured on, best others than those of the fit.
        before: temperatures that the model had.
        after: those fitted.

    Returns:
        `low_score`, and by the names of [`reliabilities`] what [`Reliability.to_dict`] gives, `before` and `after`.
    """
    described: dict[str, Any] = {"low_score": LOW_SCORE}
    measured = reliabilities(observations, before), reliabilities(observations, after)
    for name in measured[0]:
        described[name] = {when: part[name].to_dict() for when, part in zip(("before", "after"), measured, strict=True)}
    return described
