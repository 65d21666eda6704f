"""The card of a checkpoint: what its config says of it, in text that no name in it can break.

It travels with the checkpoint, so that a card goes up with every model, also where `spert_hf` is not installed.
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
"""A sentence to try a model on where none is given."""

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

There is no record of this model's training here, and no figure of how well it does: measure it on annotated text of
your own before you rely on it."""

_ABBREVIATIONS_SHOWN = 20

_OVERLAPS = {
    "keep": "entities may overlap",
    "drop": "entities that overlap are left out",
    "best": "of entities that overlap the best by score is given",
}

_SEAL = re.compile(r"\s*<!-- This card was written by spert-hf[^>]*: ([0-9a-f]{64}) -->\s*\Z")


def make_card(config: SpertConfig, repo_id: str, tags: Iterable[str] = ()) -> str:
    """Make the card of a model of which nothing is known but its config.

    Args:
        config: the model's.
        repo_id: its repository, USER/NAME.
        tags: more tags for the Hub.
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
    """Give the metadata that the Hub reads: library, task, tags, and the encoder where that is a model of the Hub."""
    encoder = printable(config.encoder_config.name_or_path or "")
    data: dict[str, Any] = {"base_model": encoder} if encoder else {}
    return data | {
        "library_name": "transformers",
        "pipeline_tag": "token-classification",
        "tags": list(dict.fromkeys((*TAGS, *map(printable, tags)))),
    }


def describe_model(config: SpertConfig, repo_id: str) -> str:
    """Give the title, and what this model is in a sentence or two."""
    encoder = config.encoder_config
    over = (
        as_code(encoder.name_or_path) if encoder.name_or_path else f"an encoder of type {as_code(encoder.model_type)}"
    )
    return f"""# {repo_id.split("/")[-1]}

A [SpERT](https://github.com/lavis-nlp/spert) model (Eberts & Ulges, ECAI 2020) over {over}: it finds entities of
{len(config.entity_types)} types, and relations between them of {len(config.relation_types)} types, in one pass."""


def describe_types(config: SpertConfig) -> str:
    """List the types and the settings that bound what can be found."""
    entities = "\n".join(f"- {as_code(name)}" for name in config.entity_types)
    relations = "\n".join(f"- {_describe_relation(config, name)}" for name in config.relation_types)
    return f"""## Types

Entity types:

{entities}

Relation types, from head to tail unless symmetric:

{relations or "- none"}

An entity has at most {config.max_span_size} tokens; {_OVERLAPS[config.overlap]}.
A relation is given if its score is at least {config.relation_threshold:.4g},
or the `relation_threshold` of the call."""


def describe_reading(config: SpertConfig) -> str:
    """Say how the model reads text."""
    reading = TextReading.of(config.text_reading)
    pattern = f" ({as_code(reading.word_pattern)})" if reading.word_pattern else ""
    lines = [
        f"- words ({as_code(reading.words)}): {WORDS[reading.words]}{pattern}",
        f"- sequences ({as_code(reading.sequences)}), within which relations are found: {SEQUENCES[reading.sequences]}",
    ]
    if reading.languages:
        lines.append(f"- languages that it is meant for: {', '.join(map(as_code, reading.languages))}")
    if reading.abbreviations:
        shown = ", ".join(as_code(f"{word}.") for word in reading.abbreviations[:_ABBREVIATIONS_SHOWN])
        more = len(reading.abbreviations) - _ABBREVIATIONS_SHOWN
        lines.append(f"- abbreviations of its data: {shown}{f' and {more} more' if more > 0 else ''}")
    return "\n".join(["## How it reads text", "", *lines, "", "The `words` and `sequences` of a call override these."])


def _describe_relation(config: SpertConfig, name: str) -> str:
    """Name a relation type, and what is known of its arguments."""
    symmetric = ", symmetric" if name in config.symmetric_relation_types else ""
    pairs = (config.relation_signatures or {}).get(name)
    if pairs is None:
        return as_code(name) + symmetric
    if not pairs:
        return f"{as_code(name)}{symmetric}, never predicted"
    joined = "; ".join(f"{as_code(head)} → {as_code(tail)}" for head, tail in pairs)
    return f"{as_code(name)}{symmetric}, only {joined}"


def describe_use(repo_id: str, text: str) -> str:
    """Show how to use the model, on a given text."""
    code = f"""from transformers import pipeline

pipe = pipeline("{TASK}", model="{repo_id}", trust_remote_code=True)
print(pipe({json.dumps(printable(text), ensure_ascii=False)}))"""
    return f"""## Use

The code is in this repository; read it before you trust it. It needs transformers {LOWEST_TRANSFORMERS} or newer:

{fenced(code, "python")}

With the package `spert-hf` installed, `import spert_hf` takes the place of `trust_remote_code=True`."""


def as_code(text: str) -> str:
    """Give a text as code within a line of Markdown, whatever it holds: there is no mark-up in code."""
    text = printable(text)
    fence = "`" * (_longest_run_of_backticks(text) + 1)
    # One space at both ends is not part of the code; without it, backticks of the text would join the fence.
    pad = " " if text.startswith(("`", " ")) or text.endswith(("`", " ")) else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def fenced(text: str, language: str) -> str:
    """Give lines as a block of code, whatever they hold."""
    fence = "`" * max(3, _longest_run_of_backticks(text) + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def printable(text: str) -> str:
    """Give a text in one line that can be seen and stored as UTF-8, other characters spelt as in Python."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )


def _longest_run_of_backticks(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)


def sealed(card: str) -> str:
    """Give a generated card with a seal, by which it is known as long as nobody has changed it."""
    text = card.rstrip()
    return (
        f"{text}\n\n<!-- This card was written by spert-hf. Once changed, it is yours and kept: {_digest(text)} -->\n"
    )


def is_generated(text: str) -> bool:
    """Whether a card's text is a generated one, as it was written; one that was changed by hand is not."""
    text = text.replace("\r\n", "\n")
    seal = _SEAL.search(text)
    return seal is not None and seal[1] == _digest(text[: seal.start()])


def _digest(text: str) -> str:
    return hashlib.sha256(text.rstrip().encode("utf-8")).hexdigest()
