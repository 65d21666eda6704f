"""Label Studio's labelling interface: the XML that says what an annotator can choose from, in the demo's colours."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from xml.sax.saxutils import quoteattr

from ...model.messages import must_be
from ..faults import is_name, short_repr
from ..type_colours import LINE, colour, type_hues

LABELS, TEXT = "label", "text"
"""Names of the controls, as results of annotations and predictions name them."""

_NOT_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def is_label(name: object) -> bool:
    """Whether the interface can hold a type of this name: XML can't hold all characters."""
    return is_name(name) and not _NOT_XML.search(str(name))


def labelling_interface(entity_types: Sequence[str], relation_types: Sequence[str], several: bool = False) -> str:
    """The labelling interface of a project, as its settings (Labeling Interface, Code) take it.

    Args:
        entity_types: Labels of regions, in the order of the page.
        relation_types: Labels of relations.
        several: Whether a region may have several labels.

    Raises:
        ValueError: A type has a name that XML can't hold.
    """
    for setting, names in (("entity_types", entity_types), ("relation_types", relation_types)):
        for name in names:
            if not is_label(name):
                raise ValueError(must_be(setting, "names that XML can hold", short_repr(name)))
    return "\n".join(_lines(entity_types, relation_types, several)) + "\n"


def _lines(entity_types: Sequence[str], relation_types: Sequence[str], several: bool) -> Iterator[str]:
    choice = ' choice="multiple"' if several else ""
    hues, _ = type_hues(entity_types, relation_types)
    yield "<View>"
    yield f'  <Labels name="{LABELS}" toName="{TEXT}"{choice}>'
    for name in entity_types:
        yield f"    <Label value={quoteattr(name)} background={quoteattr(colour(LINE, hues[name]))}/>"
    yield "  </Labels>"
    yield f'  <Text name="{TEXT}" value="${TEXT}"/>'
    if relation_types:
        yield "  <Relations>"
        yield from (f"    <Relation value={quoteattr(name)}/>" for name in relation_types)
        yield "  </Relations>"
    yield "</View>"
