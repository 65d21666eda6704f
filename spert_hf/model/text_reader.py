"""Splitting of raw text into words and sequences, by the `text_reading` of a model's config."""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any

from .messages import must_be
from .sentences import FIRST_RULES, sentence_ranges, sentence_rules
from .setting_checks import shown
from .text_reading import WORDS, TextReading
from .words import Ranges, encodable, import_extra, source_of, split_function

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

SplitSequences = Callable[[str, Ranges], Ranges]

# Other kinds of spaces are replaced by plain ones for sentencex.
_PLAIN_SPACES = dict.fromkeys((code for code in range(0x80, 0x3001) if chr(code).isspace()), " ")
_LINE_END = re.compile(r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")


@dataclass(frozen=True, slots=True)
class ReadText:
    """A text split into words and sequences.

    Args:
        words: character offsets `[start, end)` of each word, in text order.
        sequences: ranges of words `[first, end)`, in text order; every word is in exactly one.
    """

    words: list[tuple[int, int]]
    sequences: list[tuple[int, int]]


class TextReader:
    """Splits text as described by a [`TextReading`].

    Args:
        reading: the settings.
        tokenizer: the model's tokenizer; tokens that were added to it are never split. `None` without a model.
        words: a function that splits text into words, instead of `reading.words`: it takes a text and returns character
            offsets `(start, end)` in text order. The text between them is split at whitespace.

    Raises:
        ValueError: the pattern, tokenizer or library of the reading can't be used.
    """

    def __init__(
        self,
        reading: TextReading,
        tokenizer: "PreTrainedTokenizerBase | None" = None,
        words: Callable[[str], Any] | None = None,
    ) -> None:
        self.reading = reading
        self._made_of = (reading, tokenizer, words)
        self._split_words = split_function(reading, tokenizer, words)
        self._split_sequences = _SEQUENCE_MAKERS[reading.sequences](reading)

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy and pickle the arguments of the constructor, as the functions can't be pickled."""
        return TextReader, self._made_of

    def __call__(self, text: str) -> ReadText:
        """Split a text, in time proportional to its length.

        Args:
            text: the text.

        Returns:
            Its words and sequences.

        Raises:
            ValueError: a word pattern takes too long, or a user's function returns invalid ranges.
        """
        words = self._split_words(text)
        return ReadText(words, self._split_sequences(text, words))


def override_reading(reading: TextReading, words: Any = None, sequences: str | None = None) -> TextReading:
    """Override the settings of a reading by the arguments of a call.

    Args:
        reading: the model's reading.
        words: one of [`WORDS`], a compiled regular expression, or a function, which is ignored here.
        sequences: one of [`SEQUENCES`].

    Returns:
        The resulting reading.

    Raises:
        ValueError: an argument is invalid.
    """
    if isinstance(words, str):
        pattern = reading.word_pattern if words == "pattern" else None
        reading = replace(reading, words=words, word_pattern=pattern)
    elif words is not None and isinstance(getattr(words, "pattern", None), str):
        reading = replace(reading, words="pattern", word_pattern=source_of(words))
    elif words is not None and not callable(words):
        raise ValueError(
            must_be(
                "words", f"{', '.join(map(repr, WORDS))}, a compiled regular expression or a function", shown(words)
            )
        )
    return reading if sequences is None else replace(reading, sequences=sequences)


def _by_rules(reading: TextReading) -> SplitSequences:
    chosen = sentence_rules(reading.languages, reading.abbreviations)
    return lambda text, words: sentence_ranges(text, words, chosen)


def _by_library(reading: TextReading) -> SplitSequences:
    library = import_extra("sentencex", "text_reading.sequences 'sentencex'", "sentencex")
    language = reading.languages[0] if reading.languages else "en"

    def split(text: str, words: Ranges) -> Ranges:
        try:
            parts = library.segment(language, encodable(text).translate(_PLAIN_SPACES))
        except BaseException as error:
            if type(error).__name__ != "PanicException":  # of Rust, and no Exception
                raise
            raise ValueError(f"text_reading.sequences: sentencex failed on {shown(text)}: {error}") from error
        # It cuts inside of Node.JS, too; to join two sentences costs less than to cut one.
        return _cut(words, (place for place in accumulate(map(len, parts)) if not _is_inside_word(text, place)))

    return split


def _is_inside_word(text: str, place: int) -> bool:
    """Whether there is a point before a place of the text, and a letter or digit right behind it."""
    return text[place - 1 : place] == "." and text[place : place + 1].isalnum()


def _by_lines(text: str, words: Ranges) -> Ranges:
    return _cut(words, (match.end() for match in _LINE_END.finditer(text)))


def _cut(words: Ranges, boundaries: Iterable[int]) -> Ranges:
    """Return the ranges of words between boundaries in a text; a word across a boundary belongs to the first range."""
    starts = [start for start, _ in words]
    firsts = {0, *(bisect_left(starts, boundary) for boundary in boundaries)} - {len(starts)}
    return list(pairwise(sorted(firsts | {len(starts)})))


_SEQUENCE_MAKERS: dict[str, Callable[[TextReading], SplitSequences]] = {
    "sentences": _by_rules,
    "sentences-v1": lambda reading: lambda text, words: sentence_ranges(text, words, FIRST_RULES),
    "sentencex": _by_library,
    "lines": lambda reading: _by_lines,
    "document": lambda reading: lambda text, words: _cut(words, ()),
}
