"""Relations as a pandas data frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..data.found import TRIPLE_COLUMNS, triple_rows
from .records import each_result

if TYPE_CHECKING:
    import pandas


def to_dataframe(found: Any) -> pandas.DataFrame:
    """Make a data frame with one row per relation, and the columns of ``spert-hf extract --output found.csv``.

    Args:
        found: A result of the pipeline, or several.

    Returns:
        The data frame. ``document`` is the index of the result, from 0 (from 1 in the command). Offsets are in
        characters, or in tokens for lists of words.

    Raises:
        ValueError: ``found`` is neither a result nor a collection of them.
    """
    import pandas  # a slow import

    rows = [row for document, result in enumerate(each_result(found)) for row in triple_rows(document, result)]
    return pandas.DataFrame(rows, columns=list(TRIPLE_COLUMNS))
