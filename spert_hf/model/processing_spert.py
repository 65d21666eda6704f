"""Preparation of the model's inputs from words: sub-words, windows, batches."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from .configuration_spert import SpertConfig
from .encoders import ENCODER_DECODERS
from .forking import computing
from .messages import must, must_be
from .pieces import Piece, pad_pieces
from .subwords import EncodedWords, SubwordEncoder, plain_backend, special_ids

DEFAULT_SEQUENCE_LENGTH = 512
"""The maximum number of sub-words of a window if neither encoder nor tokenizer sets a limit."""


class SpertProcessor(SubwordEncoder):
    """Converts words to sub-words, windows and padded batches, with any fast tokenizer.

    As in SpERT, each word is tokenized separately; a word without sub-words becomes the unknown token.

    Args:
        tokenizer (`PreTrainedTokenizerFast`): the encoder's tokenizer. It is not changed: the processor uses a copy, so
            several threads may share it.
        max_sequence_length (`int`, *optional*): maximum number of sub-words in an encoder input, including special
            tokens; the tokenizer's limit applies, too.
        letter_cases (`bool`): whether to return letter cases, for models with letter-case embeddings.
        max_span_size (`int`): minimum overlap of windows of a long text in words, so that no span is cut off.
        special_first (`bool`): whether to add a special token before the first word if the tokenizer does not, like
            that of T5: the classifiers use the first position to represent the sentence.
        context_window (`int`): maximum number of sub-words of a window that neighbouring sentences share; 0: each is
            read alone.

    Raises:
        ValueError: the tokenizer is not a fast one, or has no unknown token; or a window of this size does not fit into
            the encoder.
    """

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerBase,
        max_sequence_length: int | None = None,
        letter_cases: bool = False,
        max_span_size: int = 1,
        special_first: bool = False,
        context_window: int = 0,
    ) -> None:
        if not tokenizer.is_fast:
            raise ValueError(
                must_be("tokenizer", "a fast tokenizer (one backed by `tokenizers`)", type(tokenizer).__name__)
            )
        self.tokenizer = tokenizer
        backend = plain_backend(tokenizer.backend_tokenizer)
        prefix, suffix = special_ids(backend)
        if special_first and not prefix:
            special = (tokenizer.cls_token_id, tokenizer.bos_token_id, *suffix[:1], tokenizer.eos_token_id)
            prefix = [_first_id(*special, tokenizer.pad_token_id)]
        limits = [max_sequence_length or DEFAULT_SEQUENCE_LENGTH, tokenizer.model_max_length]
        super().__init__(
            backend,
            prefix=prefix,
            suffix=suffix,
            unknown_id=_first_id(tokenizer.unk_token_id, tokenizer.mask_token_id, tokenizer.pad_token_id),
            pad_id=_first_id(tokenizer.pad_token_id, tokenizer.eos_token_id, 0),
            window_size=min(limits) - len(prefix) - len(suffix),
            letter_cases=letter_cases,
            overlap_words=max_span_size,
            context_window=context_window,
        )
        if context_window > self.window_size:
            allowed = f"at most {self.window_size}, as many sub-words as the encoder takes"
            raise ValueError(must_be("context_window", allowed, context_window))

    @classmethod
    def for_config(cls, tokenizer: PreTrainedTokenizerBase, config: SpertConfig) -> "SpertProcessor":
        """Make the processor for a model with this config.

        Args:
            tokenizer: the encoder's tokenizer.
            config: the model's config.

        Raises:
            ValueError: the tokenizer does not fit the encoder: it has no vocabulary, as if made without its files, or a
                larger one than the encoder.
        """
        vocabulary, special = tokenizer.get_vocab(), set(tokenizer.all_special_ids)
        if set(tokenizer.all_special_tokens).issuperset(vocabulary):
            raise ValueError(
                f"tokenizer: {_place(tokenizer)} has only {len(vocabulary)} special tokens; is its tokenizer.json or "
                "vocabulary missing?"
            )
        processor = cls(
            tokenizer,
            config.max_sequence_length,
            config.letter_case_embeddings,
            config.max_span_size,
            # Not for other encoders, as there are checkpoints trained without it.
            special_first=config.encoder_config.model_type in ENCODER_DECODERS,
            context_window=config.context_window,
        )
        embeddings = getattr(config.encoder_config, "vocab_size", math.inf)  # without that setting, any number is valid
        # Encoders may lack embeddings of special tokens that SpERT does not use.
        unused = special - {*processor.prefix, *processor.suffix, processor.unknown_id, processor.pad_id}
        for token, number in vocabulary.items():
            if number >= embeddings and number not in unused:
                raise ValueError(
                    must_be(
                        f"tokenizer: in {_place(tokenizer)}, the id of {token!r}",
                        f"less than {embeddings}, the number of the encoder's embeddings",
                        number,
                    )
                )
        return processor

    def encode(self, sentences: Sequence[Sequence[str]]) -> list[EncodedWords]:
        """Tokenize the words of sentences; see [`SubwordEncoder.encode`]."""
        with computing():  # the tokenizer may hold locks
            return super().encode(sentences)

    def collate(self, sentences: Sequence[EncodedWords]) -> dict[str, Tensor]:
        """Add special tokens, and pad to a batch of tensors; see [`SubwordEncoder.pad`]."""
        return _as_tensors(self.pad(sentences))

    def collate_pieces(self, pieces: Sequence[Piece]) -> dict[str, Tensor]:
        """Do what [`collate`] does for pieces, of which each shared window is encoded once; see [`pad_pieces`]."""
        return _as_tensors(pad_pieces(self, pieces))


def _as_tensors(arrays: dict[str, np.ndarray]) -> dict[str, Tensor]:
    return {name: torch.from_numpy(array) for name, array in arrays.items()}


def _place(tokenizer: PreTrainedTokenizerBase) -> str:
    return f"that of {tokenizer.name_or_path}" if tokenizer.name_or_path else "the given one"


def _first_id(*ids: int | None) -> int:
    found = next((token_id for token_id in ids if token_id is not None), None)
    if found is None:
        raise ValueError(must("tokenizer", "have an unknown, mask or padding token", "none of them"))
    return found
