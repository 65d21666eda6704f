"""Chooses how a model will read text: the way that gives the tokens and sequences it is trained on."""

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
"""Documents that are looked at, spread evenly over the data."""

DOCUMENTS_OF_SEVERAL_SENTENCES = 0.1
"""Share of documents with more than one sentence from which on the model reads a text as one sequence …"""

RELATIONS_ACROSS_SENTENCES = 0.05
"""… or of relations whose head and tail are in different sentences."""

MOST_ABBREVIATIONS = 1_000

LONGEST_ABBREVIATION = 6
"""Letters beyond which a word with a point is likelier an error in the data, unless it is seen again."""

_ABBREVIATION = re.compile(r"([^\W\d_][\w.’'-]{0,30})\.")

DocumentText = tuple[str, list[tuple[int, int]]]


@dataclass(frozen=True, slots=True)
class Fit:
    """How well a way to split text into words gives the data's tokens.

    Args:
        entities: share of entities all of whose tokens are words of the text, 0 … 1.
        tokens: share of tokens that are.
    """

    entities: float
    tokens: float


@dataclass(frozen=True, slots=True)
class ReadingChoice:
    """A reading, and how it was chosen.

    Args:
        reading: the model's.
        fits: by the name of each way to split text into words that was tried; empty if it was given.
        several_sentences: share of documents that have more than one sentence, 0 … 1; `None` if it was not looked at.
        unchosen: why what was not chosen by the data is as it is.
    """

    reading: TextReading
    fits: dict[str, Fit]
    several_sentences: float | None
    unchosen: str = "as given"

    def describe(self) -> str:
        """Say in a line how text will be read, and why."""
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
        """What share of entities has its tokens; where ways do not differ in that, what share of tokens are words."""
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

    Each way to split text into words is tried on the documents' text, recorded or put together from their tokens, and
    the one that gives most entities their tokens is taken; of equals the one that gives most tokens. Where documents
    have more than one sentence, a text is read as one sequence, else by sentences.

    Args:
        documents: all that the model is trained on.
        tokenizer: the model's.
        given: settings of the reading that are not to be chosen.

    Raises:
        ValueError: if a given setting is not allowed, or does not serve.
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
            except ValueError:  # a tokenizer that does not split text
                continue
            fits[words] = _fit(chosen, texts, reader)
        settings["words"] = max(fits, key=lambda words: (fits[words].entities, fits[words].tokens))
    reading = TextReading.of(settings)
    TextReader(reading, tokenizer)  # what was given may not serve
    return ReadingChoice(reading, fits, several)


def find_abbreviations(documents: Iterable[Document], points_apart: bool = True) -> list[str]:
    """Find words that have a point of their own: tokens with one before a capital, inside an annotated sequence.

    Words that are tokens without the point at least as often are none, nor long ones that are seen once.

    Args:
        documents: annotated.
        points_apart: whether the points that end sentences are tokens of their own. Else those words only are taken
            that have a point in two places, and nowhere at a document's end.

    Returns:
        Them, without the point, in alphabetical order; of more than [`MOST_ABBREVIATIONS`] the most frequent.
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
    """Whether the points that end sentences are tokens of their own; else any word may have one."""
    last = [document.tokens[-1] for document in documents]
    return last.count(".") >= sum(token.endswith(".") and token != "." for token in last)


def _is_long(word: str) -> bool:
    return "." not in word and len(word) > LONGEST_ABBREVIATION


def _candidates(documents: Sequence[Document]) -> list[str]:
    """Ways to split text into words that are worth a try."""
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
    """Share of documents that have more than one sentence, and of relations that go from one to another."""
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
