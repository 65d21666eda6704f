"""Inputs of a pipeline: a single input or a collection, with values of any supported library."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .messages import must_be

_TABLES = ("iterrows", "itercolumns", "iter_rows")
"""Attributes by which tables of pandas, pyarrow and polars are distinguished from columns."""

_TO_PLAIN = ("as_py", "tolist", "to_list")
"""Methods that convert values of pyarrow; of NumPy, pandas and torch; and of polars to Python's types."""


def is_one(inputs: Any) -> bool:
    """Whether this is a single input: a string, a record, or a value of an array that is one."""
    return isinstance(inputs, (str, Mapping)) or hasattr(inputs, "as_py") or getattr(inputs, "ndim", None) == 0


def is_collection(inputs: Any) -> bool:
    """Whether this has items; torch data sets have a length and indices, but no iterator."""
    return isinstance(inputs, Iterable) or (hasattr(inputs, "__getitem__") and hasattr(inputs, "__len__"))


def has_length(inputs: Any) -> bool:
    """Whether a collection has a length, like a list or a column of a table and unlike a generator."""
    return hasattr(inputs, "__len__")


def items_of(inputs: Any) -> Iterator[Any]:
    """Iterate over the items of a collection, converted by [`plain`].

    Args:
        inputs: the collection.

    Returns:
        An iterator over the items, in order.

    Raises:
        ValueError: it is a table or not a collection; raised immediately.
    """
    if any(hasattr(inputs, name) for name in _TABLES):  # iterating over some would give their column names
        raise ValueError(must_be("inputs", "one of its columns, such as table['text']", type(inputs).__name__))
    if not is_collection(inputs):
        raise ValueError(
            must_be(
                "inputs",
                "a string, a list of strings or of lists of words, a data set's column or a generator",
                type(inputs).__name__,
            )
        )
    return map(plain, inputs if isinstance(inputs, Iterable) else (inputs[index] for index in range(len(inputs))))


def plain(value: Any) -> Any:
    """Convert a value of an array to Python's type; other values are returned unchanged."""
    if isinstance(value, (str, Mapping, list, tuple)):
        return value
    way = next((getattr(value, name) for name in _TO_PLAIN if hasattr(value, name)), None)
    return value if way is None else way()
