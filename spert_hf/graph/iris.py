"""The IRIs that RDF of a graph has for entities, types and what is said of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote

from ..model.messages import must_be

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
OWL = "http://www.w3.org/2002/07/owl#"
SKOS = "http://www.w3.org/2004/02/skos/core#"
XSD = "http://www.w3.org/2001/XMLSchema#"

_PLANES = "".join(f"\\U{plane:04x}0000-\\U{plane:04x}fffd" for plane in range(1, 0xE))
_CHARACTERS = r"!#$&'()*+,\-./0-9:;=?@A-Z_a-z~\xa0-\ud7ff\uf900-\ufdcf\ufdf0-\uffef\U000e1000-\U000efffd" + _PLANES
"""Of IRIs, by RFC 3987: those of URIs but for brackets, and `ucschar`."""
_IRI = re.compile(rf"[A-Za-z][A-Za-z0-9+.-]*:(?:[{_CHARACTERS}]|%[0-9A-Fa-f]{{2}})+")
_END = ("/", "#", ":")


def check_base_iri(base: str) -> str:
    """Check what IRIs shall begin with.

    Raises:
        ValueError: it is no IRI, or names would run into it.
    """
    if not _IRI.fullmatch(base) or not base.endswith(_END):
        allowed = "an IRI that ends with /, # or :, such as https://example.org/kg/"
        raise ValueError(must_be("--base-iri", allowed, repr(base)))
    return base


class Names:
    """The IRIs that are made up for entities, types and the vocabulary.

    Args:
        base: what they begin with.
        entity_types: all of them.
        relation_types: all of them.
    """

    def __init__(self, base: str, entity_types: Iterable[str], relation_types: Iterable[str]) -> None:
        self._base = base
        self._entity_types = _encode_apart(entity_types)
        self._relation_types = _encode_apart(relation_types)

    def entity(self, type_name: str, name: str, number: int | None = None) -> str:
        """IRI of an entity; with its number where those of others would be the same, see [`encode`]."""
        ending = "" if number is None else f"~{number}"
        return f"{self._base}entity/{self._entity_types[type_name]}/{encode(name)}{ending}"

    def entity_type(self, name: str) -> str:
        """IRI of a class."""
        return f"{self._base}type/{self._entity_types[name]}"

    def relation_type(self, name: str) -> str:
        """IRI of a property."""
        return f"{self._base}relation/{self._relation_types[name]}"

    def vocabulary(self, name: str) -> str:
        """IRI of what this package says of entities and relations."""
        return f"{self._base}vocabulary/{name}"

    def prefixes(self) -> dict[str, str]:
        """Prefixes for Turtle; each type of entities has its own, as long as its name allows."""
        known = {"rdf": RDF, "rdfs": RDFS, "owl": OWL, "skos": SKOS, "xsd": XSD}
        known |= {name: f"{self._base}{name}/" for name in ("type", "relation")} | {"kg": self.vocabulary("")}
        for name, encoded in self._entity_types.items():
            prefix = re.sub(r"[^a-z0-9]", "", name.lower())
            if prefix[:1].isalpha() and prefix not in known:
                known[prefix] = f"{self._base}entity/{encoded}/"
        return known


def encode(name: str) -> str:
    """A name as a part of an IRI: blanks as `_`, all but ASCII letters, digits, `-`, `.` and `_` percent-encoded.

    Names become the same that have blanks where others have `_`, and no others; none is a step up or down in a path.
    """
    encoded = quote(name, safe="", errors="replace").replace("~", "%7E").replace("%20", "_")
    return encoded.replace(".", "~.") if set(encoded) == {"."} else encoded or "~"


def _encode_apart(names: Iterable[str]) -> dict[str, str]:
    """Names as parts of IRIs; of those that become the same, all but the first are numbered."""
    encoded: dict[str, str] = {}
    for name in names:
        part, number = encode(name), 1
        while (numbered := part if number == 1 else f"{part}~{number}") in encoded.values():
            number += 1
        encoded[name] = numbered
    return encoded
