"""Chooses how a model reads text, so that it gets the tokens and sequences that it is trained on."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import pairwise
from typing import Any

from transformers import PreTrainedTokenizerBase

from ..data.detokenization import text_of
from ..data.documents import Document
from ..model.text_reader import TextReader
from ..model.text_reading import TextReading
from ..model.words import has_unspaced

MOST_DOCUMENTS = 2_000
"""Number of documents that are looked at, spread evenly over the data."""

DOCUMENTS_OF_SEVERAL_SENTENCES = 0.1
"""The model reads a text as one sequence if at least this share of documents has more than one sentence, …"""

RELATIONS_ACROSS_SENTENCES = 0.05
"""… or at least this share of relations has head and tail in different sentences."""

MOST_ABBREVIATIONS = 1_000

LONGEST_ABBREVIATION = 6
"""Number of letters; a longer word with a point is taken for an error in the data unless it occurs again."""

_ABBREVIATION = re.compile(r"([^\W\d_][\w.’'-]{0,30})\.")

DocumentText = tuple[str, list[tuple[int, int]]]


@dataclass(frozen=True, slots=True)
class Fit:
    """How well a way to split text into words reproduces the data's tokens.

    Args:
        entities: share of entities whose tokens are all words of the text, from 0 to 1.
        tokens: share of tokens that are words of the text, from 0 to 1.
    """

    entities: float
    tokens: float


@dataclass(frozen=True, slots=True)
class ReadingChoice:
    """How a model reads text, and how that was chosen.

    Args:
        reading: the settings of text reading.
        fits: the fit of each way to split text into words that was tried, by its name; empty if the way was given.
        several_sentences: share of documents with more than one sentence, from 0 to 1; `None` if not measured.
        unchosen: the reason for settings that were not chosen by the data.
    """

    reading: TextReading
    fits: dict[str, Fit]
    several_sentences: float | None
    unchosen: str = "as given"

    def describe(self) -> str:
        """Return a line that says how text will be read, and why."""
        parts = [f"Reads text by {self.reading.words}: {self._describe_fit()}"]
        if self.several_sentences is not None and self.reading.sequences == "document":
            parts.append(f"as whole documents, {self.several_sentences:.0%} of which have more than one sentence")
        else:
            given = f", {self.unchosen}" if self.several_sentences is None else ""
            parts.append(f"in sequences by {self.reading.sequences}{given}")
        known = len(self.reading.abbreviations)
        if known:
            parts.append(f"with {known} abbreviation{'s' * (known > 1)} of the data")
        return "; ".join(parts)

    def _describe_fit(self) -> str:
        """Return the share of entities that fit or, if the ways do not differ in it, the share of tokens that fit."""
        own = self.fits.get(self.reading.words)
        if own is None:
            return self.unchosen
        others = [(name, fit) for name, fit in self.fits.items() if name != self.reading.words]
        by_entities = any(fit.entities != own.entities for _, fit in others)
        shares = ", ".join(f"{name}: {fit.entities if by_entities else fit.tokens:.1%}" for name, fit in others)
        if by_entities:
            return f"{own.entities:.1%} of entities have their tokens ({shares})"
        return f"{own.tokens:.1%} of tokens are its words ({shares})"


def choose_reading(
    documents: Sequence[Document], tokenizer: PreTrainedTokenizerBase, given: Mapping[str, Any] | None = None
) -> ReadingChoice:
    """Choose how a model that is trained on the documents reads text.

    Each way to split text into words is tried on the documents' text (recorded, or restored from their tokens). The way
    that reproduces the tokens of most entities is taken; in a tie, the one that reproduces most tokens. A text is read
    as one sequence if documents have more than one sentence, and by sentences otherwise.

    Args:
        documents: all training documents.
        tokenizer: the model's tokenizer.
        given: settings of text reading that are given and so not chosen.

    Raises:
        ValueError: if a given setting is not allowed, or does not work with the tokenizer.
    """
    settings = dict(given or {})
    base = TextReading.of(settings)
    chosen = documents[:: max(1, len(documents) // MOST_DOCUMENTS)]
    texts = [text_of(document) for document in chosen]
    points_apart = _has_points_apart(documents)
    learnt: dict[str, Any] = {}
    if "abbreviations" not in settings:
        learnt["abbreviations"] = find_abbreviations(documents, points_apart)
    several: float | None = None
    if "sequences" not in settings:
        known = {"languages": base.languages} | (learnt if points_apart else {})
        reader = TextReader(TextReading.of(known), tokenizer)
        several, crossing = _sentences_of(chosen, texts, reader)
        if several >= DOCUMENTS_OF_SEVERAL_SENTENCES or crossing >= RELATIONS_ACROSS_SENTENCES:
            settings["sequences"] = "document"
    if points_apart or settings.get("sequences") != "document":
        settings |= learnt
    fits: dict[str, Fit] = {}
    if "words" not in settings:
        for words in _candidates(chosen):
            try:
                reader = TextReader(TextReading.of(settings | {"words": words, "sequences": "document"}), tokenizer)
            except ValueError:  # the tokenizer does not split text
                continue
            fits[words] = _fit(chosen, texts, reader)
        settings["words"] = max(fits, key=lambda words: (fits[words].entities, fits[words].tokens))
    reading = TextReading.of(settings)
    TextReader(reading, tokenizer)  # raises if the given reading does not work
    return ReadingChoice(reading, fits, several)


def find_abbreviations(documents: Iterable[Document], points_apart: bool = True) -> list[str]:
    """Find abbreviations: tokens that end in a point and are followed by a capital in the same document.

    Words that occur at least as often without the point are left out, as are long words that occur once.

    Args:
        documents: annotated documents.
        points_apart: whether points that end sentences are tokens of their own. If not, a word has to occur twice with
            a point, and never at a document's end.

    Returns:
        The abbreviations without the point, in alphabetical order; the [`MOST_ABBREVIATIONS`] most frequent at most.
    """
    with_point: Counter[str] = Counter()
    without: Counter[str] = Counter()
    last: set[str] = set()
    for document in documents:
        without.update(document.tokens)
        last.add(document.tokens[-1].removesuffix("."))
        for token, following in pairwise(document.tokens):
            match = _ABBREVIATION.fullmatch(token)
            if match and following[0].isupper():
                with_point[match[1]] += 1
    found = [word for word, count in with_point.most_common() if count > without[word] + _is_long(word)]
    if not points_apart:
        found = [word for word in found if with_point[word] > 1 and word not in last]
    return sorted(found[:MOST_ABBREVIATIONS])


def _has_points_apart(documents: Iterable[Document]) -> bool:
    """Return whether points that end sentences are tokens of their own; if not, any word may have one."""
    last = [document.tokens[-1] for document in documents]
    return last.count(".") >= sum(token.endswith(".") and token != "." for token in last)


def _is_long(word: str) -> bool:
    return "." not in word and len(word) > LONGEST_ABBREVIATION


def _candidates(documents: Sequence[Document]) -> list[str]:
    """Return the ways to split text into words that are worth trying."""
    tokens = [token for document in documents for token in document.tokens]
    candidates = ["rules", "whitespace-punctuation", "whitespace", "tokenizer"]
    if sum(len(token) == 1 for token in tokens) > len(tokens) / 2:
        candidates.append("characters")
    if find_spec("icu4py") and any(map(has_unspaced, tokens)):
        candidates.append("dictionary")
    return candidates


def _fit(documents: Sequence[Document], texts: Sequence[DocumentText], reader: TextReader) -> Fit:
    entities = entities_found = tokens = tokens_found = 0
    for document, (text, offsets) in zip(documents, texts, strict=True):
        words = set(reader(text).words)
        found = [token in words for token in offsets]
        tokens += len(found)
        tokens_found += sum(found)
        entities += len(document.entities)
        entities_found += sum(all(found[entity.start : entity.end]) for entity in document.entities)
    return Fit(entities_found / max(entities, 1), tokens_found / max(tokens, 1))


def _sentences_of(
    documents: Sequence[Document], texts: Sequence[DocumentText], reader: TextReader
) -> tuple[float, float]:
    """Return the share of documents with more than one sentence, and of relations between different sentences."""
    several = relations = crossing = 0
    for document, (text, offsets) in zip(documents, texts, strict=True):
        read = reader(text)
        relations += len(document.relations)
        if len(read.sequences) < 2:
            continue
        several += 1
        ends = [read.words[end - 1][1] for _, end in read.sequences]
        sentence = [sum(end <= offsets[entity.start][0] for end in ends) for entity in document.entities]
        crossing += sum(sentence[relation.head] != sentence[relation.tail] for relation in document.relations)
    return several / max(len(documents), 1), crossing / max(relations, 1)
