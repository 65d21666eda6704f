"""What a model finds in texts, in the form that annotation tools' files are written from."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..data.annotation.annotated_text import AnnotatedText, TextEntity, TextRelation
from ..data.detokenization import join_tokens
from ..data.faults import Location
from ..model.pipeline_spert import SpertPipeline

_OWN = ("text", "tokens", "entities", "relations", "id", "orig_id")


def annotate(
    pipe: SpertPipeline, records: Iterable[Mapping[str, Any]], source: str = "input", **settings: Any
) -> Iterator[AnnotatedText]:
    """Find entities and relations in texts, in order and as a stream.

    Args:
        pipe: The model.
        records: Each with a `text`, or with `tokens`, which are put together to one; `id` or `orig_id` identifies it,
            other fields are kept.
        source: What messages call the texts.
        settings: Of the pipeline's call.

    Raises:
        ValueError: A setting is not allowed.
    """
    waiting: deque[Mapping[str, Any]] = deque()

    def texts() -> Iterator[str]:
        for record in records:
            waiting.append(record)
            yield text_of(record)

    for number, found in enumerate(pipe(texts(), **settings), start=1):
        record = waiting.popleft()
        yield to_annotated(record, found, Location(source, number))


def text_of(record: Mapping[str, Any]) -> str:
    """The text of a record, that of its tokens if it has none."""
    return str(record["text"]) if "text" in record else join_tokens(record["tokens"])[0]


def to_annotated(record: Mapping[str, Any], found: Mapping[str, Any], source: Location) -> AnnotatedText:
    """What the pipeline gave for a record, as an annotated text."""
    identifier = record.get("id", record.get("orig_id"))
    return AnnotatedText(
        text_of(record),
        [TextEntity(one["type"], one["start"], one["end"], score=one["score"]) for one in found["entities"]],
        [TextRelation(one["type"], one["head"], one["tail"], score=one["score"]) for one in found["relations"]],
        None if identifier is None else str(identifier),
        source,
        {name: value for name, value in record.items() if name not in _OWN},
    )
