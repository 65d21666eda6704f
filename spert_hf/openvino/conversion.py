"""Conversion of an encoder from torch to OpenVINO."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from logging import getLogger
from typing import Any, cast

import torch
from torch import Tensor, nn
from transformers.utils import logging

from ..model.messages import must_be
from ..model.modeling_spert import SpertModel
from .imports import import_openvino

_EXAMPLE_SHAPE = (2, 8)
_CHECKED_SHAPES = ((3, 7), (1, 61))
"""Numbers of sequences and sub-words other than the example's, to detect conversions that hold only for its shape."""


class _FromVectors(nn.Module):
    """An encoder that takes vectors of sub-words.

    The vectors come from torch, so that the embeddings are in memory only once and letter case can be added to them.
    """

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, vectors: Tensor, attention_mask: Tensor) -> Tensor:
        hidden: Tensor = self.encoder(
            inputs_embeds=vectors, attention_mask=attention_mask, return_dict=True
        ).last_hidden_state
        return hidden


def convert_encoder(model: SpertModel) -> Any:
    """Convert a model's encoder.

    Args:
        model: the model, on the CPU and in float32.

    Returns:
        An `openvino.Model` from vectors, *(batch, sub-words, embedding size)*, float32, and attention mask, *(batch,
        sub-words)*, int64, to hidden states, *(batch, sub-words, hidden size)*, float32.

    Raises:
        ImportError: if OpenVINO is not installed.
        ValueError: if the model is on another device or has another dtype, or OpenVINO can't convert the encoder.
    """
    openvino = import_openvino()
    weight = model.entity_classifier.weight
    weights = next(model.encoder.parameters())
    if weights.dtype is not torch.float32 or weight.device.type != "cpu":
        given = f"{str(weights.dtype).removeprefix('torch.')} on {weight.device}"
        raise ValueError(must_be("model", "in float32 on cpu, as OpenVINO converts from that", given))
    training = model.training
    model.eval()
    try:
        with torch.inference_mode(False), torch.no_grad(), _silent():
            return openvino.convert_model(
                _FromVectors(model.encoder),
                example_input=example_inputs(model, *_EXAMPLE_SHAPE),
                share_weights=False,  # otherwise later changes of torch's weights would change the converted model
            )
    except Exception as error:  # from the tracer, the encoder or OpenVINO
        reason = " ".join(str(error).partition("\nPlease check")[0].split())  # the rest is advice on calling OpenVINO
        raise ValueError(f"encoder: {type(model.encoder).__name__} can't be converted to OpenVINO: {reason}") from error
    finally:
        model.train(training)


@contextmanager
def _silent() -> Iterator[None]:
    """Suppress the warnings of torch and transformers during tracing, such as those for each comparison of shapes.

    OpenVINO silences the root logger, and so all others, and does not undo that if it fails.
    """
    verbosity = logging.get_verbosity()
    logging.set_verbosity_error()
    root = getLogger()
    level, filters, handlers = root.level, [*root.filters], [*root.handlers]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.set_verbosity(verbosity)
        root.setLevel(level)
        root.filters[:], root.handlers[:] = filters, handlers


def example_inputs(model: SpertModel, sequences: int, length: int) -> tuple[Tensor, Tensor]:
    """Return vectors and attention mask of example sequences, the last of which is padded.

    Args:
        model: the model.
        sequences: number of sequences.
        length: number of sub-words of the longest sequence.
    """
    ids = torch.arange(1, 1 + sequences * length).view(sequences, length)
    ids = ids % len(cast(Tensor, model.encoder.get_input_embeddings().weight))
    mask = torch.ones(sequences, length, dtype=torch.long)
    if sequences > 1:
        mask[-1, length // 2 :] = 0
    return model.embed(ids, torch.zeros_like(ids)).detach(), mask


@torch.no_grad()
def relative_error(model: SpertModel, compute: Any) -> float:
    """Return the norm of the difference of hidden states from torch's over the norm of torch's, on other shapes.

    Args:
        model: the model, in evaluation mode.
        compute: computes hidden states from vectors and attention mask.
    """
    worst = 0.0
    for sequences, most in _CHECKED_SHAPES:
        length = min(most, model.config.max_sequence_length or most)
        vectors, mask = example_inputs(model, sequences, length)
        expected = _FromVectors(model.encoder)(vectors, mask)[mask.bool()]
        worst = max(worst, float((compute(vectors, mask)[mask.bool()] - expected).norm() / expected.norm()))
    return worst
