"""Iteration over one or several results of the pipeline, with checks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..model.messages import must_be

_ENTITY = ("text", "type")
_RELATION = ("type", "score", "head", "tail")


def each_result(found: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the results one by one, after checking each.

    Args:
        found: A result of the pipeline, or several: a list, a generator, a column, or records that ``spert-hf extract``
            wrote.

    Raises:
        ValueError: If ``found`` is neither (at once), or at an invalid result; the message has its number.
    """
    if isinstance(found, Mapping):
        return iter([_checked(found, "found")])
    if isinstance(found, str) or not isinstance(found, Iterable):
        raise _no_result("found", found)
    return (_checked(result, f"found.{number}") for number, result in enumerate(found))


def _checked(result: Any, name: str) -> Mapping[str, Any]:
    """Return a result after checking it.

    Raises:
        ValueError: If it is not a result, or a field of an entity or relation is missing.
    """
    if not isinstance(result, Mapping) or "entities" not in result or "relations" not in result:
        raise _no_result(name, result)
    entities, relations = result["entities"], result["relations"]
    for kind, items, fields in (("entities", entities, _ENTITY), ("relations", relations, _RELATION)):
        for number, item in enumerate(items):
            missing = [field for field in fields if not isinstance(item, Mapping) or field not in item]
            if missing:
                allowed = "what the pipeline found (annotated documents are not)"
                raise ValueError(must_be(f"{name}.{kind}.{number}", allowed, f"one without {missing[0]!r}"))
    for number, relation in enumerate(relations):
        if not all(0 <= relation[end] < len(entities) for end in ("head", "tail")):
            allowed = f"between two of the {len(entities)} entities"
            raise ValueError(must_be(f"{name}.relations.{number}", allowed, "an end that is not one of them"))
    return result


def _no_result(name: str, given: Any) -> ValueError:
    allowed = "a result of the pipeline (with 'entities' and 'relations'), or several"
    return ValueError(must_be(name, allowed, repr(given)[:80]))
