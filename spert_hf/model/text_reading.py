"""How a model reads text: the part of its config that says what words and what sequences text becomes."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from .languages import BY_LANGUAGE
from .messages import did_you_mean, must_be
from .setting_checks import check_choice, check_names, shown

WORDS = {
    "rules": "runs of letters or digits, and every other character by itself",
    "rules-v1": "the rules that there were before a model said how it reads text",
    "dictionary": "the rules, with ICU's dictionaries for scripts without spaces (Thai, Khmer, Chinese …)",
    "whitespace": "what stands between white space",
    "whitespace-punctuation": "what stands between white space, with the punctuation around it set apart",
    "characters": "characters, as people count them (grapheme clusters)",
    "tokenizer": "what the tokenizer itself splits text into before it makes sub-words",
    "pattern": "what the regular expression `word_pattern` matches, and what lies between its matches",
}
"""Ways to split text into words, and what a word is in each."""

SEQUENCES = {
    "sentences": "sentences, by rules",
    "sentences-v1": "sentences, by the rules that there were before a model said how it reads text",
    "sentencex": "sentences, by the library sentencex",
    "lines": "lines",
    "document": "the whole text, in overlapping windows where it is longer than the encoder takes",
}
"""Ways to split text into sequences, within which relations are found, and what a sequence is in each."""

LONGEST_PATTERN = 1_000
"""Characters of a word pattern."""


@dataclass(frozen=True, slots=True)
class TextReading:
    """How raw text becomes words, and words become the sequences that a model sees at once.

    Args:
        words: one of [`WORDS`]. Tokens that were added to the tokenizer, such as `@DRUG$`, stay whole under each.
        word_pattern: for `words="pattern"`, the regular expression (in the syntax of the package `regex`).
        sequences: one of [`SEQUENCES`].
        languages: codes (ISO 639-1) of the languages that the model is meant for: their abbreviations and ordinals end
            no sentence. Empty: not said, and text is not cut where it would be in doubt in any language that is known.
        abbreviations: words with a point (given without it) that end no sentence, and keep their point as words;
            training learns them from its data.

    Raises:
        ValueError: naming the setting, what was given and what is allowed.
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
        pattern = self.word_pattern
        if (self.words == "pattern") != (pattern is not None):
            allowed = "a regular expression" if self.words == "pattern" else f"left out with words {self.words!r}"
            raise ValueError(must_be("text_reading.word_pattern", allowed, shown(pattern)))
        if pattern is not None and not (isinstance(pattern, str) and 0 < len(pattern) <= LONGEST_PATTERN):
            allowed = f"a regular expression of 1 to {LONGEST_PATTERN} characters"
            raise ValueError(must_be("text_reading.word_pattern", allowed, shown(pattern)))

    @classmethod
    def of(cls, value: Any) -> "TextReading":
        """Take a reading, or make it of the mapping that [`TextReading.to_dict`] gives; `None` is the default one.

        Raises:
            ValueError: if it is neither, or a setting is not known or not allowed.
        """
        if value is None:
            return cls()
        if isinstance(value, cls):
            return value
        if type(value).__qualname__ == cls.__qualname__:  # of the code that another checkpoint brought along
            value = value.to_dict()
        if not isinstance(value, Mapping):
            raise ValueError(must_be("text_reading", f"a mapping with some of {', '.join(cls._names())}", shown(value)))
        unknown = [name for name in value if name not in cls._names()]
        if unknown:
            name, meant = str(unknown[0])[:100], did_you_mean(unknown[0], cls._names())
            raise ValueError(f"text_reading.{name} is not a setting{meant}; there are {', '.join(cls._names())}")
        return cls(**value)

    def to_dict(self) -> dict[str, Any]:
        """Give the reading as plain JSON."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    def describe(self) -> str:
        """Say in a few words how text is read."""
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
    """Read settings of a reading as a command line gives them: `words=whitespace,languages=de fr`, or JSON.

    Returns:
        Those that are given.

    Raises:
        ValueError: if it is neither, or a setting is not known or not allowed.
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
"""How checkpoints are read whose config says nothing of it."""
