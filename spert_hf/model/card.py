"""The model card of a checkpoint, generated from its config; names in the config are escaped.

This file travels with the checkpoint, so every upload has a card, even where `spert_hf` is not installed.
"""

import hashlib
import json
import re
from collections.abc import Iterable
from typing import Any

from huggingface_hub import ModelCardData

from .configuration_spert import TASK, SpertConfig
from .text_reading import SEQUENCES, WORDS, TextReading
from .versions import LOWEST_TRANSFORMERS

EXAMPLE_TEXT = "Marian Pell works for Northern Paper Co. in Duluth."
"""The example sentence of a card without its own."""

TAGS = ("spert", TASK, "named-entity-recognition", "relation-extraction")

CITATION = """## Citation

```bibtex
@inproceedings{eberts-ulges-2020-spert,
  title     = {Span-based Joint Entity and Relation Extraction with Transformer Pre-training},
  author    = {Eberts, Markus and Ulges, Adrian},
  booktitle = {24th European Conference on Artificial Intelligence (ECAI)},
  year      = {2020}
}
```"""

NOTHING_MEASURED = """## Limits

This repository has no record of the model's training and no scores: evaluate it on your own annotated text before you
rely on it."""

_ABBREVIATIONS_SHOWN = 20

_OVERLAPS = {
    "keep": "entities may overlap",
    "drop": "overlapping entities are dropped",
    "best": "of overlapping entities, the one with the highest score is kept",
}

_SEAL = re.compile(r"\s*<!-- This card was written by spert-hf[^>]*: ([0-9a-f]{64}) -->\s*\Z")


def make_card(config: SpertConfig, repo_id: str, tags: Iterable[str] = ()) -> str:
    """Make a model card from the config alone.

    Args:
        config: the model's config.
        repo_id: its repository, USER/NAME.
        tags: additional tags for the Hub.

    Returns:
        The card as Markdown, with its metadata as YAML front matter.
    """
    parts = [
        describe_model(config, repo_id),
        describe_types(config),
        describe_reading(config),
        describe_use(repo_id, EXAMPLE_TEXT),
        NOTHING_MEASURED,
        CITATION,
    ]
    front_matter = ModelCardData(**card_data(config, tags)).to_yaml()
    return f"---\n{front_matter}\n---\n\n" + "\n\n".join(parts) + "\n"


def card_data(config: SpertConfig, tags: Iterable[str] = ()) -> dict[str, Any]:
    """Return the metadata for the Hub: library, task, tags, and the encoder if its name is known.

    Args:
        config: the model's config.
        tags: additional tags.
    """
    encoder = printable(config.encoder_config.name_or_path or "")
    data: dict[str, Any] = {"base_model": encoder} if encoder else {}
    return data | {
        "library_name": "transformers",
        "pipeline_tag": "token-classification",
        "tags": list(dict.fromkeys((*TAGS, *map(printable, tags)))),
    }


def describe_model(config: SpertConfig, repo_id: str) -> str:
    """Return the title and a short description of the model.

    Args:
        config: the model's config.
        repo_id: its repository, USER/NAME.
    """
    encoder = config.encoder_config
    base = (
        as_code(encoder.name_or_path) if encoder.name_or_path else f"an encoder of type {as_code(encoder.model_type)}"
    )
    return f"""# {repo_id.split("/")[-1]}

A [SpERT](https://github.com/lavis-nlp/spert) model (Eberts & Ulges, ECAI 2020) based on {base}. It jointly extracts
entities ({len(config.entity_types)} types) and the relations between them ({len(config.relation_types)} types)."""


def describe_types(config: SpertConfig) -> str:
    """List the entity and relation types, and the settings that limit what is predicted."""
    entities = "\n".join(f"- {as_code(name)}" for name in config.entity_types)
    relations = "\n".join(f"- {_describe_relation(config, name)}" for name in config.relation_types)
    return f"""## Types

Entity types:

{entities}

Relation types, directed from head to tail unless symmetric:

{relations or "- none"}

An entity has at most {config.max_span_size} tokens; {_OVERLAPS[config.overlap]}.
A relation is predicted if its score is at least {config.relation_threshold:.4g};
the argument `relation_threshold` of a call overrides this."""


def describe_reading(config: SpertConfig) -> str:
    """Describe how the model splits raw text into words and sequences."""
    reading = TextReading.of(config.text_reading)
    pattern = f" ({as_code(reading.word_pattern)})" if reading.word_pattern else ""
    lines = [
        f"- words ({as_code(reading.words)}): {WORDS[reading.words]}{pattern}",
        f"- sequences ({as_code(reading.sequences)}), within which relations are found: {SEQUENCES[reading.sequences]}",
    ]
    if reading.languages:
        lines.append(f"- languages: {', '.join(map(as_code, reading.languages))}")
    if reading.abbreviations:
        shown = ", ".join(as_code(f"{word}.") for word in reading.abbreviations[:_ABBREVIATIONS_SHOWN])
        more = len(reading.abbreviations) - _ABBREVIATIONS_SHOWN
        lines.append(f"- abbreviations in its training data: {shown}{f' and {more} more' if more > 0 else ''}")
    if config.context_window:
        lines.append(
            f"- context: the sequences of a text, read together in windows of {config.context_window} sub-words"
        )
    closing = "The arguments `words` and `sequences` of a call override these."
    return "\n".join(["## How it reads text", "", *lines, "", closing])


def _describe_relation(config: SpertConfig, name: str) -> str:
    """Name a relation type and its type constraints."""
    symmetric = ", symmetric" if name in config.symmetric_relation_types else ""
    pairs = (config.relation_signatures or {}).get(name)
    if pairs is None:
        return as_code(name) + symmetric
    if not pairs:
        return f"{as_code(name)}{symmetric}, never predicted"
    joined = "; ".join(f"{as_code(head)} → {as_code(tail)}" for head, tail in pairs)
    return f"{as_code(name)}{symmetric}, only {joined}"


def describe_use(repo_id: str, text: str) -> str:
    """Show how to use the model.

    Args:
        repo_id: its repository, USER/NAME.
        text: the example text.
    """
    code = f"""from transformers import pipeline

pipe = pipeline("{TASK}", model="{repo_id}", trust_remote_code=True)
print(pipe({json.dumps(printable(text), ensure_ascii=False)}))"""
    return f"""## Use

The model's code is in this repository; read it before you trust it. It requires transformers {LOWEST_TRANSFORMERS} or
newer:

{fenced(code, "python")}

If the package `spert-hf` is installed, use `import spert_hf` instead of `trust_remote_code=True`."""


def as_code(text: str) -> str:
    """Format any text as inline code in Markdown, in which nothing is interpreted as markup."""
    text = printable(text)
    fence = "`" * (_longest_run_of_backticks(text) + 1)
    # Markdown strips one space at both ends; without it, backticks of the text would merge with the delimiter.
    pad = " " if text.startswith(("`", " ")) or text.endswith(("`", " ")) else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def fenced(text: str, language: str) -> str:
    """Format any text as a fenced code block in Markdown.

    Args:
        text: one or more lines.
        language: the language of the code block.
    """
    fence = "`" * max(3, _longest_run_of_backticks(text) + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def printable(text: str) -> str:
    """Return a text as one line of printable characters; all others are escaped as in Python."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )


def _longest_run_of_backticks(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)


def sealed(card: str) -> str:
    """Append a digest to a generated card, by which [`is_generated`] recognizes it until it is edited."""
    text = card.rstrip()
    return f"{text}\n\n<!-- This card was written by spert-hf. Edited cards are not overwritten: {_digest(text)} -->\n"


def is_generated(text: str) -> bool:
    """Whether a card was generated and has not been edited since."""
    text = text.replace("\r\n", "\n")
    seal = _SEAL.search(text)
    return seal is not None and seal[1] == _digest(text[: seal.start()])


def _digest(text: str) -> str:
    return hashlib.sha256(text.rstrip().encode("utf-8")).hexdigest()
