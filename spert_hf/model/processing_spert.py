"""From words to the model's inputs: sub-words, windows, batches."""

import math
import re
import warnings
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase
from transformers.tokenization_utils_base import EncodingFast

from .configuration_spert import SpertConfig
from .encoders import ENCODER_DECODERS
from .messages import must, must_be
from .words import MARKS, encodable

DEFAULT_SEQUENCE_LENGTH = 512
"""Sub-words a window may have where neither encoder nor tokenizer sets a limit."""

LETTER_CASES = ("no letters", "lower", "initial capital", "capitals", "mixed")
"""What [`letter_case`] tells apart of a run of letters; special sub-words and padding count as the first."""

# With the space before them, which byte-level tokenizers may make a sub-word of.
_LETTERS = re.compile(rf"\s?[^\W\d_](?:[^\W\d_]|[{MARKS}])*")


def letter_case(letters: str) -> int:
    """How a run of letters is written, which an uncased tokenizer does not see: an index into [`LETTER_CASES`]."""
    lower, rest = letters.lower(), letters[1:]
    if lower == letters.upper():
        return 0
    if letters == lower:
        return 1
    if rest == rest.lower():
        return 2
    return 3 if letters == letters.upper() else 4


def subword_cases(word: str, ranges: Sequence[tuple[int, int]]) -> list[int]:
    """Letter case of each sub-word of a word: that of the run of letters which its first letter belongs to.

    Runs of letters, not words: *Harper-Lund* is written the same as one word of a data set and as three of raw text.

    Args:
        word: any, with the space before it that its tokenizer may want.
        ranges: characters `[start, end)` of the word that each sub-word stands for; an empty one is the space's.
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
    """Sub-words of one sentence, without special ones.

    Args:
        input_ids: all sub-words.
        word_offsets: index of each word's first sub-word, then the number of sub-words: words + 1 numbers.
        letter_cases: of each sub-word, see [`subword_cases`]; `None` for a model that does not take them.
    """

    input_ids: list[int]
    word_offsets: list[int]
    letter_cases: list[int] | None = None

    def __len__(self) -> int:
        """Number of words."""
        return len(self.word_offsets) - 1

    def window(self, start: int, end: int) -> "EncodedWords":
        """The words `[start, end)` alone."""
        first, last = self.word_offsets[start], self.word_offsets[end]
        return EncodedWords(
            self.input_ids[first:last],
            [o - first for o in self.word_offsets[start : end + 1]],
            None if self.letter_cases is None else self.letter_cases[first:last],
        )


class SpertProcessor:
    """Turns words into sub-words, windows and padded batches, for any fast tokenizer.

    Each word is tokenised on its own, as SpERT does; a word that yields no sub-word becomes the unknown token.

    Args:
        tokenizer: the encoder's; must be a fast one. It is not changed: the processor works on a copy, so several
            threads may share it.
        max_sequence_length: most sub-words in one encoder input, special ones included; the tokenizer's own limit
            holds too.
        letter_cases: give the letter case of every sub-word, too, as a model with embeddings for it takes it.
        max_span_size: words by which windows of a long text overlap at least, so that no span is cut off.
        special_first: put a special sub-word before the first word where the tokenizer puts none there, as T5's does:
            what the classifiers see of the whole sentence is its first position.

    Raises:
        ValueError: if the tokenizer is not a fast one, or has no token for unknown words.
    """

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerBase,
        max_sequence_length: int | None = None,
        letter_cases: bool = False,
        max_span_size: int = 1,
        special_first: bool = False,
    ) -> None:
        if not tokenizer.is_fast:
            raise ValueError(
                must_be("tokenizer", "a fast tokenizer (one backed by `tokenizers`)", type(tokenizer).__name__)
            )
        self.tokenizer = tokenizer
        backend = tokenizer.backend_tokenizer
        self._backend = type(backend).from_str(backend.to_str())
        self._backend.no_truncation()
        self._backend.no_padding()
        self._letter_cases = letter_cases
        self._overlap_words = max_span_size
        self._prefix, self._suffix = self._special_ids()
        if special_first and not self._prefix:
            special = (tokenizer.cls_token_id, tokenizer.bos_token_id, *self._suffix[:1], tokenizer.eos_token_id)
            self._prefix = [_first_id(*special, tokenizer.pad_token_id)]
        self._word_prefix = self._space_before_words()
        self.unknown_id = _first_id(tokenizer.unk_token_id, tokenizer.mask_token_id, tokenizer.pad_token_id)
        self.pad_id = _first_id(tokenizer.pad_token_id, tokenizer.eos_token_id, 0)
        limits = [max_sequence_length or DEFAULT_SEQUENCE_LENGTH, tokenizer.model_max_length]
        self.window_size = min(limits) - len(self._prefix) - len(self._suffix)
        """Most sub-words of a window, special ones not counted."""

    @classmethod
    def for_config(cls, tokenizer: PreTrainedTokenizerBase, config: SpertConfig) -> "SpertProcessor":
        """Make the processor that a model of this config needs.

        Raises:
            ValueError: if the tokenizer cannot be the encoder's: it has no words, as one made without its files, or
                more than the encoder has embeddings for.
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
            # Not for other encoders, of which there are checkpoints that were trained without.
            special_first=config.encoder_config.model_type in ENCODER_DECODERS,
        )
        embeddings = getattr(config.encoder_config, "vocab_size", math.inf)  # without that setting, any number will do
        # Encoders may lack embeddings of special tokens that SpERT has no use for.
        unused = special - {*processor._prefix, *processor._suffix, processor.unknown_id, processor.pad_id}
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

    def _special_ids(self) -> tuple[list[int], list[int]]:
        """Ids that the tokenizer puts before and after a sentence."""
        encoding = self._backend.encode("a")
        inner = [index for index, special in enumerate(encoding.special_tokens_mask) if not special]
        return encoding.ids[: inner[0]], encoding.ids[inner[-1] + 1 :]

    def _space_before_words(self) -> str:
        """A space if the tokenizer tells words inside a sentence by the space before them (byte-level BPE)."""
        alone = self._backend.encode("a", add_special_tokens=False).ids
        inside = self._backend.encode("a a", add_special_tokens=False).ids
        return "" if inside == alone * 2 else " "

    def encode(self, sentences: Sequence[Sequence[str]]) -> list[EncodedWords]:
        """Tokenise the words of many sentences.

        A word of more sub-words than a window holds keeps its first ones; a warning says so.
        """
        words = [[self._word_prefix + encodable(word) for word in sentence] for sentence in sentences]
        encodings = self._backend.encode_batch(words, is_pretokenized=True, add_special_tokens=False)
        return [self._with_offsets(*encoded) for encoded in zip(encodings, words, strict=True)]

    def _with_offsets(self, encoding: EncodingFast, words: Sequence[str]) -> EncodedWords:
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
                # The unknown token stands for a whole word.
                of_subwords = ranges[first:position] or [(0, len(text))]
                cases.extend(subword_cases(text, of_subwords[: len(subwords)]))
        return EncodedWords(input_ids, offsets, cases if self._letter_cases else None)

    def windows(self, words: EncodedWords) -> list[tuple[int, int]]:
        """Cover a text with ranges of words that the encoder can take.

        Neighbours overlap by a quarter of a window and by `max_span_size` words or more, or, where words are so long
        that no window holds more, by all that lets the next one reach a word further. So each span of up to
        `max_span_size` words that the encoder can take at all lies in a window whole.

        Returns:
            Word ranges `[start, end)`, in order; one range if the whole text fits.
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
            # The last word from which on a quarter of a window is left, and the first that lets the next one go on.
            quarter = bisect_right(offsets, offsets[end] - self.window_size // 4, start, end) - 1
            earliest = bisect_left(offsets, offsets[end + 1] - self.window_size, start, end)
            start = max(min(quarter, end - self._overlap_words), earliest)

    def collate(self, sentences: Sequence[EncodedWords]) -> dict[str, Tensor]:
        """Add special sub-words, and pad to one batch.

        Returns:
            `input_ids` and `attention_mask`, *(batch, sub-words)*, and `word_offsets`, *(batch, words + 1)*, all
            `int64`, as [`SpertModel.forward`] takes them; and `letter_cases`, *(batch, sub-words)*, if this processor
            gives them.
        """
        around = len(self._prefix) + len(self._suffix)
        longest = max(len(sentence.input_ids) for sentence in sentences) + around
        most_words = max(len(sentence.word_offsets) for sentence in sentences)
        ids, mask, offsets, cases = [], [], [], []
        for sentence in sentences:
            length = len(sentence.input_ids) + around
            ids.append([*self._prefix, *sentence.input_ids, *self._suffix] + [self.pad_id] * (longest - length))
            mask.append([1] * length + [0] * (longest - length))
            positions = [offset + len(self._prefix) for offset in sentence.word_offsets]
            offsets.append(positions + positions[-1:] * (most_words - len(positions)))
            if sentence.letter_cases is not None:
                before, after = [0] * len(self._prefix), [0] * (len(self._suffix) + longest - length)
                cases.append(before + sentence.letter_cases + after)
        batch = {
            "input_ids": torch.tensor(ids),
            "attention_mask": torch.tensor(mask),
            "word_offsets": torch.tensor(offsets),
        }
        if self._letter_cases:
            batch["letter_cases"] = torch.tensor(cases)
        return batch


def _place(tokenizer: PreTrainedTokenizerBase) -> str:
    return f"that of {tokenizer.name_or_path}" if tokenizer.name_or_path else "the given one"


def _last_within(offsets: list[int], start: int, budget: int) -> int:
    """End of the longest range of words from `start` on that has at most `budget` sub-words (one word at least)."""
    low, high = start + 1, len(offsets) - 1
    while low < high:
        middle = (low + high + 1) // 2
        if offsets[middle] - offsets[start] <= budget:
            low = middle
        else:
            high = middle - 1
    return low


def _first_id(*ids: int | None) -> int:
    found = next((token_id for token_id in ids if token_id is not None), None)
    if found is None:
        raise ValueError(must("tokenizer", "have an unknown, mask or padding token", "none of them"))
    return found
