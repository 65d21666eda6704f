"""Predictions and tables for people at a terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..evaluation.error_analysis import ErrorAnalysis
from ..evaluation.error_report import ERROR_HEADINGS, error_examples, error_rows
from ..evaluation.marked_text import marked_pieces
from ..evaluation.report import TASK_NAMES
from ..evaluation.visible_text import visible

COLOURS = ("cyan", "magenta", "green", "yellow", "blue", "red")

MOST_RELATIONS = 20
"""Relations of a sentence that are printed: a model that knows nothing may find thousands."""


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
    mentions = [visible(" ".join(tokens[entity["start"] : entity["end"]])) for entity in prediction["entities"]]
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


def _marked_sentence(tokens: Sequence[str], entities: Sequence[Mapping[str, Any]], colours: Mapping[str, str]) -> Text:
    """Mark each entity as `[words]Type`, in its colour."""
    line = Text("  ")
    for text, entity_type, is_mark in marked_pieces(tokens, entities):
        colour = "" if entity_type is None else colours[entity_type]
        line.append(text, style=colour if is_mark or not colour else f"bold {colour}")
    return line


def print_errors(console: Console, analysis: ErrorAnalysis) -> None:
    """Print a table of the kinds of errors for each task, and examples."""
    for task in analysis.errors:
        console.print()
        console.print(_error_table(analysis, task))
    examples = error_examples(analysis)
    if examples:
        console.print("\nExamples", style="bold")
    for example in examples:
        console.print(Text(f"\n{example.heading}"))
        console.print(Text(f"  {example.sentence}"))
        console.print(Text(f"    expected  {example.expected}"))
        console.print(Text(f"    found     {example.found}"))


def _error_table(analysis: ErrorAnalysis, task: str) -> Table:
    table = Table(title=f"Errors in {TASK_NAMES[task]}", title_justify="left")
    name, *figures, types = ERROR_HEADINGS
    table.add_column(name)
    for heading in figures:
        table.add_column(heading, justify="right")
    table.add_column(types)
    *kinds, total = error_rows(analysis, task)
    for row in kinds:
        table.add_row(*map(Text, row))
    table.add_section()
    table.add_row(*map(Text, total))
    return table
