"""Entities and relations with plain values, for formats that have no lists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SEPARATOR = " | "
"""Between the values of what was a list."""

ENTITY_COLUMNS: dict[str, type] = {
    "type": str,
    "mentions": int,
    "documents": int,
    "mean_score": float,
    "best_score": float,
    "aliases": str,
}
RELATION_COLUMNS: dict[str, type] = {
    "type": str,
    "documents": int,
    "mentions": int,
    "mean_score": float,
    "best_score": float,
    "symmetric": bool,
    "evidence_documents": str,
    "evidence": str,
}


def flat_entity(row: Mapping[str, Any]) -> dict[str, Any]:
    """What `ENTITY_COLUMNS` names: aliases are one text."""
    aliases = SEPARATOR.join(alias["text"] for alias in row["aliases"] or ())
    return {name: row[name] for name in ENTITY_COLUMNS if name != "aliases"} | {"aliases": aliases or None}


def flat_relation(row: Mapping[str, Any]) -> dict[str, Any]:
    """What `RELATION_COLUMNS` names: the documents of the evidence are one text, and so are its sentences."""
    evidence = row["evidence"] or ()
    sentences = SEPARATOR.join(one["sentence"] for one in evidence if one["sentence"])
    documents = SEPARATOR.join(str(one["document"]) for one in evidence if one["document"] is not None)
    plain = {name: row[name] for name in RELATION_COLUMNS if not name.startswith("evidence")}
    return plain | {"evidence_documents": documents or None, "evidence": sentences or None}
