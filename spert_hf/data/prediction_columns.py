"""The `datasets` features of predictions, for data sets that get them as columns."""

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
    """Return the features of a data set with the pipeline's predictions in columns ``entities`` and ``relations``.

    ``datasets`` infers the types of columns from the first rows. If these have no predictions, it fails at the first
    row that has some, unless it is given the types: ``rows.map(…, features=prediction_features(rows.features))``.

    Args:
        columns: The features of the data set's other columns; ``entities`` and ``relations`` among them are replaced.
        errors: Whether to add a column ``error`` for the messages of ``errors="skip"`` on inputs that are not text.
        with_text: Whether relations have the words and types of head and tail, as with ``with_text=True``.

    Returns:
        ``columns`` and the new ones. If inputs are lists of words, ``start`` and ``end`` are None.
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
