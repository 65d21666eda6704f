"""The columns of outputs in Parquet: those that are passed through, with types that are the same in every shard."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from ..data.faults import is_text, list_names, short_repr
from ..data.found import with_found
from ..data.prediction_columns import prediction_schema
from ..data.textfiles import ExactNumber, to_json_line
from ..model.messages import must_be

OTHER_FIELDS = "other_fields"
"""Column for what has no other place, as JSON: fields that the first records do not have, or values of other types."""

FOUND = ("entities", "relations", "error")
_NOTHING = dict.fromkeys(FOUND)
_SCALARS = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}
_JSON = {b"spert_hf": b"json"}
"""Metadata of the fields whose values are written as JSON; it stays out of the files."""


def infer_columns(records: Iterable[Mapping[str, Any]]) -> pa.Schema:
    """The types of the fields of records: of strings, whole numbers, numbers and booleans these; of lists, objects and
    fields of several types strings of JSON.

    Args:
        records: The first ones.
    """
    types: dict[str, set[Any]] = {}
    for record in records:
        for name, value in _renamed(record).items():
            kinds = types.setdefault(name, set())
            if value is not None:
                kinds.add(float if isinstance(value, ExactNumber) else type(value))
    fields = [_field(name, kinds) for name, kinds in types.items()]
    return pa.schema([*fields, pa.field(OTHER_FIELDS, pa.string())])


def _field(name: str, kinds: set[Any]) -> pa.Field:
    if name == "tokens":
        return pa.field(name, pa.list_(pa.string()))
    if name == "text":
        return pa.field(name, pa.string())
    if name == "id" and kinds == {int, str}:
        kinds = {str}
    if kinds == {int, float}:
        kinds = {float}
    if len(kinds) == 1 and (only := next(iter(kinds))) in _SCALARS:
        return pa.field(name, _SCALARS[only])
    return pa.field(name, pa.string(), metadata=_JSON)


def unify_columns(schemas: Mapping[str, pa.Schema]) -> pa.Schema:
    """The columns of several files: all of them, with types that hold the values of each.

    Args:
        schemas: By the path of the file.

    Raises:
        ValueError: A column has types that do not go together; the message names it and two files.
    """
    first: dict[str, tuple[str, pa.Field]] = {}
    for path, schema in schemas.items():
        for given in schema:
            before, field = first.get(given.name, (path, given))
            try:
                (merged,) = pa.unify_schemas([pa.schema([field]), pa.schema([given])], promote_options="permissive")
            except pa.ArrowException as error:
                allowed = f"{field.type}, as in {before}"
                raise ValueError(must_be(f"{path}: column {short_repr(given.name)}", allowed, given.type)) from error
            first[given.name] = (before, merged)
    return pa.schema([field for _, field in first.values()])


def output_schema(columns: pa.Schema) -> pa.Schema:
    """The schema of an output: the columns passed through, and what is found."""
    return pa.schema([*columns, *prediction_schema()])


def find_text_column(schema: pa.Schema, text_column: str | None, path: str) -> str:
    """The column of a Parquet file with its texts or words.

    Args:
        schema: Of the file.
        text_column: The one that was asked for; default: `text`, or else `tokens`.
        path: Of the file.

    Raises:
        ValueError: There is none, or it holds something else; the message names file, column and what is there.
    """
    name = text_column or ("tokens" if "text" not in schema.names and "tokens" in schema.names else "text")
    _check_column(schema, name, path, "strings or lists of strings", _is_text_type)
    return name


def rename_columns(table: Any, text_column: str | None, id_column: str | None, path: str) -> Any:
    """A table, or the schema of one, with the columns that were asked for named `text` or `tokens`, and `id`.

    Columns that have these names already, or those of what is found, become `given_text`, ….

    Raises:
        ValueError: A column is missing, or holds something else.
    """
    schema = table if isinstance(table, pa.Schema) else table.schema
    text = find_text_column(schema, text_column, path)
    asked = {text: "tokens" if _is_list(schema.field(text).type) else "text"}
    if id_column is not None:
        _check_column(schema, id_column, path, "strings or integers", _is_id_type)
        asked[id_column] = "id"
    names = [asked.get(name, name) for name in schema.names]
    taken = {*FOUND, *asked.values(), *(("text", "tokens") if text_column else ())}
    for place, name in enumerate(schema.names):
        new = names[place]
        if name not in asked and name in taken:
            new = f"given_{name}"
            while new in names:
                new = f"given_{new}"
        names[place] = new
    if isinstance(table, pa.Schema):
        return pa.schema([_decoded(field).with_name(name) for name, field in zip(names, schema, strict=True)])
    return table.rename_columns(names)


def to_table(rows: Any, found: Sequence[Mapping[str, Any]], schema: pa.Schema) -> pa.Table:
    """A table of an output.

    Args:
        rows: What is passed through: a table, or records.
        found: What was found in each.
        schema: See `output_schema`.
    """
    columns = _cast(rows, schema) if isinstance(rows, pa.Table) else _arrays(rows, schema)
    for name in FOUND:
        columns[name] = pa.array([one.get(name) for one in found], type=schema.field(name).type)
    return pa.Table.from_arrays([columns[name] for name in schema.names], schema=plain_schema(schema))


def plain_schema(schema: pa.Schema) -> pa.Schema:
    """The schema as it is written, without notes of our own."""
    return pa.schema([field.remove_metadata() for field in schema])


def to_records(table: pa.Table) -> list[dict[str, Any]]:
    """The rows of a table as JSON can hold them: times, decimals and bytes become strings."""
    return [{name: _plain(value) for name, value in row.items()} for row in table.to_pylist()]


def _cast(table: pa.Table, schema: pa.Schema) -> dict[str, Any]:
    count = table.num_rows
    return {
        field.name: table.column(field.name).cast(field.type)
        if field.name in table.column_names
        else pa.nulls(count, field.type)
        for field in schema
        if field.name not in FOUND
    }


def _arrays(records: Sequence[Mapping[str, Any]], schema: pa.Schema) -> dict[str, Any]:
    """The columns of records; what does not fit goes to the one for other fields."""
    fields = [field for field in schema if field.name not in (*FOUND, OTHER_FIELDS)]
    known = {field.name for field in fields}
    others: list[dict[str, Any]] = []
    renamed = [_renamed(record) for record in records]
    for record in renamed:
        others.append({name: value for name, value in record.items() if name not in known})
    columns = {field.name: pa.array(_values(field, renamed, others), type=field.type) for field in fields}
    if OTHER_FIELDS in schema.names:
        columns[OTHER_FIELDS] = pa.array([to_json_line(other) if other else None for other in others], type=pa.string())
    return columns


def _values(field: pa.Field, records: Sequence[Mapping[str, Any]], others: list[dict[str, Any]]) -> list[Any]:
    """The values of a column, those that do not fit moved to `others`."""
    is_json = field.metadata == _JSON
    values = []
    for record, other in zip(records, others, strict=True):
        value = record.get(field.name)
        if field.name == "id":
            value = _id_as(value, field.type)
        if value is not None and is_json:
            value = to_json_line(value)
        elif value is not None and not _fits(value, field.type):
            other[field.name] = value
            value = None
        values.append(float(value.text) if isinstance(value, ExactNumber) else value)
    return values


def _id_as(value: Any, kind: pa.DataType) -> Any:
    """An id as its column has it, where it is the same number or string: those of CSV are all strings."""
    if isinstance(value, int) and not isinstance(value, bool) and _is_string(kind):
        return str(value)
    if isinstance(value, str) and pa.types.is_integer(kind) and value.isdecimal() and str(int(value)) == value:
        return int(value)
    return value


def _fits(value: Any, kind: pa.DataType) -> bool:
    if pa.types.is_string(kind):
        return is_text(value)
    if pa.types.is_floating(kind):
        return isinstance(value, (int, float, ExactNumber)) and not isinstance(value, bool)
    if pa.types.is_boolean(kind) or isinstance(value, bool):
        return pa.types.is_boolean(kind) and isinstance(value, bool)
    try:
        pa.scalar(value, type=kind)
    except (pa.ArrowException, ValueError, TypeError, OverflowError):
        return False
    return True


def _renamed(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record with other names for fields that are called as what is found."""
    if OTHER_FIELDS not in record and not any(name in record for name in FOUND):
        return dict(record)
    renamed = with_found(record, _NOTHING | {OTHER_FIELDS: None})
    return {name: value for name, value in renamed.items() if name not in (*FOUND, OTHER_FIELDS)}


def _check_column(schema: pa.Schema, name: str, path: str, allowed: str, is_right: Any) -> None:
    where = f"{path}: column {short_repr(name)}"
    if name not in schema.names:
        given = f"nothing (the file has {list_names([short_repr(one) for one in schema.names])})"
        raise ValueError(must_be(where, allowed, given))
    if not is_right(schema.field(name).type):
        raise ValueError(must_be(where, allowed, schema.field(name).type))


def _is_text_type(kind: pa.DataType) -> bool:
    return _is_string(kind) or (_is_list(kind) and _is_string(kind.value_type))


def _is_id_type(kind: pa.DataType) -> bool:
    return _is_string(kind) or pa.types.is_integer(kind)


def _is_string(kind: pa.DataType) -> bool:
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)


def _is_list(kind: pa.DataType) -> bool:
    return pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)


def _decoded(field: pa.Field) -> pa.Field:
    """The field with its values in place of indices to them, as dictionaries differ from file to file."""
    return field.with_type(field.type.value_type) if pa.types.is_dictionary(field.type) else field


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)
