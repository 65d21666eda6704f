"""Conversion of words to sub-words, windows and padded batches, with nothing but a fast tokenizer's backend."""

import re
import warnings
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import numpy as np
from tokenizers import Encoding, Tokenizer

from .words import MARKS, encodable

LETTER_CASES = ("no letters", "lower", "initial capital", "capitals", "mixed")
"""The classes of [`letter_case`]; special tokens and padding belong to the first."""

# With the preceding space, which may be a sub-word in byte-level tokenizers.
_LETTERS = re.compile(rf"\s?[^\W\d_](?:[^\W\d_]|[{MARKS}])*")


def letter_case(letters: str) -> int:
    """Return the letter case of a run of letters, which an uncased tokenizer ignores, as an index of `LETTER_CASES`."""
    lower, rest = letters.lower(), letters[1:]
    if lower == letters.upper():
        return 0
    if letters == lower:
        return 1
    if rest == rest.lower():
        return 2
    return 3 if letters == letters.upper() else 4


def subword_cases(word: str, ranges: Sequence[tuple[int, int]]) -> list[int]:
    """Return the letter case of each sub-word of a word: that of the run of letters that contains its first letter.

    Runs of letters are used instead of words, so that *Harper-Lund* has the same letter case as one word of a data set
    and as three words of raw text.

    Args:
        word: the word, with a preceding space if the tokenizer needs it.
        ranges: characters `[start, end)` of the word for each sub-word; empty for a sub-word of the space.
    """
    if word.strip().isalpha():
        return [letter_case(word.strip())] * len(ranges)
    runs = [(run.start(), run.end(), letter_case(run[0].strip())) for run in _LETTERS.finditer(word)]
    return [
        next((case for first, last, case in runs if first < max(end, start + 1) and start < last), 0)
        for start, end in ranges
    ]


@dataclass(slots=True)
class EncodedWords:
    """Sub-words of a text, without special tokens.

    Args:
        input_ids: ids of the sub-words.
        word_offsets: index of each word's first sub-word, then the number of sub-words: words + 1 integers.
        letter_cases: letter case of each sub-word, see [`subword_cases`]; `None` for models without letter-case
            embeddings.
    """

    input_ids: list[int]
    word_offsets: list[int]
    letter_cases: list[int] | None = None

    def __len__(self) -> int:
        """Return the number of words."""
        return len(self.word_offsets) - 1

    def window(self, start: int, end: int) -> "EncodedWords":
        """Return the words `[start, end)`."""
        first, last = self.word_offsets[start], self.word_offsets[end]
        return EncodedWords(
            self.input_ids[first:last],
            [o - first for o in self.word_offsets[start : end + 1]],
            None if self.letter_cases is None else self.letter_cases[first:last],
        )

    @classmethod
    def joined(cls, parts: Sequence["EncodedWords"]) -> "EncodedWords":
        """Return the words of one or more texts, one text after the other."""
        starts = accumulate((len(part.input_ids) for part in parts), initial=0)
        offsets = [
            start + offset for start, part in zip(starts, parts, strict=False) for offset in part.word_offsets[:-1]
        ]
        input_ids = [number for part in parts for number in part.input_ids]
        cases = None
        if parts[0].letter_cases is not None:
            cases = [case for part in parts for case in part.letter_cases or ()]
        return cls(input_ids, [*offsets, len(input_ids)], cases)


class SubwordEncoder:
    """Converts words to sub-words, windows and padded batches.

    As in SpERT, each word is tokenized separately; a word without sub-words becomes the unknown token.

    Args:
        backend: the tokenizer, which is not changed: a copy is used, so that several threads may share it.
        prefix: ids of the special tokens before the words of a sequence.
        suffix: ids of those after them.
        unknown_id: id of a word without sub-words.
        pad_id: id of padding.
        window_size: the maximum number of sub-words in a window, without special tokens.
        letter_cases: whether to return letter cases, for models with letter-case embeddings.
        overlap_words: minimum overlap of windows of a long text in words, so that no span is cut off.
        context_window: the maximum number of sub-words that neighbouring sentences share; 0 for none.
    """

    def __init__(
        self,
        backend: Tokenizer,
        *,
        prefix: list[int],
        suffix: list[int],
        unknown_id: int,
        pad_id: int,
        window_size: int,
        letter_cases: bool,
        overlap_words: int,
        context_window: int = 0,
    ) -> None:
        self._backend = plain_backend(backend)
        self._word_prefix = _space_before_words(self._backend)
        self.prefix, self.suffix = prefix, suffix
        self.unknown_id, self.pad_id = unknown_id, pad_id
        self._letter_cases = letter_cases
        self._overlap_words = overlap_words
        self.window_size = window_size
        self.context_window = context_window

    def save_backend(self, path: Path) -> None:
        """Write the tokenizer's backend to a file."""
        path.write_text(self._backend.to_str(), encoding="utf-8")

    def encode(self, sentences: Sequence[Sequence[str]]) -> list[EncodedWords]:
        """Tokenize the words of sentences.

        A word with more sub-words than a window is truncated, with a warning.

        Args:
            sentences: the words of each sentence.

        Returns:
            The sub-words of each sentence.
        """
        words = [[self._word_prefix + encodable(word) for word in sentence] for sentence in sentences]
        encodings = self._backend.encode_batch(words, is_pretokenized=True, add_special_tokens=False)
        return [self._with_offsets(*encoded) for encoded in zip(encodings, words, strict=True)]

    def _with_offsets(self, encoding: Encoding, words: Sequence[str]) -> EncodedWords:
        ids, word_ids = encoding.ids, encoding.word_ids
        ranges = encoding.offsets if self._letter_cases else []
        input_ids: list[int] = []
        cases: list[int] = []
        offsets = [0]
        position = 0
        for word, text in enumerate(words):
            first = position
            while position < len(ids) and word_ids[position] == word:
                position += 1
            subwords = ids[first:position] or [self.unknown_id]
            if len(subwords) > self.window_size:
                warnings.warn(
                    f"word {word} has {len(subwords)} sub-words, the encoder takes {self.window_size}: "
                    "the rest of the word is not read",
                    stacklevel=2,
                )
                subwords = subwords[: self.window_size]
            input_ids.extend(subwords)
            offsets.append(len(input_ids))
            if self._letter_cases:
                # The unknown token represents the whole word.
                of_subwords = ranges[first:position] or [(0, len(text))]
                cases.extend(subword_cases(text, of_subwords[: len(subwords)]))
        return EncodedWords(input_ids, offsets, cases if self._letter_cases else None)

    def windows(self, words: EncodedWords) -> list[tuple[int, int]]:
        """Cover a text with windows that fit into the encoder.

        Adjacent windows overlap by at least a quarter of a window and `max_span_size` words; if words are so long that
        this is impossible, by as much as possible while the next window reaches one word further. So every span of up
        to `max_span_size` words that fits into the encoder is completely in a window.

        Args:
            words: the sub-words of the text.

        Returns:
            Word ranges `[start, end)`, in order; a single one if the whole text fits.
        """
        offsets, count = words.word_offsets, len(words)
        if not count:
            return [(0, 0)]
        windows: list[tuple[int, int]] = []
        start = 0
        while True:
            end = _last_within(offsets, start, self.window_size)
            windows.append((start, end))
            if end == count:
                return windows
            # The last word from which a quarter of a window remains, and the first from which the next window advances.
            quarter = bisect_right(offsets, offsets[end] - self.window_size // 4, start, end) - 1
            earliest = bisect_left(offsets, offsets[end + 1] - self.window_size, start, end)
            start = max(min(quarter, end - self._overlap_words), earliest)

    def pad(self, sentences: Sequence[EncodedWords]) -> dict[str, np.ndarray]:
        """Add special tokens, and pad to a batch.

        Args:
            sentences: the sub-words of each sentence.

        Returns:
            The arguments of [`SpertModel.forward`]: `input_ids` and `attention_mask`, *(batch, sub-words)*,
            `word_offsets`, *(batch, words + 1)*, and, if this processor returns letter cases, `letter_cases`,
            *(batch, sub-words)*; all `int64`.
        """
        around = len(self.prefix) + len(self.suffix)
        longest = max(len(sentence.input_ids) for sentence in sentences) + around
        most_words = max(len(sentence.word_offsets) for sentence in sentences)
        ids, mask, offsets, cases = [], [], [], []
        for sentence in sentences:
            length = len(sentence.input_ids) + around
            ids.append([*self.prefix, *sentence.input_ids, *self.suffix] + [self.pad_id] * (longest - length))
            mask.append([1] * length + [0] * (longest - length))
            positions = [offset + len(self.prefix) for offset in sentence.word_offsets]
            offsets.append(positions + positions[-1:] * (most_words - len(positions)))
            if sentence.letter_cases is not None:
                before, after = [0] * len(self.prefix), [0] * (len(self.suffix) + longest - length)
                cases.append(before + sentence.letter_cases + after)
        batch = {
            "input_ids": np.array(ids, dtype=np.int64),
            "attention_mask": np.array(mask, dtype=np.int64),
            "word_offsets": np.array(offsets, dtype=np.int64),
        }
        if self._letter_cases:
            batch["letter_cases"] = np.array(cases, dtype=np.int64)
        return batch

    def pad_in_windows(
        self,
        windows: Sequence[EncodedWords],
        sentences: Sequence[EncodedWords],
        places: Sequence[tuple[int, int]],
    ) -> dict[str, np.ndarray]:
        """Do what [`pad`] does for sentences that share inputs of the encoder.

        Args:
            windows: the sub-words of each input.
            sentences: the sub-words of each sentence, all of which are in one of the windows.
            places: for each sentence, the index of its window, and of its first sub-word in it.

        Returns:
            As [`pad`], where `word_offsets` are those of the sentences in `sequence_positions`, *(sentences, 1 +
            sub-words)*, which is added.
        """
        batch = self.pad(windows)
        width = batch["input_ids"].shape[1]
        positions = np.zeros((len(sentences), 1 + max(len(one.input_ids) for one in sentences)), dtype=np.int64)
        offsets = np.zeros((len(sentences), max(len(one.word_offsets) for one in sentences)), dtype=np.int64)
        for row, (sentence, (window, first)) in enumerate(zip(sentences, places, strict=True)):
            start, length, words = window * width, len(sentence.input_ids), len(sentence.word_offsets)
            positions[row, 0] = start
            positions[row, 1 : 1 + length] = np.arange(length) + (start + len(self.prefix) + first)
            offsets[row, :words] = sentence.word_offsets
            offsets[row, words:] = length
        return batch | {"word_offsets": offsets + 1, "sequence_positions": positions}


def plain_backend(backend: Tokenizer) -> Tokenizer:
    """Return a copy of a tokenizer that neither truncates nor pads, whatever the settings that it was saved with."""
    plain = type(backend).from_str(backend.to_str())
    plain.no_truncation()
    plain.no_padding()
    return plain


def special_ids(backend: Tokenizer) -> tuple[list[int], list[int]]:
    """Return the ids that a tokenizer, a [`plain_backend`], adds before and after a sentence."""
    encoding = backend.encode("a")
    inner = [index for index, special in enumerate(encoding.special_tokens_mask) if not special]
    return encoding.ids[: inner[0]], encoding.ids[inner[-1] + 1 :]


def _space_before_words(backend: Tokenizer) -> str:
    """Return a space if the tokenizer marks words inside a sentence by the preceding space (byte-level BPE)."""
    alone = backend.encode("a", add_special_tokens=False).ids
    inside = backend.encode("a a", add_special_tokens=False).ids
    return "" if inside == alone * 2 else " "


def _last_within(offsets: list[int], start: int, budget: int) -> int:
    """Return the end of the longest range of words from `start` with at most `budget` sub-words (at least one word)."""
    low, high = start + 1, len(offsets) - 1
    while low < high:
        middle = (low + high + 1) // 2
        if offsets[middle] - offsets[start] <= budget:
            low = middle
        else:
            high = middle - 1
    return low
