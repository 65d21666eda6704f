"""What readers and writers of annotation files may be told, because texts and files do not say it."""

from __future__ import annotations

from dataclasses import dataclass, fields

from ...model.messages import either, must_be
from .offsets import UNITS


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """What readers of annotation files may be told.

    Attributes:
        annotations: Of a text that several people have annotated: `"latest"`, `"all"` (the text once for each), or
            `"by USER"`, which is an annotator's name or number.
        offsets: One of [`UNITS`] that the file's offsets count, where the tool's own, or the one that is detected, is
            not the right one.
        entity_layer: Of a format with layers, the one that holds entities. Default: the one that relations connect,
            else the only one with labels.
        relation_layer: The layer that holds relations. Default: the only one.
        text_key: Of a format whose texts stand among other data, the key of the text. Default: `text`, else the one
            that the annotations name, else the only one.

    Raises:
        ValueError: Naming the option, what is allowed and what was given.
    """

    annotations: str = "latest"
    offsets: str | None = None
    entity_layer: str | None = None
    relation_layer: str | None = None
    text_key: str | None = None

    def __post_init__(self) -> None:
        if self.annotations not in ("latest", "all") and not self.user:
            raise ValueError(must_be("annotations", "latest, all or by USER", repr(self.annotations)))
        if self.offsets is not None and self.offsets not in UNITS:
            raise ValueError(must_be("offsets", either(UNITS), repr(self.offsets)))

    @property
    def given(self) -> set[str]:
        """The names of those that are not left at their defaults."""
        return {each.name for each in fields(self) if getattr(self, each.name) != each.default}

    @property
    def user(self) -> str | None:
        """The annotator whose annotations are wanted, if only those are."""
        return self.annotations.removeprefix("by ").strip() or None if self.annotations.startswith("by ") else None


@dataclass(frozen=True, slots=True)
class WritingOptions:
    """What writers of annotation files may be told.

    Attributes:
        entity_types: All types that an annotator can choose from, in the model's order. Default: those of the texts.
        relation_types: Those of relations.
        model_version: What the tool shows as the source of the predictions.
        offsets: One of [`UNITS`] that the offsets count, where the tool's default is not the right one.

    Raises:
        ValueError: Naming the option, what is allowed and what was given.
    """

    entity_types: tuple[str, ...] = ()
    relation_types: tuple[str, ...] = ()
    model_version: str = "spert"
    offsets: str | None = None

    def __post_init__(self) -> None:
        if self.offsets is not None and self.offsets not in UNITS:
            raise ValueError(must_be("offsets", either(UNITS), repr(self.offsets)))
