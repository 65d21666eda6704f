"""Teachers: trained models whose mean predictions a model in training learns from, beside the gold labels.

This is knowledge distillation (Hinton et al., 2015) from an ensemble: the targets of each candidate span and pair are
the teachers' probabilities, averaged. The trained model has the size and the speed that it has without teachers.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor
from torch.nn import functional
from transformers import AutoTokenizer

from ..data.documents import Document
from ..data.schema import TypeSchema
from ..model.messages import must_be
from ..model.modeling_spert import IGNORED_LABEL, SpertModel
from ..model.processing_spert import SpertProcessor
from .arguments import SpertTrainingArguments
from .batches import BatchMaker, TrainingExample, digest_examples
from .continuation import read_trained_config
from .preparation import examples_to_train

_DECIDING = (
    *("entity_types", "relation_types", "entity_temperature", "relation_temperature"),
    *("span_pooling", "relation_context"),
)
"""What predictions depend on in a config, beside the shapes of weights and how sentences are read."""
_LABELS = ("entity_labels", "relation_labels")


@dataclass(frozen=True, slots=True)
class SoftTargets:
    """The teachers' mean probabilities for the candidates of a batch.

    Args:
        entities: of each entity type, *(batch, spans, 1 + entity types)*, `float32`.
        relations: of each relation type, *(batch, pairs, relation types)*, `float32`; `None` without relation types.
    """

    entities: Tensor
    relations: Tensor | None

    def entity_loss(self, logits: Tensor, labels: Tensor, num_spans: Tensor | int) -> Tensor:
        """Compute the cross-entropy with the teachers' distributions.

        Args:
            logits: *(batch, spans, 1 + entity types)*.
            labels: *(batch, spans)*, -100 for padding.
            num_spans: the sum over the spans is divided by it.

        Returns:
            The mean over the spans, a scalar in float32.
        """
        losses = -(self.entities * functional.log_softmax(logits.float(), dim=-1)).sum(-1)
        return losses.where(labels != IGNORED_LABEL, 0).sum() / num_spans

    def relation_loss(self, logits: Tensor, labels: Tensor, num_pairs: Tensor | int) -> Tensor:
        """Compute the binary cross-entropy with the teachers' probabilities.

        Args:
            logits: *(batch, pairs, relation types)*.
            labels: *(batch, pairs, relation types)*, -100 for padding.
            num_pairs: the sum over the pairs is divided by it.

        Returns:
            The mean over the pairs and the types, a scalar in float32.
        """
        assert self.relations is not None
        losses = functional.binary_cross_entropy_with_logits(logits.float(), self.relations, reduction="none").mean(-1)
        return losses.where(labels[..., 0] != IGNORED_LABEL, 0).sum() / num_pairs


@dataclass(frozen=True, slots=True)
class _Teacher:
    """A trained model, with the same examples as the model in training.

    Args:
        model: the model, in evaluation mode.
        batches: makes batches of the same candidates, in the sub-words of this model.
        entity_columns, relation_columns: for each type of the data, the column of the model's logits.
        record: what a run records of it.
    """

    model: SpertModel
    batches: BatchMaker
    entity_columns: list[int]
    relation_columns: list[int]
    record: dict[str, Any]


class Teachers:
    """Trained models that a model in training learns from.

    Args:
        accelerator: the run's accelerator.
        arguments: all settings; `teachers` names the models, for which [`check_teachers`] holds.
        documents: all training documents.
        schema: their types.
        examples: the examples of the run.

    Raises:
        ValueError: if one cuts the documents in another way than the run.
        CheckpointError: if one is damaged.
        OSError: if the Hub does not have one, or can't be reached.
    """

    def __init__(
        self,
        accelerator: Accelerator,
        arguments: SpertTrainingArguments,
        documents: Sequence[Document],
        schema: TypeSchema,
        examples: Sequence[TrainingExample],
    ) -> None:
        self._accelerator = accelerator
        load = partial(_load, arguments, documents, schema, examples)
        self._teachers = [load(name) for name in arguments.teacher_names()]
        for teacher in self._teachers:
            teacher.model.to(accelerator.device)

    def describe(self) -> list[dict[str, Any]]:
        """Return what a run records of each: `model`, a folder's name or Hub id; its `revision`; and `sha256`."""
        return [teacher.record for teacher in self._teachers]

    @torch.no_grad()
    def __call__(self, indices: Sequence[int], epoch: int) -> SoftTargets:
        """Return the mean predictions for a batch of examples, for the candidates that the epoch draws.

        Args:
            indices: indices of the examples.
            epoch: index of the epoch, which decides the negatives.
        """
        predictions = [self._predict(teacher, indices, epoch) for teacher in self._teachers]
        entities = torch.stack([entities for entities, _ in predictions]).mean(0)
        relations = [relations for _, relations in predictions if relations is not None]
        return SoftTargets(entities, torch.stack(relations).mean(0) if relations else None)

    def _predict(self, teacher: _Teacher, indices: Sequence[int], epoch: int) -> tuple[Tensor, Tensor | None]:
        """Return a teacher's probabilities, with the types in the order of the data."""
        batch = teacher.batches(indices, epoch)
        inputs = {name: one.to(self._accelerator.device) for name, one in batch.items() if name not in _LABELS}
        with self._accelerator.autocast():
            output = teacher.model(**inputs)
        config = teacher.model.config  # it may be calibrated
        entities = (output.entity_logits.float() / config.entity_temperature).softmax(-1)[..., teacher.entity_columns]
        if output.relation_logits is None:
            return entities, None
        relations = (output.relation_logits.float() / config.relation_temperature).sigmoid()
        return entities, relations[..., teacher.relation_columns]


def check_teachers(arguments: SpertTrainingArguments, schema: TypeSchema) -> None:
    """Check that all teachers are SpERT models for the types of the data, before anything is loaded.

    Args:
        arguments: all settings.
        schema: the types of the data.

    Raises:
        ValueError: if one is not; the message names it.
        OSError: if the Hub does not have one, or can't be reached.
    """
    for name in arguments.teacher_names():
        config = read_trained_config(name, arguments.hub_token, setting="teachers")
        kinds = {
            "entity": schema.entity_names,
            "relation": schema.relation_names,
            "symmetric_relation": schema.symmetric_relation_names,
        }
        for kind, wanted in kinds.items():
            has = getattr(config, f"{kind}_types")
            if set(has) != set(wanted):
                allowed = f"models with the data's {kind.replace('_', ' ')} types ({', '.join(wanted) or 'none'})"
                raise ValueError(must_be("teachers", allowed, f"{name} with {', '.join(has) or 'none'}"))
        if config.context_window != arguments.context_window:
            allowed = f"models with context_window {arguments.context_window}"
            raise ValueError(must_be("teachers", allowed, f"{name} with {config.context_window}"))


def _load(
    arguments: SpertTrainingArguments,
    documents: Sequence[Document],
    schema: TypeSchema,
    examples: Sequence[TrainingExample],
    name: str,
) -> _Teacher:
    hub = {"token": arguments.hub_token} if arguments.hub_token else {}
    config = read_trained_config(name, arguments.hub_token, setting="teachers")
    tokenizer = AutoTokenizer.from_pretrained(name, trust_remote_code=False, **hub)
    processor = SpertProcessor.for_config(tokenizer, config)
    own, _ = examples_to_train(documents, schema, processor, arguments)
    if [_cuts(example) for example in own] != [_cuts(example) for example in examples]:
        allowed = "models that read the training documents in the windows of this run"
        raise ValueError(must_be("teachers", allowed, f"{name}, which takes {processor.window_size} sub-words at once"))
    model = SpertModel.from_pretrained(name, dtype=torch.float32, **hub).eval().requires_grad_(False)
    return _Teacher(
        model,
        BatchMaker(own, processor, arguments.sampling_settings(), arguments.seed),
        [0, *(1 + config.entity_types.index(one) for one in schema.entity_names)],
        [config.relation_types.index(one) for one in schema.relation_names],
        {
            "model": Path(name).name if Path(name).is_dir() else name,
            "revision": getattr(config, "_commit_hash", None),
            "sha256": _digest(model, own),
        },
    )


def _digest(model: SpertModel, examples: Sequence[TrainingExample]) -> str:
    """Return the SHA-256 of all that a teacher's predictions depend on."""
    config = model.config
    digest = hashlib.sha256(repr({name: getattr(config, name) for name in _DECIDING}).encode())
    digest.update(digest_examples(examples).encode())
    for name, tensor in model.state_dict().items():
        digest.update(name.encode())
        digest.update(tensor.contiguous().flatten().view(torch.uint8).numpy())
    return digest.hexdigest()


def _cuts(example: TrainingExample) -> list[tuple[int, int, int]]:
    """Return which words of which documents an example has."""
    return [(piece.text, piece.start, piece.end) for piece in example.pieces]
