"""SpertModel: encoder → span scores → relation scores, and the loss."""

import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from .base_model import embedding_width, make_encoder, usable_sequence_length
from .batching_spert import PADDING_COST
from .configuration_spert import SpertConfig
from .encoders_spert import is_computed_alone, reason_against, use_full_attention
from .forking_spert import make_forks_safe
from .output import SpertOutput, SpertScores
from .packing_spert import find_packing, takes_packed
from .processing_spert import LETTER_CASES
from .quick_dropout import QuickDropout
from .span_pooling import RangePooler
from .span_scoring import SpanScoring
from .watching_spert import WatchedModule

_NAMED_FOR_TRANSFORMERS = """
from .abbreviations_spert import *
from .attention_dropout import *
from .card_spert import *
from .choices_spert import *
from .collections_spert import *
from .decoding_spert import *
from .encoder_checks_spert import *
from .errors import *
from .given_spert import *
from .hub_spert import *
from .inference_spert import *
from .languages_spert import *
from .layers import *
from .loading_spert import *
from .messages_spert import *
from .onednn_linear import *
from .pipeline_spert import *
from .ranking_spert import *
from .selection_spert import *
from .sentences_spert import *
from .setting_checks_spert import *
from .signatures_spert import *
from .text_reader_spert import *
from .text_reading_spert import *
from .versions_spert import *
from .words_spert import *
from .workers_spert import *
"""
"""Read by transformers, which copies with a file what lines like these in its text name. Before 5.16 it copies, of a
folder, nothing that those files name in turn, and it saves with a model what is named here: so the pipeline travels."""

IGNORED_LABEL = -100
"""Label of padding among candidates, as elsewhere in transformers."""

_IN_SINGLE_PRECISION = ["entity_classifier", "relation_classifier", "size_embeddings"]
"""Modules that stay so in half precision: only the encoder gains speed, but scores would lose all but a few digits. (A
list, as transformers 5.0 passes over anything else.)"""


class SpertModel(SpanScoring):
    """SpERT (Eberts & Ulges, ECAI 2020) over any encoder that `AutoModel` loads.

    Every span of up to `config.max_span_size` words is classified from the encoder's first position, its pooled
    sub-words and its size; every ordered pair of predicted entities from the two spans, their sizes and the context.
    """

    supports_gradient_checkpointing = True
    _keep_in_fp32_modules_strict = _IN_SINGLE_PRECISION
    _supports_sdpa = True
    _supports_flash_attn = True
    _supports_flex_attn = True
    _supports_attention_backend = True

    def __init__(self, config: SpertConfig) -> None:
        make_forks_safe()
        super().__init__(config)
        if reason := reason_against(config.encoder_config):  # an old checkpoint's, perhaps: what is made is refused
            warnings.warn(f"encoder: of type {config.encoder_config.model_type}, {reason}", stacklevel=2)
        use_full_attention(config.encoder_config)
        self.encoder = make_encoder(config.encoder_config)
        if config.max_sequence_length is None:
            config.max_sequence_length = usable_sequence_length(self.encoder)
        hidden, size_dim = config.hidden_size, config.size_embedding_dim
        self.size_embeddings = nn.Embedding(config.size_embedding_count, size_dim) if size_dim else None
        self.letter_case_embeddings = (
            nn.Embedding(len(LETTER_CASES), embedding_width(self.encoder)) if config.letter_case_embeddings else None
        )
        self.entity_classifier = nn.Linear(2 * hidden + size_dim, 1 + len(config.entity_types))
        self.relation_classifier = (
            nn.Linear(3 * hidden + 2 * size_dim, len(config.relation_types)) if config.relation_types else None
        )
        self.dropout = QuickDropout(config.classifier_dropout)
        self.encoder_source: tuple[str, dict[str, Any]] = ("", {})
        self.encoder_runtime = None
        self.post_init()
        if self.letter_case_embeddings is not None:  # at first, a pretrained encoder works as it did
            nn.init.zeros_(self.letter_case_embeddings.weight)

    @property
    def encoder_runtime(self) -> Callable[[Tensor, Tensor], Tensor] | None:
        """What computes the encoder in place of torch where no gradients are recorded: from vectors of sub-words and
        attention mask to hidden states. It holds weights of its own, so that it is dropped, with a warning, once the
        encoder is no longer what it was when the runtime was set; training puts an end to it, too.
        """
        runtime, watched = self.__dict__.get("_runtime", (None, None))
        if runtime is not None and not watched.is_unchanged(self.encoder):
            self.encoder_runtime = runtime = None
            warnings.warn(
                "the encoder has changed since its runtime was made of it (use_openvino), so that torch computes it "
                "again; call use_openvino anew for the encoder as it is now",
                stacklevel=2,
            )
        return runtime

    @encoder_runtime.setter
    def encoder_runtime(self, runtime: Callable[[Tensor, Tensor], Tensor] | None) -> None:
        # In one piece, as threads may share the model.
        self.__dict__["_runtime"] = (runtime, None if runtime is None else WatchedModule(self.encoder))

    @property
    def has_encoder_runtime(self) -> bool:
        """Whether a runtime was set; whether the encoder is still the same is only looked at where it is computed."""
        return self.__dict__.get("_runtime", (None, None))[0] is not None

    def __getstate__(self) -> dict[str, Any]:
        """For copies and pickles, which have the runtime, too: made of the same weights, but not watching these."""
        return {**self.__dict__, "_runtime": (self.encoder_runtime, None)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """As of every module; a model may come to a process as a pickle, too."""
        make_forks_safe()
        super().__setstate__(state)
        self.encoder_runtime = state.get("_runtime", (None, None))[0]

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        word_offsets: Tensor,
        letter_cases: Tensor | None = None,
        spans: Tensor | None = None,
        entity_labels: Tensor | None = None,
        pairs: Tensor | None = None,
        relation_labels: Tensor | None = None,
        return_dict: bool | None = None,
        entities: Tensor | None = None,
        num_spans: Tensor | int | None = None,
        num_pairs: Tensor | int | None = None,
        **encoder_kwargs: Any,
    ) -> SpertOutput | SpertScores | tuple[Tensor, ...]:
        """Score the given candidates or, where none are given, all spans and all pairs of predicted entities.

        Args:
            input_ids: sub-words with the encoder's special ones, *(batch, sub-words)*.
            attention_mask: 1 for sub-words, 0 for padding, *(batch, sub-words)*.
            word_offsets: position of each word's first sub-word, then the end of the last word,
                *(batch, words + 1)*; padded with that end.
            letter_cases: how each sub-word is written, *(batch, sub-words)*, for a model that has embeddings for it.
            spans: candidate spans as words `[start, end)`, *(batch, spans, 2)*.
            entity_labels: their types, 0 = *none*, -100 = padding, *(batch, spans)*.
            pairs: candidate pairs (head, tail), indices into `spans`, *(batch, pairs, 2)*.
            relation_labels: multi-hot over the relation types, a row of -100 = padding,
                *(batch, pairs, relation types)*.
            return_dict: `False` gives a tuple.
            entities: those whose pairs are scored in place of those that are predicted, as [`SpertScores`] has them.
            num_spans: candidate spans that the entity loss is divided by, as transformers' `num_items_in_batch`:
                those of the global batch, where this one is a part of it. By default the labelled ones here.
            num_pairs: candidate pairs that the relation loss is divided by, likewise.
            encoder_kwargs: further arguments of the encoder's `forward`.

        Returns:
            [`SpertOutput`] of given candidates, otherwise [`SpertScores`]; or a tuple of what in it is not `None`.
        """
        hidden = self.encode(input_ids, attention_mask, letter_cases, **encoder_kwargs)
        output: SpertOutput | SpertScores
        if spans is None:
            output = self.score_all(hidden, word_offsets, entities)
        else:
            entity_logits, relation_logits = self._score_candidates(hidden, word_offsets, spans, pairs)
            losses = (
                entity_loss(entity_logits, entity_labels, num_spans),
                relation_loss(relation_logits, relation_labels, num_pairs),
            )
            given = [loss for loss in losses if loss is not None]
            total = sum(given[1:], start=given[0]) if given else None
            output = SpertOutput(total, *losses, entity_logits, relation_logits)
        return output if return_dict in (None, True) else output.to_tuple()

    def train(self, mode: bool = True) -> "SpertModel":
        """As of every module; training changes weights, so it gives the encoder back to torch."""
        if mode:
            self.encoder_runtime = None
        return super().train(mode)

    def encode(
        self, input_ids: Tensor, attention_mask: Tensor, letter_cases: Tensor | None = None, **encoder_kwargs: Any
    ) -> Tensor:
        """Hidden states, *(batch, sub-words, hidden)*, in the classifiers' precision; arguments as of `forward`."""
        if is_computed_alone(self.encoder) and (len(input_ids) > 1 or not attention_mask.all()):
            return self._encode_one_at_a_time(input_ids, attention_mask, letter_cases, **encoder_kwargs)
        runtime = None if torch.is_grad_enabled() or encoder_kwargs else self.encoder_runtime
        if runtime is not None:
            hidden = runtime(self.embed(input_ids, letter_cases), attention_mask)
        elif not encoder_kwargs and (packing := find_packing(self.encoder, input_ids, attention_mask)):
            letter_cases = None if letter_cases is None else packing.pack(letter_cases)
            where = {"position_ids": packing.position_ids, "packed_runs": packing.runs}
            hidden = packing.unpack(self._run_encoder(packing.pack(input_ids), letter_cases, **where))
        else:
            hidden = self._run_encoder(input_ids, letter_cases, attention_mask=attention_mask, **encoder_kwargs)
        return hidden.to(self.entity_classifier.weight.dtype)

    def _encode_one_at_a_time(
        self, input_ids: Tensor, attention_mask: Tensor, letter_cases: Tensor | None, **encoder_kwargs: Any
    ) -> Tensor:
        """As `encode`, for encoders in which padding would have a part in what words get; zeros for padding."""
        is_word = attention_mask.bool()
        if is_word[:, :-1].lt(is_word[:, 1:]).any():
            given = f"given padding before sub-words to a {type(self.encoder).__name__}"
            raise ValueError(f"attention_mask: {given}, which can't be told of it; allowed padding at the end")
        longest = input_ids.shape[1]
        hidden = []
        for row, length in enumerate(is_word.sum(1).clamp(min=1).tolist()):
            own = slice(row, row + 1), slice(0, length)
            cases = None if letter_cases is None else letter_cases[own]
            states = self.encode(input_ids[own], torch.ones_like(input_ids[own]), cases, **encoder_kwargs)
            hidden.append(functional.pad(states, (0, 0, 0, longest - length)))
        return torch.cat(hidden)

    def _run_encoder(self, input_ids: Tensor, letter_cases: Tensor | None, **encoder_kwargs: Any) -> Tensor:
        inputs = (
            {"input_ids": input_ids}
            if self.letter_case_embeddings is None
            else {"inputs_embeds": self.embed(input_ids, letter_cases)}
        )
        hidden: Tensor = self.encoder(**inputs, return_dict=True, **encoder_kwargs).last_hidden_state
        return hidden

    @property
    def padding_cost(self) -> float:
        """What a sub-word of padding in a batch takes on a CPU, of what one of a word takes."""
        if is_computed_alone(self.encoder):
            return PADDING_COST
        computes_padding = self.has_encoder_runtime or not takes_packed(self.encoder)
        return 1.0 if computes_padding else PADDING_COST

    def embed(self, input_ids: Tensor, letter_cases: Tensor | None = None) -> Tensor:
        """Vectors of sub-words as the encoder takes them, *(batch, sub-words, embedding)*; arguments as of `forward`.

        Raises:
            ValueError: if the letter cases are missing.
        """
        vectors: Tensor = self.encoder.get_input_embeddings()(input_ids)
        if self.letter_case_embeddings is None:
            return vectors
        if letter_cases is None:
            raise ValueError("letter_cases: given none, but this model has letter_case_embeddings")
        return vectors + self.letter_case_embeddings(letter_cases).to(vectors.dtype)

    def _score_candidates(
        self, hidden: Tensor, word_offsets: Tensor, spans: Tensor, pairs: Tensor | None
    ) -> tuple[Tensor, Tensor | None]:
        """Score given spans and pairs: the road of training, where dropout falls on each candidate's own input."""
        batch, count = spans.shape[:2]
        pooler = RangePooler(hidden, self.config.span_pooling, hidden.shape[1])
        rows = torch.arange(batch, device=spans.device).unsqueeze(-1)
        span_vectors = self._pool_spans(pooler, rows.expand(batch, count), word_offsets, spans).view(
            batch, count, hidden.shape[-1]
        )
        size_vectors = self._embed_sizes(spans[..., 1] - spans[..., 0])
        start_vectors = hidden[:, :1].expand(batch, count, -1)
        entity_input = _join(start_vectors, span_vectors, size_vectors)
        entity_logits = self.entity_classifier(self.dropout(entity_input))
        if self.relation_classifier is None or pairs is None:
            return entity_logits, None

        heads, tails = pairs.unbind(-1)
        rows = rows.expand_as(heads)
        starts, ends = self._context_ranges(
            word_offsets, rows.flatten(), spans[rows, heads].view(-1, 2), spans[rows, tails].view(-1, 2)
        )
        contexts = pooler(rows.flatten(), starts, ends).view(*heads.shape, hidden.shape[-1])
        relation_input = _join(
            contexts,
            span_vectors[rows, heads],
            span_vectors[rows, tails],
            None if size_vectors is None else size_vectors[rows, heads],
            None if size_vectors is None else size_vectors[rows, tails],
        )
        return entity_logits, self.relation_classifier(self.dropout(relation_input))


def entity_loss(logits: Tensor, labels: Tensor | None, num_spans: Tensor | int | None = None) -> Tensor | None:
    """Cross-entropy of labelled candidate spans, their sum over `num_spans`; by default their mean.

    Shapes as in [`SpertModel.forward`]. `None` without labels, or where no number is given and all are padding.
    """
    if labels is None or (num_spans is None and not (labels != IGNORED_LABEL).any()):
        return None
    logits, labels = logits.flatten(0, 1).float(), labels.flatten()
    if num_spans is None:
        return functional.cross_entropy(logits, labels, ignore_index=IGNORED_LABEL)
    return functional.cross_entropy(logits, labels, ignore_index=IGNORED_LABEL, reduction="sum") / num_spans


def relation_loss(logits: Tensor | None, labels: Tensor | None, num_pairs: Tensor | int | None = None) -> Tensor | None:
    """Binary cross-entropy of labelled candidate pairs, a mean over the types, and their sum over `num_pairs`; by
    default their mean.

    Shapes as in [`SpertModel.forward`]. `None` without labels, or where no number is given and all are padding.
    """
    if logits is None or labels is None:
        return None
    labelled = labels[..., 0] != IGNORED_LABEL
    if num_pairs is None:
        if not labelled.any():
            return None
        return functional.binary_cross_entropy_with_logits(logits[labelled].float(), labels[labelled].float())
    # Padding is computed and left out, so that nothing has to be known of the labels before the device has them.
    losses = functional.binary_cross_entropy_with_logits(logits.float(), labels.clamp(min=0).float(), reduction="none")
    return losses.mean(-1).where(labelled, 0).sum() / num_pairs


def _join(*parts: Tensor | None) -> Tensor:
    return torch.cat([part for part in parts if part is not None], dim=-1)
