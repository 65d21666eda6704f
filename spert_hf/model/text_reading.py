"""How a model splits raw text into words and sequences: the setting `text_reading` of its config."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from .languages import BY_LANGUAGE
from .messages import did_you_mean, must_be
from .setting_checks import check_choice, check_names, shown

WORDS = {
    "rules": "runs of letters or digits, and every other character separately",
    "rules-v1": "the rules of configs without `text_reading`",
    "dictionary": "the rules, with ICU's dictionaries for scripts without spaces (Thai, Khmer, Chinese …)",
    "whitespace": "text split at whitespace",
    "whitespace-punctuation": "text split at whitespace, with leading and trailing punctuation separate",
    "characters": "user-perceived characters (grapheme clusters)",
    "tokenizer": "the tokenizer's pre-tokenization",
    "pattern": "matches of the regular expression `word_pattern`, and the text between them",
}
"""Ways to split text into words, with a description of the words of each."""

SEQUENCES = {
    "sentences": "sentences, by rules",
    "sentences-v1": "sentences, by the rules of configs without `text_reading`",
    "sentencex": "sentences, by the library sentencex",
    "lines": "lines",
    "document": "the whole text, in overlapping windows if it is longer than the encoder's maximum length",
}
"""Ways to split text into sequences, within which relations are found, with a description of the sequences of each."""

_LANGUAGE_CODE = re.compile("[a-z]{2,3}")

LONGEST_PATTERN = 1_000
"""The maximum length of a word pattern, in characters."""


@dataclass(frozen=True, slots=True)
class TextReading:
    """How raw text is split into words, and words into the sequences that the model encodes.

    Args:
        words (`str`): one of [`WORDS`]. Tokens that were added to the tokenizer, such as `@DRUG$`, are never split.
        word_pattern (`str`, *optional*): the regular expression for `words="pattern"`, in the syntax of the package
            `regex`.
        sequences (`str`): one of [`SEQUENCES`].
        languages (`tuple[str, ...]`): ISO 639-1 codes of the model's languages, whose abbreviations and ordinals do
            not end a sentence. If empty, those of all known languages do not.
        abbreviations (`tuple[str, ...]`): words, given without their full stop, that keep it and do not end a sentence;
            training learns them from its data.

    Raises:
        ValueError: a setting is invalid; the message names it, what was given and what is allowed.
    """

    words: str = "rules"
    word_pattern: str | None = None
    sequences: str = "sentences"
    languages: tuple[str, ...] = ()
    abbreviations: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_choice("text_reading.words", self.words, WORDS)
        check_choice("text_reading.sequences", self.sequences, SEQUENCES)
        for name in ("languages", "abbreviations"):
            object.__setattr__(self, name, tuple(check_names(f"text_reading.{name}", getattr(self, name))))
        unknown = [code for code in self.languages if code not in BY_LANGUAGE]
        if unknown and self.sequences == "sentences":
            allowed = f"among {', '.join(BY_LANGUAGE)} where sequences are 'sentences'"
            raise ValueError(must_be("text_reading.languages", allowed, shown(unknown[0])))
        # The library takes any other spelling, such as de-AT or DE, for English without a word.
        misspelt = [code for code in self.languages if not _LANGUAGE_CODE.fullmatch(code)]
        if misspelt and self.sequences == "sentencex":
            allowed = "codes of two or three lower-case letters where sequences are 'sentencex'"
            raise ValueError(must_be("text_reading.languages", allowed, shown(misspelt[0])))
        pattern = self.word_pattern
        if (self.words == "pattern") != (pattern is not None):
            allowed = "a regular expression" if self.words == "pattern" else f"left out with words {self.words!r}"
            raise ValueError(must_be("text_reading.word_pattern", allowed, shown(pattern)))
        if pattern is not None and not (isinstance(pattern, str) and 0 < len(pattern) <= LONGEST_PATTERN):
            allowed = f"a regular expression of 1 to {LONGEST_PATTERN} characters"
            raise ValueError(must_be("text_reading.word_pattern", allowed, shown(pattern)))

    @classmethod
    def of(cls, value: Any) -> "TextReading":
        """Convert a value to a `TextReading`.

        Args:
            value: a `TextReading`, a mapping as returned by [`TextReading.to_dict`], or `None` for the defaults.

        Returns:
            The `TextReading`.

        Raises:
            ValueError: the value is of another type, or a setting is unknown or invalid.
        """
        if value is None:
            return cls()
        if isinstance(value, cls):
            return value
        if type(value).__qualname__ == cls.__qualname__:  # from the code of another checkpoint
            value = value.to_dict()
        if not isinstance(value, Mapping):
            raise ValueError(must_be("text_reading", f"a mapping with some of {', '.join(cls._names())}", shown(value)))
        unknown = [name for name in value if name not in cls._names()]
        if unknown:
            name, meant = str(unknown[0])[:100], did_you_mean(unknown[0], cls._names())
            raise ValueError(f"text_reading.{name} is not a setting{meant}; there are {', '.join(cls._names())}")
        return cls(**value)

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as a dictionary that can be serialized as JSON."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    def describe(self) -> str:
        """Return a one-line summary."""
        parts = [f"words: {self.words}", f"sequences: {self.sequences}"]
        if self.languages:
            parts.append(f"languages: {', '.join(self.languages)}")
        if self.abbreviations:
            parts.append(f"{len(self.abbreviations)} abbreviations of its own")
        return "; ".join(parts)

    @classmethod
    def _names(cls) -> list[str]:
        return [one.name for one in fields(cls)]


def parse_reading(text: str) -> dict[str, Any]:
    """Parse the settings of a `TextReading` from the command line.

    Args:
        text: `NAME=VALUE,NAME=VALUE`, such as `words=whitespace,languages=de fr`, or a JSON object.

    Returns:
        The given settings.

    Raises:
        ValueError: the text has neither form, or a setting is unknown or invalid.
    """
    settings: Any = {}
    if text.lstrip().startswith("{"):
        try:
            settings = json.loads(text)
        except (json.JSONDecodeError, RecursionError) as error:
            raise ValueError(f"text_reading: {shown(text)} is not valid JSON: {error}") from error
    else:
        for part in text.split(","):
            name, equals, value = (piece.strip() for piece in part.partition("="))
            if not equals or name in settings:
                allowed = (
                    "each setting once, as NAME=VALUE,NAME=VALUE, such as words=whitespace,languages=de fr (values "
                    "with a comma as JSON)"
                )
                raise ValueError(must_be("text_reading", allowed, shown(text)))
            settings[name] = value.split() if name in ("languages", "abbreviations") else value
    TextReading.of(settings)
    return dict(settings)


FIRST_READING = TextReading(words="rules-v1", sequences="sentences-v1")
"""For checkpoints whose config has no `text_reading`."""
