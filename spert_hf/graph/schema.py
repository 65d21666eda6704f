"""The three tables of a graph, as Parquet files: what builds them and what reads them agree here.

Types are those of DuckDB. Offsets of `evidence` in `relations` count code points in the sentence; those of `evidence`
count them in the document's text, or tokens where the input had tokens only.
"""

from __future__ import annotations

from collections.abc import Mapping

ENTITIES, RELATIONS, EVIDENCE = "entities.parquet", "relations.parquet", "evidence.parquet"

ALIAS = "STRUCT(text VARCHAR, mentions BIGINT, rule VARCHAR)"
"""Another surface form of an entity, and the rule that merged it; see `rules.py`."""

TOP_EVIDENCE = (
    "STRUCT(document VARCHAR, sentence VARCHAR, score DOUBLE, "
    "head_start BIGINT, head_end BIGINT, tail_start BIGINT, tail_end BIGINT)"
)

TABLES: Mapping[str, Mapping[str, str]] = {
    # Ids count from 0, in the order of the rows: most mentions first, then by type and name.
    ENTITIES: {
        "id": "BIGINT",
        "type": "VARCHAR",
        "name": "VARCHAR",
        "mentions": "BIGINT",
        "documents": "BIGINT",
        "mean_score": "DOUBLE",
        "best_score": "DOUBLE",
        "aliases": f"{ALIAS}[]",
    },
    # Ids count from 0, in the order of the rows: most documents first, then most mentions, then the best score.
    RELATIONS: {
        "id": "BIGINT",
        "type": "VARCHAR",
        "head": "BIGINT",
        "tail": "BIGINT",
        "documents": "BIGINT",
        "mentions": "BIGINT",
        "mean_score": "DOUBLE",
        "best_score": "DOUBLE",
        "symmetric": "BOOLEAN",
        "evidence": f"{TOP_EVIDENCE}[]",
    },
    # In the order of relations, each one's best first.
    EVIDENCE: {
        "relation": "BIGINT",
        "document": "VARCHAR",
        "score": "DOUBLE",
        "head_text": "VARCHAR",
        "head_start": "BIGINT",
        "head_end": "BIGINT",
        "tail_text": "VARCHAR",
        "tail_start": "BIGINT",
        "tail_end": "BIGINT",
        "sentence": "VARCHAR",
    },
}
"""The columns of each file, in order."""
