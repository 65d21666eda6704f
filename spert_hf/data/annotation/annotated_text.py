"""The one form that every annotation tool's files are read into, and that predictions are written from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..faults import Location


@dataclass(slots=True)
class TextEntity:
    """A mention as an annotator has marked it.

    Attributes:
        type: Its label; `None` where the annotator chose none.
        start: First character, in code points of the text.
        end: The character behind the last one.
        more_types: Further labels of the same mention.
        fragments: Of a discontinuous mention, the parts `(start, end)` in text order, the first of which begins at
            `start` and the last of which ends at `end`; else empty.
        score: What a model gave it, 0 … 1, if one did.
    """

    type: str | None
    start: int
    end: int
    more_types: tuple[str, ...] = ()
    fragments: tuple[tuple[int, int], ...] = ()
    score: float | None = None


@dataclass(slots=True)
class TextRelation:
    """A directed relation of two mentions.

    Attributes:
        type: Its label; `None` where the annotator chose none.
        head: Position of its head in the text's entities.
        tail: Position of its tail.
        both_ways: It was drawn without direction: it holds from tail to head, too.
        score: What a model gave it, 0 … 1, if one did.
    """

    type: str | None
    head: int
    tail: int
    both_ways: bool = False
    score: float | None = None


@dataclass(slots=True)
class AnnotatedText:
    """A text with its annotations, as one annotator left them.

    Attributes:
        text: As the tool has it, white space and line ends included.
        entities: In the order of the file; they may overlap and repeat.
        relations: In the order of the file.
        id: The tool's identifier of the text.
        source: Where it stands.
        extra: What else is to be known of it, such as the annotator, under names of the tool.
    """

    text: str
    entities: list[TextEntity] = field(default_factory=list)
    relations: list[TextRelation] = field(default_factory=list)
    id: str | None = None
    source: Location = field(default_factory=lambda: Location("text"))
    extra: dict[str, Any] = field(default_factory=dict)
