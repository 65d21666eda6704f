"""Tables of errors on a terminal."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..evaluation.error_analysis import ErrorAnalysis
from ..evaluation.error_report import ERROR_HEADINGS, error_examples, error_rows
from ..evaluation.report import TASK_NAMES


def print_errors(console: Console, analysis: ErrorAnalysis) -> None:
    """Print a table of error categories for each task, and examples."""
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
