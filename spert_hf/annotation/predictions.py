"""What a model finds in texts, as annotations that people can correct in their tool."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..data.annotation.annotated_text import AnnotatedText, TextEntity, TextRelation
from ..data.faults import Location
from ..model.pipeline_spert import BATCHES_READ_AHEAD, SpertPipeline

_OWN_FIELDS = frozenset({"text", "tokens", "id", "orig_id"})
"""Fields of a record that an annotated text has places of its own for."""


def annotate(
    pipe: SpertPipeline, records: Iterable[Mapping[str, Any]], source: str = "text", **settings: Any
) -> Iterator[AnnotatedText]:
    """Find entities and relations, in order and as a stream.

    Args:
        pipe: Finds them.
        records: As [`read_inputs`] gives them: `{"text": str, …}` or `{"tokens": list[str], …}`. Of tokens, the text is
            what they give with a blank between each two. `id`, or else `orig_id`, names the text.
        source: What the records come from, for messages.
        settings: Of the pipeline's call, such as `relation_threshold`.

    Yields:
        The texts with what was found, and with the model's scores; other fields of a record are in `extra`.

    Raises:
        ValueError: If a record is no text.
    """
    waiting: deque[Mapping[str, Any]] = deque()

    def inputs() -> Iterator[Mapping[str, Any]]:
        for record in records:
            waiting.append(record)
            yield record

    for number, found in enumerate(pipe(inputs(), batches_ahead=BATCHES_READ_AHEAD, **settings), start=1):
        yield to_annotated_text(waiting.popleft(), found, Location(source, record=number))


def to_annotated_text(record: Mapping[str, Any], found: Mapping[str, Any], source: Location) -> AnnotatedText:
    """One text with what the pipeline found in it.

    Args:
        record: What the pipeline was given.
        found: What it returned for that.
        source: Where the record stands.
    """
    name = record.get("id", record.get("orig_id"))
    return AnnotatedText(
        record["text"] if "text" in record else " ".join(record["tokens"]),
        _entities(record, found["entities"]),
        [TextRelation(one["type"], one["head"], one["tail"], score=one["score"]) for one in found["relations"]],
        id=None if name is None else str(name),
        source=source,
        extra={field: value for field, value in record.items() if field not in _OWN_FIELDS},
    )


def _entities(record: Mapping[str, Any], entities: Iterable[Mapping[str, Any]]) -> list[TextEntity]:
    if "text" in record:
        return [TextEntity(one["type"], one["start"], one["end"], score=one["score"]) for one in entities]
    starts, ends = [], []
    position = 0
    for token in record["tokens"]:
        starts.append(position)
        ends.append(position + len(token))
        position = ends[-1] + 1
    return [
        TextEntity(one["type"], starts[one["token_start"]], ends[one["token_end"] - 1], score=one["score"])
        for one in entities
    ]
