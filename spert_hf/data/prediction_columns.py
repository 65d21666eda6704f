"""The features of predictions, for data sets that they become columns of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import datasets
    import pyarrow as pa

_ENTITY = {
    "type": "string",
    "score": "float64",
    "text": "string",
    "start": "int64",
    "end": "int64",
    "token_start": "int64",
    "token_end": "int64",
}
_RELATION = {"type": "string", "score": "float64", "head": "int64", "tail": "int64"}
_WITH_TEXT = dict.fromkeys(("head_text", "head_type", "tail_text", "tail_type"), "string")


def prediction_features(
    columns: Mapping[str, Any] | None = None, *, errors: bool = False, with_text: bool = False
) -> datasets.Features:
    """The features of a data set with what the pipeline finds in columns ``entities`` and ``relations``.

    ``datasets`` takes the types of columns from the first rows; where nothing was found in these, it fails at the first
    row that something was found in, unless it is told the types:
    ``rows.map(…, features=prediction_features(rows.features))``.

    Args:
        columns: The features of the columns that the data set has besides; a column ``entities`` or ``relations`` among
            them is replaced.
        errors: Whether it has a column ``error``, too, of what ``errors="skip"`` says of inputs that are not text.
        with_text: Whether the relations have the words and types of head and tail, as ``with_text=True`` gives.

    Returns:
        ``columns`` and the new ones. Of words that were given as a list, ``start`` and ``end`` are None.
    """
    import datasets  # takes seconds

    def items(fields: Mapping[str, str]) -> list[dict[str, Any]]:
        return [{name: datasets.Value(dtype) for name, dtype in fields.items()}]

    found: dict[str, Any] = {
        "entities": items(_ENTITY),
        "relations": items(_RELATION | (_WITH_TEXT if with_text else {})),
    }
    if errors:
        found["error"] = datasets.Value("string")
    return datasets.Features({**(columns or {}), **found})


def prediction_schema() -> pa.Schema:
    """The Arrow schema of what is found: ``entities``, ``relations`` and ``error``, as in ``prediction_features``.

    It is the same whatever a table holds, so that files with and without relations can be read together.
    """
    import pyarrow as pa

    types = {"string": pa.string(), "float64": pa.float64(), "int64": pa.int64()}

    def items(fields: Mapping[str, str]) -> pa.DataType:
        return pa.list_(pa.struct({name: types[dtype] for name, dtype in fields.items()}))

    return pa.schema({"entities": items(_ENTITY), "relations": items(_RELATION), "error": pa.string()})
