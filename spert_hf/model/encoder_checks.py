"""A test run of a model's encoder on a few sub-words, for properties that are not in its config."""

from typing import Any

import torch
from torch import Tensor

from .encoders import ALLOWED, width_of
from .messages import must_be

LARGEST_DIFFERENCE = 1e-3
"""Tolerance between the results of a sequence alone and in a batch with a longer one, relative to the largest value."""

_LENGTHS = (5, 12)


@torch.no_grad()
def check_encoder(source: str, model: Any) -> None:
    """Refuse an encoder that needs other inputs than sub-words, is causal, or whose results depend on the batch.

    Args:
        source: name of the encoder in the message.
        model: a [`SpertModel`] with the encoder's weights.

    Raises:
        ValueError: the encoder can't be used; the message states the reason and what is allowed.
    """
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.random.fork_rng(devices=[]):  # the test must not change the random state, and so the initial weights
            reason = _find_fault(model)
    finally:
        for module, training in modes:
            module.training = training
    if reason is not None:
        given = f"{source}, a {type(model.encoder).__name__}"
        raise ValueError(must_be("encoder", ALLOWED, f"{given}, {reason}"))


def _find_fault(model: Any) -> str | None:
    short, long = _LENGTHS
    try:
        embeddings: Any = model.encoder.get_input_embeddings()
        count = embeddings.weight.shape[0]
        ids = torch.arange(5, 5 + 2 * long, device=model.device).view(2, long) % count
        alone = _encode(model, ids[:1, :short])
        mask = torch.ones_like(ids)
        mask[0, short:] = 0
        padding: int = getattr(model.config.encoder_config, "pad_token_id", None) or 0
        together = _encode(model, ids.where(mask.bool(), ids.new_tensor(padding % count)), mask)
        by_ids = model.encoder(input_ids=ids[:1, :short], return_dict=True).last_hidden_state.float()
        changed = _encode(model, torch.cat((ids[:1, :1], ids[1:, : short - 1]), dim=1))
    except Exception as error:  # error classes differ between families
        return f"which can't be given sub-words alone: {' '.join(str(error).split())[:200]}"
    if alone.shape != (1, short, width_of(model.config.encoder_config)):
        return f"which gives no vector of its hidden_size for each sub-word, but {list(alone.shape)} for {short}"
    if model.letter_case_embeddings is not None and not _are_close(alone, by_ids):
        return "which computes vectors in place of sub-words otherwise, so that letter_case_embeddings can't be added"
    # Masked sub-words have exactly no effect; others change some digits.
    if torch.equal(alone[0, 0], changed[0, 0]):
        return "a causal model (a decoder), in which no sub-word sees those that follow it"
    if not _are_close(together[:1, :short], alone):
        return "whose results depend on the batch: what a sequence gets alone is not what it gets beside a longer one"
    return None


def _encode(model: Any, ids: Tensor, mask: Tensor | None = None) -> Tensor:
    cases = None if model.letter_case_embeddings is None else torch.zeros_like(ids)
    return model.encode(ids, torch.ones_like(ids) if mask is None else mask, cases).float()


def _are_close(some: Tensor, others: Tensor) -> bool:
    return bool((some - others).abs().max() <= LARGEST_DIFFERENCE * others.abs().max())
