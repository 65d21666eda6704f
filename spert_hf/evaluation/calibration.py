"""Temperature scaling: makes scores say how often predictions are right, without changing the predictions.

A temperature is fitted to what the model predicts, since those are the scores that users see. If it were fitted to all
spans and pairs, as in training, the many that are clearly not an entity or relation would decide it.
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
"""Lowest and highest temperature; beyond, single precision can't tell scores near the threshold from it."""

_BISECTIONS = 50


@dataclass(frozen=True)
class Temperatures:
    """The divisors of logits: [`SpertConfig`]'s `entity_temperature` and `relation_temperature`."""

    entity_temperature: float = 1.0
    relation_temperature: float = 1.0

    @classmethod
    def of(cls, config: SpertConfig) -> Temperatures:
        """Return the temperatures of a config."""
        return cls(config.entity_temperature, config.relation_temperature)

    def apply_to(self, config: SpertConfig) -> None:
        """Set a config's temperatures, and adapt its threshold so that the same relations reach it as before.

        They are the same up to rounding: a relation whose score equals the threshold to six digits may be gained or
        lost. With `overlap="best"`, which resolves overlaps by score, the other one of two entities may be kept.

        Args:
            config: the config, which is changed in place.
        """
        config.relation_threshold = tempered_score(
            config.relation_threshold, config.relation_temperature, self.relation_temperature
        )
        config.entity_temperature = self.entity_temperature
        config.relation_temperature = self.relation_temperature


@dataclass(frozen=True)
class Calibration:
    """The result of calibrating a model.

    Args:
        observations: the observations by split; the temperatures were fitted on the first split.
        before: the model's temperatures before.
        after: the model's temperatures now.
        threshold_before: the model's relation threshold before.
        threshold_after: the model's relation threshold now.
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
        """Return warnings about temperatures that could not be fitted, or not within bounds."""
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
        return f"{name}: {kind} was predicted, so the temperature can't be fitted and stays {temperature:g}"
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
        model: the model, in evaluation mode; its config is changed.
        processor: the model's processor.
        documents: annotated documents, by split. The temperatures are fitted on the first split, which should not have
            been trained on; all splits are measured.
        batch_size: the most windows that go through the encoder at once.

    Raises:
        ValueError: if a split has no documents.
    """
    observations = {split: observe(model, processor, part, batch_size) for split, part in documents.items()}
    before, threshold = Temperatures.of(model.config), model.config.relation_threshold
    after = fit_temperatures(next(iter(observations.values())), unfitted=before)
    after.apply_to(model.config)
    return Calibration(observations, before, after, threshold, model.config.relation_threshold)


def fit_temperatures(observations: Observations, unfitted: Temperatures | None = None) -> Temperatures:
    """Fit temperatures by maximum likelihood of which predictions are right (Guo et al., ICML 2017).

    Args:
        observations: observations of documents that the model was not trained on.
        unfitted: the temperatures to use if nothing was predicted, or all predictions are right or all wrong. Default:
            1 for both.
    """
    unfitted = unfitted or Temperatures()
    entity = fit_entity_temperature(observations.entities)
    relation = fit_relation_temperature(observations.relations)
    return Temperatures(
        unfitted.entity_temperature if entity is None else entity,
        unfitted.relation_temperature if relation is None else relation,
    )


def fit_entity_temperature(entities: EntityObservations) -> float | None:
    """Minimise the cross-entropy of the predicted entities' types; return `None` if all are right or all wrong."""
    logits = entities.logits.double()
    return _likeliest(lambda factor: functional.cross_entropy(factor * logits, entities.types), entities.right)


def fit_relation_temperature(relations: RelationObservations) -> float | None:
    """Minimise the binary cross-entropy of the predicted relations; return `None` if all are right or all wrong."""
    found = relations.only_found()
    logits, right = found.logits.double(), found.right.double()
    return _likeliest(lambda factor: functional.binary_cross_entropy_with_logits(factor * logits, right), found.right)


def _likeliest(loss: Callable[[Tensor], Tensor], right: Tensor) -> float | None:
    """Return the temperature within bounds that minimises a loss, which is a convex function of its inverse."""
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
    """Return how often predictions are right, by their scores.

    Args:
        observations: the observations.
        temperatures: the temperatures for the scores.

    Returns:
        `entities` and `relations`: the reliability of those predicted. `scored_relations`: that of all relations with a
        score of at least [`LOW_SCORE`] at temperature 1, also those below the threshold; these are the same at any
        temperature.
    """
    return {
        "entities": observations.entities.reliability(temperatures.entity_temperature),
        "relations": observations.relations.only_found().reliability(temperatures.relation_temperature),
        "scored_relations": observations.relations.reliability(temperatures.relation_temperature),
    }


def describe_calibration(observations: Observations, before: Temperatures, after: Temperatures) -> dict[str, Any]:
    """Return calibration errors (in percent), counts and bins before and after calibration, as plain JSON.

    Args:
        observations: observations of the documents to measure on, preferably not those of the fit.
        before: the temperatures before.
        after: the fitted temperatures.

    Returns:
        `low_score`, and for each name of [`reliabilities`] what [`Reliability.to_dict`] returns, `before` and `after`.
    """
    described: dict[str, Any] = {"low_score": LOW_SCORE}
    measured = reliabilities(observations, before), reliabilities(observations, after)
    for name in measured[0]:
        described[name] = {when: part[name].to_dict() for when, part in zip(("before", "after"), measured, strict=True)}
    return described
