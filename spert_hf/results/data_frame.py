"""What is found, as a table of pandas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..data.found import TRIPLE_COLUMNS, triple_rows
from .records import each_result

if TYPE_CHECKING:
    import pandas


def to_dataframe(found: Any) -> pandas.DataFrame:
    """Make a table with a row a relation, and the columns that ``spert-hf extract --output found.csv`` writes.

    Args:
        found: A result of the pipeline, or several.

    Returns:
        ``document`` counts results from 0, as lists do (the command counts from 1). Offsets count characters, or tokens
        where those were given.

    Raises:
        ValueError: ``found`` is neither a result nor a collection of them.
    """
    import pandas  # takes a second

    rows = [row for document, result in enumerate(each_result(found)) for row in triple_rows(document, result)]
    return pandas.DataFrame(rows, columns=list(TRIPLE_COLUMNS))
