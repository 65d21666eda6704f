"""Training examples, their order, and batches with freshly drawn negatives."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil

import numpy as np
import torch
from torch import Tensor
from transformers.utils import logging

from ..data.documents import Document, Entity, Relation
from ..data.neighbours import number_by_document
from ..data.sampling import Candidates, GoldCandidates, SamplingSettings, gold_candidates, sample_candidates
from ..data.schema import TypeSchema
from ..model.modeling_spert import IGNORED_LABEL
from ..model.pieces import Piece, cut, group_by_window, parts_of_texts
from ..model.processing_spert import SpertProcessor
from ..model.subwords import EncodedWords
from .letter_case_copies import Copies

logger = logging.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class TrainingExample:
    """An input of the encoder that is ready for training: a sentence, or a window of several.

    Args:
        name: the id of the first sentence, or its index if it has no id.
        pieces: the sentences.
        gold: the gold candidates of each.
    """

    name: str
    pieces: tuple[Piece, ...]
    gold: tuple[GoldCandidates, ...]

    @property
    def words(self) -> EncodedWords:
        """The sub-words that the encoder reads."""
        return self.pieces[0].encoder_input


def make_examples(
    documents: Sequence[Document], schema: TypeSchema, processor: SpertProcessor
) -> list[TrainingExample]:
    """Tokenize the documents; one that is too long for the encoder gives one example per window.

    With a context window, neighbours in a document (see [`number_by_document`]) are one example. A warning counts the
    entities and relations that no window of a long document holds as a whole.

    Args:
        documents: the documents to train on.
        schema: the types of their entities and relations.
        processor: tokenizes them, and knows the length of a window.
    """
    tokens = [document.tokens for document in documents]
    pieces = cut(processor, tokens, documents=number_by_document(documents, processor.context_window))
    lost_entities = lost_relations = 0
    gold = []
    for document, part in zip(documents, parts_of_texts(pieces, len(documents)), strict=True):
        windows = [(piece.start, piece.end) for piece in pieces[part]]
        parts = [_part(document, *window) for window in windows] if len(windows) > 1 else [document]
        lost_entities += sum(not _windows_of(entity, windows) for entity in document.entities)
        lost_relations += sum(
            not _windows_of(document.entities[relation.head], windows)
            & _windows_of(document.entities[relation.tail], windows)
            for relation in document.relations
        )
        gold += [gold_candidates(one, schema) for one in parts]
    if len(pieces) > len(documents):
        logger.warning(
            f"{len(documents)} documents gave {len(pieces)} windows, as the encoder takes {processor.window_size} "
            f"sub-words at once; {lost_entities} entities and {lost_relations} relations are not trained on, as no "
            "window holds them as a whole"
        )
    return [
        TrainingExample(
            documents[pieces[group[0]].text].id or str(pieces[group[0]].text),
            tuple(pieces[index] for index in group),
            tuple(gold[index] for index in group),
        )
        for group in group_by_window(pieces)
    ]


def warn_of_long_entities(documents: Sequence[Document], max_span_size: int) -> None:
    """Warn of entities that are trained on, as in the published code, but are too long ever to be predicted."""
    sizes = [entity.end - entity.start for document in documents for entity in document.entities]
    too_long = sum(size > max_span_size for size in sizes)
    if too_long:
        logger.warning(
            f"{too_long} of {len(sizes)} entities have more than {max_span_size} tokens (max_span_size), the longest "
            f"{max(sizes)}: the model will not predict them"
        )


def _windows_of(entity: Entity, windows: Sequence[tuple[int, int]]) -> set[int]:
    """Return the indices of the windows that hold an entity as a whole."""
    return {number for number, (start, end) in enumerate(windows) if start <= entity.start and entity.end <= end}


def _part(document: Document, start: int, end: int) -> Document:
    """Return the tokens `[start, end)` of a document, with the entities and relations that lie within them."""
    kept = [index for index, e in enumerate(document.entities) if start <= e.start and e.end <= end]
    place = {old: new for new, old in enumerate(kept)}
    entities = [document.entities[index] for index in kept]
    return Document(
        tokens=document.tokens[start:end],
        entities=[Entity(e.type, e.start - start, e.end - start) for e in entities],
        relations=[
            Relation(r.type, place[r.head], place[r.tail])
            for r in document.relations
            if r.head in place and r.tail in place
        ],
    )


def digest_examples(examples: Sequence[TrainingExample]) -> str:
    """Return the SHA-256 of all that training reads of the examples; it identifies the data and its tokenization."""
    digest = hashlib.sha256()
    for example in examples:
        words = example.words
        digest.update(repr((words.input_ids, words.word_offsets)).encode())
        if words.letter_cases is not None:
            digest.update(repr(words.letter_cases).encode())
        for piece, gold in zip(example.pieces, example.gold, strict=True):
            if piece.window is not None:
                digest.update(repr((piece.first, piece.words.word_offsets)).encode())
            for array in (gold.spans, gold.types, gold.pairs, gold.relations):
                digest.update(array.tobytes())
    return digest.hexdigest()


LENGTH_GROUP = 32
"""Number of neighbouring batches within which `group_by_length` sorts examples."""


def epoch_batches(
    lengths: Sequence[int],
    batch_size: int,
    seed: int,
    epoch: int,
    group_by_length: bool = False,
    copies: Sequence[Copies] = (),
) -> list[list[int]]:
    """Return the *global* batches of an epoch: the indices of the examples of each of its steps.

    The last incomplete batch is dropped, as in the published code, unless it is the only one.

    Args:
        lengths: number of sub-words of each example.
        batch_size: number of examples per step, over all processes and accumulated batches.
        seed: seed of the order, and of the copies that are drawn.
        epoch: index of the epoch.
        group_by_length: put examples of similar length into one batch, which leaves less padding to compute. Only
            neighbours in the shuffled order are grouped, and the batches are shuffled again.
        copies: the examples, after all others, of which an epoch draws some; it has each of the others.
    """
    generator = np.random.default_rng((seed, epoch))
    drawn = [one.draw(generator) for one in copies]
    always = np.arange(len(lengths) - sum(len(one.indices) for one in copies))
    order = generator.permutation(np.concatenate([always, *drawn])).tolist()
    order = order[: len(order) // batch_size * batch_size or len(order)]
    if group_by_length:
        span = batch_size * LENGTH_GROUP
        order = [
            index
            for first in range(0, len(order), span)
            for index in sorted(order[first : first + span], key=lambda index: lengths[index])
        ]
    batches = [order[first : first + batch_size] for first in range(0, len(order), batch_size)]
    return [batches[index] for index in generator.permutation(len(batches))] if group_by_length else batches


class BatchMaker:
    """Makes batches of candidates; seed, epoch and sentence decide what is in them, whichever process makes them.

    Args:
        examples: all training examples.
        processor: pads the sub-words.
        settings: settings of negative sampling.
        seed: seed of the negatives.
    """

    def __init__(
        self, examples: Sequence[TrainingExample], processor: SpertProcessor, settings: SamplingSettings, seed: int
    ) -> None:
        self._examples = examples
        self.lengths = [len(example.words.input_ids) for example in examples]
        """Number of sub-words of each example."""
        self._processor = processor
        self._settings = settings
        self._seed = seed

    def __call__(self, indices: Sequence[int], epoch: int) -> dict[str, Tensor]:
        """Draw negatives for the examples and pad them to one batch, as [`SpertModel.forward`] takes it."""
        pieces: list[Piece] = []
        candidates = []
        for index in indices:
            example, generator = self._examples[index], np.random.default_rng((self._seed, epoch, index))
            pieces += example.pieces
            candidates += [sample_candidates(gold, self._settings, generator) for gold in example.gold]
        return self._processor.collate_pieces(pieces) | _pad_candidates(candidates)


def _pad_candidates(candidates: Sequence[Candidates]) -> dict[str, Tensor]:
    return {
        "spans": _pad([one.spans for one in candidates], 0),
        "entity_labels": _pad([one.types for one in candidates], IGNORED_LABEL),
        "pairs": _pad([one.pairs for one in candidates], 0),
        "relation_labels": _pad([one.relations for one in candidates], IGNORED_LABEL),
    }


def _pad(arrays: Sequence[np.ndarray], value: int) -> Tensor:
    """Stack arrays of different lengths, *(batch, longest, …)*."""
    longest = max(len(array) for array in arrays)
    padded = np.full((len(arrays), longest, *arrays[0].shape[1:]), value, dtype=arrays[0].dtype)
    for row, array in zip(padded, arrays, strict=True):
        row[: len(array)] = array
    return torch.from_numpy(padded)


def candidate_counts(batch: dict[str, Tensor]) -> tuple[int, int]:
    """Return the numbers of spans and of pairs in a batch, without padding."""
    spans = int((batch["entity_labels"] != IGNORED_LABEL).sum())
    labels = batch["relation_labels"]
    return spans, int((labels[..., 0] != IGNORED_LABEL).sum()) if labels.shape[-1] else 0


def split_batch(batch: Sequence[int], size: int, processes: int) -> list[Sequence[int]]:
    """Split a global batch evenly into batches of at most `size` examples, none of them empty.

    The process of rank `r` takes every `processes`-th batch, starting with the `r`-th. Each process gets at least one,
    and all get the same number unless the examples are too few for that.
    """
    parts = min(processes * ceil(len(batch) / (size * processes)), len(batch))
    ends = [len(batch) * part // parts for part in range(parts + 1)]
    return [batch[start:end] for start, end in pairwise(ends)]
