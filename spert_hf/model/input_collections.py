"""What a pipeline is given: one input or a collection of them, from whatever library its values are."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .messages import must_be

_TABLES = ("iterrows", "itercolumns", "iter_rows")
"""What tables of pandas, pyarrow and polars have, and columns have not."""

_TO_PLAIN = ("as_py", "tolist", "to_list")
"""How values of pyarrow, of NumPy, pandas and torch, and of polars become Python's own."""


def is_one(inputs: Any) -> bool:
    """Whether this is one input: a string, a record, or the same as a value of an array."""
    return isinstance(inputs, (str, Mapping)) or hasattr(inputs, "as_py") or getattr(inputs, "ndim", None) == 0


def is_collection(inputs: Any) -> bool:
    """Whether this has items; torch data sets have a length and indices, and no iterator."""
    return isinstance(inputs, Iterable) or (hasattr(inputs, "__getitem__") and hasattr(inputs, "__len__"))


def has_length(inputs: Any) -> bool:
    """Whether a collection is all there, such as a list or the column of a table; a generator is not."""
    return hasattr(inputs, "__len__")


def items_of(inputs: Any) -> Iterator[Any]:
    """Give the items of a collection in order, each as [`plain`] gives it.

    Raises:
        ValueError: at once, if it is a table or no collection.
    """
    if any(hasattr(inputs, name) for name in _TABLES):  # some would give the names of their columns
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
    """A value of an array as Python's own; all else as it is."""
    if isinstance(value, (str, Mapping, list, tuple)):
        return value
    way = next((getattr(value, name) for name in _TO_PLAIN if hasattr(value, name)), None)
    return value if way is None else way()
