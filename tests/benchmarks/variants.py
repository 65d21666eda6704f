"""The model in other precisions, with another backend, and with what the recommended recipe adds to it."""

import copy
import tempfile
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import torch

from spert_hf import SpertModel, SpertPipeline
from spert_hf.openvino import quantize_encoder, use_openvino, write_quantized_encoder

from .workloads import Subject


def with_extras(pipeline: SpertPipeline) -> SpertPipeline:
    """The pipeline with embeddings of letter case, signatures of all relations, and overlaps resolved.

    The embeddings are fresh and the signatures allow everything, so that entities and relations stay as many but for
    those that overlap.
    """
    config = copy.deepcopy(pipeline.model.config)
    config.letter_case_embeddings, config.overlap = True, "best"
    every = [list(pair) for pair in product(config.entity_types, repeat=2)]
    config.relation_signatures = dict.fromkeys(config.relation_types, every)
    model = SpertModel(config).eval()
    model.load_state_dict(pipeline.model.state_dict(), strict=False)
    torch.nn.init.zeros_(model.letter_case_embeddings.weight)
    return SpertPipeline(model=model, tokenizer=pipeline.tokenizer)


def in_half_precision(subject: Subject) -> Subject:
    """The model as `pipeline(..., dtype=torch.bfloat16)` loads it: only the classifiers stay in single precision."""
    with tempfile.TemporaryDirectory() as folder:
        subject.model.save_pretrained(folder)
        return replace(subject, model=SpertModel.from_pretrained(folder, dtype=torch.bfloat16))


def quantize(subject: Subject, most: int | None = None) -> Any:
    """The model's encoder in INT8, its ranges measured on (at most so many) sentences of the training split."""
    sentences = [document.tokens for document in subject.splits.train[:most]]
    return quantize_encoder(subject.model, subject.processor, sentences)


def by_openvino(subject: Subject, precision: str, quantized: Any, threads: int) -> Subject:
    """The model with OpenVINO in place of torch for the encoder.

    Args:
        subject: whose encoder `quantized` is.
        precision: see [`use_openvino`].
        quantized: of [`quantize`].
        threads: of OpenVINO.
    """
    with tempfile.TemporaryDirectory() as folder:
        subject.model.save_pretrained(folder)
        model = SpertModel.from_pretrained(folder)
        write_quantized_encoder(Path(folder), model, quantized)
        use_openvino(model, precision, threads=threads)
    return replace(subject, model=model)
