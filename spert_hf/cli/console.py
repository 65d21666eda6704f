"""Predictions on a terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from ..evaluation.marked_text import marked_pieces
from ..evaluation.visible_text import visible

COLOURS = ("cyan", "magenta", "green", "yellow", "blue", "red")

MOST_RELATIONS = 20
"""The maximum number of relations to print per sentence: an untrained model may predict thousands."""


def print_extraction(
    console: Console,
    tokens: Sequence[str],
    prediction: Mapping[str, Any],
    type_names: Sequence[str],
    gaps: Sequence[str] | None = None,
) -> None:
    """Print a sentence with its entities highlighted, and its relations below.

    Args:
        console: the console.
        tokens: the tokens of the sentence.
        prediction: `entities` with token offsets `start` and `end`, and `relations`; both with scores.
        type_names: all entity types, which determine the colours.
        gaps: the whitespace before each token; default: single spaces.
    """
    colours = {name: COLOURS[index % len(COLOURS)] for index, name in enumerate(type_names)}
    console.print(_marked_sentence(tokens, prediction["entities"], colours, gaps))
    mentions = [_mention(tokens, entity, gaps) for entity in prediction["entities"]]
    for relation in prediction["relations"][:MOST_RELATIONS]:
        line = Text("    ")
        line.append(mentions[relation["head"]], style="bold")
        line.append(f"  ─ {visible(relation['type'])} {relation['score']:.2f} →  ", style="dim")
        line.append(mentions[relation["tail"]], style="bold")
        console.print(line)
    more = len(prediction["relations"]) - MOST_RELATIONS
    if more > 0:
        console.print(Text(f"    … and {more:,} more", style="dim"))
    if not prediction["relations"]:
        console.print(Text("    no relation", style="dim"))
    console.print()


def print_found_in_text(
    console: Console,
    text: str,
    words: Sequence[tuple[int, int]],
    found: Mapping[str, Any],
    type_names: Sequence[str],
) -> None:
    """Print a text with its line breaks and with its entities highlighted, and its relations below.

    Args:
        console: the console.
        text: the text given to the pipeline.
        words: character offsets of its words, as split by the pipeline.
        found: the pipeline's result.
        type_names: all entity types, which determine the colours.
    """
    tokens = [text[start:end] for start, end in words]
    ends = [0, *(end for _, end in words)]
    gaps = [_gap(text[end:start]) for (start, _), end in zip(words, ends, strict=False)]
    entities = [{**one, "start": one["token_start"], "end": one["token_end"]} for one in found["entities"]]
    print_extraction(console, tokens, {**found, "entities": entities}, type_names, gaps)


def _gap(between: str) -> str:
    """Normalize whitespace between words: line breaks are kept, everything else becomes one space."""
    return "\n  " if "\n" in between.replace("\r", "\n") else " " if between else ""


def _mention(tokens: Sequence[str], entity: Mapping[str, Any], gaps: Sequence[str] | None) -> str:
    """Return the words of an entity on one line."""
    first, *others = range(entity["start"], entity["end"])
    spaces = [" " if gaps is None or gaps[index] else "" for index in others]
    rest = (space + visible(tokens[index]) for space, index in zip(spaces, others, strict=True))
    return visible(tokens[first]) + "".join(rest)


def _marked_sentence(
    tokens: Sequence[str],
    entities: Sequence[Mapping[str, Any]],
    colours: Mapping[str, str],
    gaps: Sequence[str] | None,
) -> Text:
    """Highlight each entity as `[words]Type` in its colour."""
    line = Text("  ")
    for text, entity_type, is_mark in marked_pieces(tokens, entities, gaps):
        colour = "" if entity_type is None else colours[entity_type]
        line.append(text, style=colour if is_mark or not colour else f"bold {colour}")
    return line
