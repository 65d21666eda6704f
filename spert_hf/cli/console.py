"""Predictions and tables for people at a terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

COLOURS = ("cyan", "magenta", "green", "yellow", "blue", "red")


def print_extraction(
    console: Console, tokens: Sequence[str], prediction: Mapping[str, Any], type_names: Sequence[str]
) -> None:
    """Print a sentence with its entities marked in place, and its relations below.

    Args:
        console: where to.
        tokens: of the sentence.
        prediction: `entities` with token offsets `start` and `end`, and `relations`; both with scores.
        type_names: all entity types, each of which has a colour.
    """
    colours = {name: COLOURS[index % len(COLOURS)] for index, name in enumerate(type_names)}
    console.print(_marked_sentence(tokens, prediction["entities"], colours))
    mentions = [" ".join(tokens[entity["start"] : entity["end"]]) for entity in prediction["entities"]]
    for relation in prediction["relations"]:
        line = Text("    ")
        line.append(mentions[relation["head"]], style="bold")
        line.append(f"  ─ {relation['type']} {relation['score']:.2f} →  ", style="dim")
        line.append(mentions[relation["tail"]], style="bold")
        console.print(line)
    if not prediction["relations"]:
        console.print(Text("    no relation", style="dim"))
    console.print()


def _marked_sentence(tokens: Sequence[str], entities: Sequence[Mapping[str, Any]], colours: Mapping[str, str]) -> Text:
    """Mark each entity as `[words]Type`; overlapping ones nest or cross as they come."""
    line = Text("  ")
    for index, token in enumerate(tokens):
        if index:
            line.append(" ")
        opening = [entity for entity in entities if entity["start"] == index]
        closing = [entity for entity in entities if entity["end"] == index + 1]
        for entity in opening:
            line.append("[", style=colours[entity["type"]])
        inside = [entity for entity in entities if entity["start"] <= index < entity["end"]]
        line.append(token, style=f"bold {colours[inside[0]['type']]}" if inside else "")
        for entity in closing:
            line.append(f"]{entity['type']}", style=colours[entity["type"]])
    return line
