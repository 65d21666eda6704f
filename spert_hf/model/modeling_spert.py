"""SpertModel: encoder → span scores → relation scores, and the loss."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import AutoConfig, AutoModel, PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase
from transformers.utils import ModelOutput

from .batching_spert import PADDING_COST
from .configuration_spert import SpertConfig
from .encoder_checks_spert import check_encoder
from .encoders_spert import (
    check_encoder_config,
    encoder_of,
    is_computed_alone,
    reason_against,
    use_full_attention,
)
from .forking_spert import make_forks_safe
from .hub_spert import WholeCheckpoint, find_tokenizer
from .loading_spert import load_checked
from .onednn_linear import use_onednn
from .packing_spert import find_packing, first_position, takes_packed, use_packing
from .processing_spert import LETTER_CASES
from .quick_dropout import QuickDropout, use_quick_dropout
from .ranking_spert import MOST_PAIRED_ENTITIES, MOST_RELATIONS, PAIR_SCORES_AT_ONCE, best_of_each, exceeds
from .signatures_spert import forbidden_relations
from .span_pooling import RangePooler, pool_spans_by_size, pool_words
from .watching_spert import WatchedModule

_NAMED_FOR_TRANSFORMERS = """
from .abbreviations_spert import *
from .attention_dropout import *
from .card_spert import *
from .collections_spert import *
from .decoding_spert import *
from .errors import *
from .given_spert import *
from .inference_spert import *
from .languages_spert import *
from .layers import *
from .pipeline_spert import *
from .selection_spert import *
from .sentences_spert import *
from .setting_checks_spert import *
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

CONTEXTS_PER_CHUNK = 8192
"""Contexts that are pooled at once: bounds the memory of sentences with hundreds of entities."""


@dataclass
class SpertOutput(ModelOutput):
    """What [`SpertModel`] returns. Which fields are set depends on whether candidates were given.

    Fields are given when it is made: in transformers 5.0 those that are set later are no items of it.

    Args:
        loss: sum of the two losses, a scalar; with labels only.
        entity_loss: cross-entropy, mean over all candidate spans of the batch. `None` where the batch has none.
        relation_loss: binary cross-entropy, mean over the relation types and over all candidate pairs of the batch.
            `None` where the batch has no pair.
        entity_logits: with `spans` given *(batch, spans, 1 + entity types)*; otherwise of all spans,
            *(batch, sizes, words, 1 + entity types)*: `[b, s, w]` is the span of `s + 1` words from word `w` on, and a
            span that would run over the end of its sentence is *none* with probability 1. Index 0 is *none*.
        relation_logits: with `pairs` given *(batch, pairs, relation types)*; otherwise of the pairs of predicted
            entities, *(pairs, relation types)*, for the whole batch.
        entities: the predicted entities of the whole batch, *(entities, 4)*, `int64`: row of the batch, first word,
            end word (exclusive), entity type (from 1); in the order of row, size, first word.
        pairs: indices into `entities` of head and tail, *(pairs, 2)*, `int64`: all ordered pairs of two different
            entities of a sentence, in the order of (head, tail). Of a sentence with more than
            [`MOST_PAIRED_ENTITIES`] only the surest are paired; of a batch with more than [`PAIR_SCORES_AT_ONCE`]
            scores only the likeliest pairs are there.
    """

    loss: Tensor | None = None
    entity_loss: Tensor | None = None
    relation_loss: Tensor | None = None
    entity_logits: Tensor | None = None
    relation_logits: Tensor | None = None
    entities: Tensor | None = None
    pairs: Tensor | None = None


class SpertModel(PreTrainedModel):
    """SpERT (Eberts & Ulges, ECAI 2020) over any encoder that `AutoModel` loads.

    Every span of up to `config.max_span_size` words is classified from the encoder's first position, its pooled
    sub-words and its size; every ordered pair of predicted entities from the two spans, their sizes and the context.
    """

    config_class = SpertConfig
    config: SpertConfig
    base_model_prefix = ""
    main_input_name = "input_ids"
    find_encoder: Callable[[str], str] = staticmethod(str)
    """Says from where [`SpertModel.from_encoder`] loads an encoder; the package has it look among packages, too."""
    supports_gradient_checkpointing = True
    # In half precision only the encoder gains speed, but scores would lose all but two or three digits.
    # A list, as transformers 5.0 passes over anything else.
    _keep_in_fp32_modules_strict: ClassVar[list[str]] = ["entity_classifier", "relation_classifier", "size_embeddings"]
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
        self.encoder = _make_encoder(config.encoder_config)
        if config.max_sequence_length is None:
            config.max_sequence_length = usable_sequence_length(self.encoder)
        hidden, size_dim = config.hidden_size, config.size_embedding_dim
        self.size_embeddings = nn.Embedding(config.size_embedding_count, size_dim) if size_dim else None
        self.letter_case_embeddings = (
            nn.Embedding(len(LETTER_CASES), self.encoder.get_input_embeddings().weight.shape[1])
            if config.letter_case_embeddings
            else None
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

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: Any, *model_args: Any, **kwargs: Any) -> Any:
        """Load a checkpoint as any model of transformers, but only a sound one; see [`load_checked`]."""
        return load_checked(super().from_pretrained, cls, pretrained_model_name_or_path, *model_args, **kwargs)

    @classmethod
    def from_encoder(
        cls,
        encoder: str,
        *,
        config: SpertConfig | None = None,
        hub_kwargs: dict[str, Any] | None = None,
        **settings: Any,
    ) -> "SpertModel":
        """Make a model with a pretrained encoder and fresh classifiers.

        Args:
            encoder: folder or Hub id of any encoder that `AutoModel` loads, or of an encoder-decoder model, of which
                the encoder is taken; docs/encoders.md has a table of the families.
            config: a ready config; by default one is made of the encoder's config and `settings`.
            hub_kwargs: passed on to `AutoConfig` and `AutoModel` (`token`, `revision`, `cache_dir`, …).
            settings: arguments of [`SpertConfig`], such as `entity_types` and `relation_types`.

        Raises:
            ValueError: if the model is not an encoder, or its weights cannot be read or are not all there. A few
                sub-words are computed to find out what its config does not tell.
        """
        hub_kwargs = hub_kwargs or {}
        name = encoder
        if not hub_kwargs.get("revision"):  # elsewhere than on the Hub there is but one
            encoder = cls.find_encoder(encoder)
        if config is None:
            encoder_config = AutoConfig.from_pretrained(encoder, **hub_kwargs)
            if encoder_config.model_type == SpertConfig.model_type:
                raise ValueError(f"encoder: given {name}, a SpERT model; allowed a model that is only an encoder")
            config = SpertConfig(encoder_config=encoder_config, **settings)
            if encoder != name:  # what it is called everywhere
                config.encoder_config.name_or_path = name
        check_encoder_config(name, config.encoder_config)
        model = cls(config)
        # Classifiers are trained in single precision, so the encoder is too, whatever its weights were stored in.
        loaded = _without_pooler(load_encoder, encoder, config=config.encoder_config, dtype=torch.float32, **hub_kwargs)
        model.encoder = _prepared(loaded)
        model.encoder_source = (encoder, hub_kwargs)
        check_encoder(name, model)
        return model

    def push_to_hub(
        self,
        repo_id: str,
        *,
        tokenizer: PreTrainedTokenizerBase | None = None,
        tags: str | list[str] | None = None,
        **upload: Any,
    ) -> Any:
        """Upload all that is needed to use the model: weights, config, code, tokenizer and a card, in one commit.

        Args:
            repo_id: repository on the Hub; made if it does not exist.
            tokenizer: the model's. By default it is loaded from where the model came from: the folder or repository
                given to `from_pretrained`, or the encoder given to `from_encoder`.
            tags: more tags for the card.
            upload: as transformers' `push_to_hub` takes them: `commit_message`, `commit_description`, `private`,
                `token`, `revision` (a branch), `create_pr`, `max_shard_size`.

        Raises:
            ValueError: if no tokenizer is given and none is found; nothing is uploaded then.
        """
        if tokenizer is None:
            tokenizer = find_tokenizer(self, upload.get("token"))
        own_tags = [tags] if isinstance(tags, str) else tags or []
        whole = WholeCheckpoint(self, tokenizer, [*(self.model_tags or []), *own_tags])
        return whole.push_to_hub(repo_id, **{"commit_message": f"Upload {type(self).__name__}", **upload})

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
        **encoder_kwargs: Any,
    ) -> SpertOutput | tuple[Tensor, ...]:
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
            entities: those whose pairs are scored in place of those that are predicted, as [`SpertOutput`] has them.
            encoder_kwargs: further arguments of the encoder's `forward`.

        Returns:
            [`SpertOutput`], or a tuple of its fields that are not `None`.
        """
        hidden = self.encode(input_ids, attention_mask, letter_cases, **encoder_kwargs)
        if spans is None:
            output = self.score_all(hidden, word_offsets, entities)
        else:
            output = self._score_candidates(hidden, word_offsets, spans, pairs)
            entity_loss, relation_loss = candidate_losses(
                output.entity_logits, entity_labels, output.relation_logits, relation_labels
            )
            losses = [loss for loss in (entity_loss, relation_loss) if loss is not None]
            loss = sum(losses[1:], start=losses[0]) if losses else None
            output = replace(output, loss=loss, entity_loss=entity_loss, relation_loss=relation_loss)
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
        """What a sub-word of padding in a batch takes on a processor, of what one of a word takes."""
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
    ) -> SpertOutput:
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
        output = SpertOutput(entity_logits=self.entity_classifier(self.dropout(entity_input)))
        if self.relation_classifier is None or pairs is None:
            return output

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
        return replace(output, relation_logits=self.relation_classifier(self.dropout(relation_input)))

    def score_all(self, hidden: Tensor, word_offsets: Tensor, given: Tensor | None = None) -> SpertOutput:
        """Score all spans, then all ordered pairs of those that are entities.

        Args:
            hidden: of [`SpertModel.encode`].
            word_offsets: as of `forward`.
            given: the entities, if they are not to be predicted; sorted by row. A span may have several types.
        """
        pooler = RangePooler(hidden, self.config.span_pooling, hidden.shape[1])
        words = pool_words(pooler, word_offsets)
        entity_logits = self._score_spans(hidden[:, 0], words, word_offsets)
        entities = _predicted_entities(entity_logits) if given is None else given
        paired = _surest_of_each_row(entities, entity_logits)
        pairs = paired[_ordered_pairs(entities[paired, 0])]
        if given is not None:  # one mention with two types is not related to itself
            spans = entities[pairs, 1:3]
            pairs = pairs[(spans[:, 0] != spans[:, 1]).any(-1)]
        output = SpertOutput(entity_logits=entity_logits, entities=entities, pairs=pairs)
        if self.relation_classifier is not None:
            pairs = self._likeliest_pairs(pooler, word_offsets, entities, pairs)
            relation_logits = self._score_pairs(pooler, word_offsets, entities, pairs)
            output = replace(output, pairs=pairs, relation_logits=relation_logits)
        return output

    def _score_spans(self, start_vectors: Tensor, words: Tensor, word_offsets: Tensor) -> Tensor:
        """Logits of all spans, *(batch, sizes, words, 1 + entity types)*, one size at a time.

        The classifier is a sum over the parts of its input, so each part is projected once.
        """
        config, classifier = self.config, self.entity_classifier
        batch, count, hidden_size = words.shape
        sizes = min(config.max_span_size, count)
        start_weight, span_weight, size_weight = classifier.weight.split(
            [hidden_size, hidden_size, config.size_embedding_dim], dim=1
        )
        shared = functional.linear(start_vectors, start_weight, classifier.bias)
        size_logits = self._project_sizes(torch.arange(1, sizes + 1, device=words.device), size_weight)
        counts = word_offsets[:, 1:] - word_offsets[:, :-1]
        spans_by_size = pool_spans_by_size(words, counts, config.span_pooling, sizes)
        logits = torch.stack([functional.linear(spans, span_weight) for spans in spans_by_size], dim=1)
        logits = logits + shared.view(batch, 1, 1, -1)
        if size_logits is not None:
            logits = logits + size_logits.unsqueeze(1)
        return _none_beyond_the_end(logits, (counts > 0).sum(1))

    def _likeliest_pairs(self, pooler: RangePooler, word_offsets: Tensor, entities: Tensor, pairs: Tensor) -> Tensor:
        """All pairs or, where their scores are too many to be held at once, the best of each sentence.

        None is left out that one of the sentence's [`MOST_RELATIONS`] surest relations joins (of a symmetric type, both
        orders of a pair may be scored for one).
        """
        at_once = max(1, PAIR_SCORES_AT_ONCE // len(self.config.relation_types))
        if len(pairs) <= at_once:
            return pairs
        best = []
        for chunk in pairs.split(at_once):
            logits = self._score_pairs(pooler, word_offsets, entities, chunk)
            forbidden = forbidden_relations(self.config, *entities[chunk, 3].unbind(-1))
            if forbidden is not None:
                logits = logits.masked_fill(forbidden, -torch.inf)
            best.append(logits.amax(-1))
        return pairs[best_of_each(entities[pairs[:, 0], 0], torch.cat(best), 2 * MOST_RELATIONS)]

    def _score_pairs(self, pooler: RangePooler, word_offsets: Tensor, entities: Tensor, pairs: Tensor) -> Tensor:
        """Logits of all pairs of predicted entities, *(pairs, relation types)*, as a sum of their parts."""
        config, classifier = self.config, self.relation_classifier
        hidden_size, size_dim = config.hidden_size, config.size_embedding_dim
        weights = classifier.weight.split([hidden_size] * 3 + [size_dim] * 2, dim=1)
        context_weight, head_weight, tail_weight, head_size_weight, tail_size_weight = weights
        if not len(pairs):
            return classifier.weight.new_zeros(0, classifier.out_features)
        rows, spans = entities[:, 0], entities[:, 1:3]
        vectors = self._pool_spans(pooler, rows, word_offsets, spans)
        head_logits = functional.linear(vectors, head_weight, classifier.bias)
        tail_logits = functional.linear(vectors, tail_weight)
        if size_dim:
            sizes = spans[:, 1] - spans[:, 0]
            head_logits = head_logits + self._project_sizes(sizes, head_size_weight)
            tail_logits = tail_logits + self._project_sizes(sizes, tail_size_weight)
        context_logits = self._project_contexts(pooler, word_offsets, entities, pairs, context_weight)
        return context_logits + head_logits[pairs[:, 0]] + tail_logits[pairs[:, 1]]

    def _project_contexts(
        self, pooler: RangePooler, word_offsets: Tensor, entities: Tensor, pairs: Tensor, weight: Tensor
    ) -> Tensor:
        """The contexts' part of the logits of pairs of predicted entities, *(pairs, relation types)*.

        Both orders of a pair have one context, and overlapping entities share theirs with others: each is pooled once.
        """
        rows, spans = entities[pairs[:, 0], 0], entities[:, 1:3]
        starts, ends = self._context_ranges(word_offsets, rows, spans[pairs[:, 0]], spans[pairs[:, 1]])
        length = int(word_offsets.max()) + 1
        keys, place = ((rows * length + starts) * length + ends).unique(return_inverse=True)
        logits = [
            functional.linear(pooler(chunk // length**2, chunk // length % length, chunk % length), weight)
            for chunk in keys.split(CONTEXTS_PER_CHUNK)
        ]
        return torch.cat(logits)[place]

    def _pool_spans(self, pooler: RangePooler, rows: Tensor, word_offsets: Tensor, spans: Tensor) -> Tensor:
        """Vectors of word spans *(…, 2)* in the batch's `rows` *(…)*, flattened to *(spans, hidden)*."""
        rows, spans = rows.reshape(-1), spans.reshape(-1, 2)
        return pooler(rows, word_offsets[rows, spans[:, 0]], word_offsets[rows, spans[:, 1]])

    def _context_ranges(
        self, word_offsets: Tensor, rows: Tensor, heads: Tensor, tails: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Sub-words `[start, end)` of the contexts of pairs of word spans, each *(pairs,)*.

        The range is `[0, 0)`, which pools to zero, where nothing lies between the two.
        """
        if self.config.relation_context == "cls":
            return torch.zeros_like(rows), torch.ones_like(rows)
        if self.config.relation_context == "sentence":
            return word_offsets[rows, 0], word_offsets[rows, -1]
        starts = word_offsets[rows, torch.minimum(heads[:, 1], tails[:, 1])]
        ends = word_offsets[rows, torch.maximum(heads[:, 0], tails[:, 0])]
        between = starts < ends
        return starts * between, ends * between

    def _embed_sizes(self, sizes: Tensor) -> Tensor | None:
        if self.size_embeddings is None:
            return None
        return self.size_embeddings(sizes.clamp(max=self.config.size_embedding_count - 1))

    def _project_sizes(self, sizes: Tensor, weight: Tensor) -> Tensor | None:
        embedded = self._embed_sizes(sizes)
        return None if embedded is None else functional.linear(embedded, weight)


def candidate_losses(
    entity_logits: Tensor, entity_labels: Tensor | None, relation_logits: Tensor | None, relation_labels: Tensor | None
) -> tuple[Tensor | None, Tensor | None]:
    """Entity and relation loss of labelled candidates, each a mean over the batch's candidates that are not padding.

    Shapes as in [`SpertModel.forward`]. Either is `None` without labels, or where all candidates are padding.
    """
    entity_loss = relation_loss = None
    if entity_labels is not None and (entity_labels != IGNORED_LABEL).any():
        entity_loss = functional.cross_entropy(
            entity_logits.flatten(0, 1).float(), entity_labels.flatten(), ignore_index=IGNORED_LABEL
        )
    if relation_logits is not None and relation_labels is not None:
        labelled = relation_labels[..., 0] != IGNORED_LABEL
        if labelled.any():
            relation_loss = functional.binary_cross_entropy_with_logits(
                relation_logits[labelled].float(), relation_labels[labelled].float()
            )
    return entity_loss, relation_loss


def usable_sequence_length(encoder: PreTrainedModel) -> int | None:
    """How many sub-words the encoder takes, special ones included; `None` if its positions set no limit."""
    names = ("max_position_embeddings", "max_encoder_position_embeddings")
    positions = next((getattr(encoder.config, name) for name in names if hasattr(encoder.config, name)), None)
    if not isinstance(positions, int) or positions <= 0:
        return None
    return positions - first_position(encoder)


def load_encoder(source: str, **kwargs: Any) -> PreTrainedModel:
    """Load an encoder with all of its weights; transformers would make up those that are missing, and warn at most.

    Of a model with an encoder and a decoder, the weights of the encoder do, and it alone is given.

    Args:
        source: Its folder or its name on the Hub.
        kwargs: Passed on to `AutoModel.from_pretrained`.

    Raises:
        ValueError: Weights are missing, of other shapes than its config says, or can't be read.
        OSError: There is no such encoder.
    """
    try:
        encoder, report = AutoModel.from_pretrained(
            source, output_loading_info=True, **{**kwargs, "ignore_mismatched_sizes": True}
        )
    except (ImportError, OSError, TypeError, ValueError):
        raise
    except Exception as error:  # safetensors has an error of its own, and it names no file
        raise ValueError(f"encoder: given {source}, whose weights can't be read: {error}") from error
    own = encoder_of(encoder, encoder.config)
    unused = ("decoder.",) if own is not encoder else ()
    missing = sorted(name for name in report["missing_keys"] if "pooler" not in name and not name.startswith(unused))
    if missing:
        raise ValueError(
            f"encoder: given {source}, which lacks {len(missing)} weights of a {type(encoder).__name__}, such as "
            f"{missing[0]}; allowed an encoder with all of them"
        )
    for name, stored, expected in sorted(report["mismatched_keys"]):
        raise ValueError(
            f"encoder: given {source}, whose {name} has the shape {tuple(stored)}, allowed {tuple(expected)}, as its "
            "config says"
        )
    return own


def _make_encoder(config: PreTrainedConfig) -> PreTrainedModel:
    return _prepared(encoder_of(_without_pooler(AutoModel.from_config, config), config))


def _without_pooler(make: Any, *args: Any, **kwargs: Any) -> PreTrainedModel:
    """Make an encoder; SpERT uses no pooler, and weights without a gradient would hinder distributed training."""
    try:
        model: PreTrainedModel = make(*args, add_pooling_layer=False, **kwargs)
    except TypeError:  # this encoder has no such layer
        model = make(*args, **kwargs)
    return model


def _prepared(encoder: PreTrainedModel) -> PreTrainedModel:
    """An encoder with the layers of our own that are quicker."""
    use_onednn(encoder)
    use_quick_dropout(encoder)
    use_packing(encoder)
    return encoder


def _join(*parts: Tensor | None) -> Tensor:
    return torch.cat([part for part in parts if part is not None], dim=-1)


def _none_beyond_the_end(logits: Tensor, word_counts: Tensor) -> Tensor:
    """Make every span that runs over its sentence's end *none* with probability 1."""
    sizes, words = logits.shape[1:3]
    ends = torch.arange(words, device=logits.device) + torch.arange(1, sizes + 1, device=logits.device).unsqueeze(1)
    beyond = ends.unsqueeze(0) > word_counts.view(-1, 1, 1)
    impossible = logits.new_full((logits.shape[-1],), torch.finfo(logits.dtype).min)
    impossible[0] = 0
    return torch.where(beyond.unsqueeze(-1), impossible, logits)


def _predicted_entities(entity_logits: Tensor) -> Tensor:
    """Spans whose best type is not *none*: (row, start, end, type), in the order of row, size, start."""
    types = entity_logits.argmax(-1)
    rows, sizes, starts = types.nonzero(as_tuple=True)
    return torch.stack((rows, starts, starts + sizes + 1, types[rows, sizes, starts]), dim=1)


def _surest_of_each_row(entities: Tensor, entity_logits: Tensor) -> Tensor:
    """Indices of the entities to be paired: all, or in a row with too many those with the highest probability."""
    rows, starts, ends, types = entities.unbind(-1)
    if not exceeds(rows, MOST_PAIRED_ENTITIES):
        return torch.arange(len(rows), device=rows.device)
    # Always the same words: Python keeps every different warning for good.
    warnings.warn(
        f"more than {MOST_PAIRED_ENTITIES} entities were predicted in one sentence: relations are looked for only "
        "between the surest",
        stacklevel=2,
    )
    # Whatever the config's temperature: which relations are found does not depend on it.
    probabilities = entity_logits[rows, ends - starts - 1, starts].float().softmax(-1)
    scores = probabilities.gather(1, types.unsqueeze(-1)).squeeze(-1)
    return best_of_each(rows, scores, MOST_PAIRED_ENTITIES)


def _ordered_pairs(rows: Tensor) -> Tensor:
    """All ordered pairs of different items of the same row, in the order of (head, tail); `rows` is sorted."""
    items = torch.arange(len(rows), device=rows.device)
    counts = torch.bincount(rows) if len(rows) else rows
    first_of_row = counts.cumsum(0) - counts
    partners = counts[rows]
    heads = items.repeat_interleave(partners)
    first_pair = (partners.cumsum(0) - partners)[heads]
    tails = first_of_row[rows[heads]] + torch.arange(len(heads), device=rows.device) - first_pair
    pairs = torch.stack((heads, tails), dim=1)
    return pairs[heads != tails]
