"""Relations between mentions become triples of entities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..model.messages import did_you_mean, must_be
from .database import joins_as_written, listed, only_row
from .merging import SCORE_UNITS

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

DROPPED = {
    "low score": "with a score below --min-score",
    "blank end": "with an end that is white space alone",
    "self loop": "from an entity to itself",
    "inverse duplicate": "of a symmetric type, found in both directions between two mentions",
    "inverse": "of a one-way type, with better evidence for the other direction",
    "low support": "in fewer documents than --min-support",
}
"""Why relations are dropped, in the order in which it is looked at."""

_FATE = {name: number for number, name in enumerate(DROPPED)}

_FOUND = f"""
CREATE TABLE found AS
SELECT record, place, document, type, score, one, other, turned,
    CASE WHEN turned THEN tail ELSE head END AS head, CASE WHEN turned THEN head ELSE tail END AS tail,
    CASE
        WHEN score < {{min_score}} THEN {_FATE["low score"]}
        WHEN head IS NULL OR tail IS NULL THEN {_FATE["blank end"]}
        WHEN head = tail THEN {_FATE["self loop"]}
    END::TINYINT AS fate
FROM (
    SELECT r.* EXCLUDE (h, t), coalesce(hd.entity, he.entity) AS head, coalesce(td.entity, te.entity) AS tail,
        coalesce(r.type IN ({{symmetric}}) AND coalesce(hd.entity, he.entity) > coalesce(td.entity, te.entity), false)
            AS turned
    FROM (
            SELECT f.record, coalesce(twin.document, f.record) AS document, place::INTEGER AS place, r.type AS type,
                coalesce(r.score, 1) AS score, entities[r.head + 1] AS h, entities[r.tail + 1] AS t,
                least(r.head, r.tail)::INTEGER AS one, greatest(r.head, r.tail)::INTEGER AS other
            FROM (
                    SELECT record, entities, unnest(relations) AS r, generate_subscripts(relations, 1) AS place
                    FROM found_row WHERE error IS NULL
                ) AS f
                LEFT JOIN twin ON twin.record = f.record
        ) AS r
        JOIN end_of_relation AS he ON he.type = r.h.type AND he.text = r.h.text
        JOIN end_of_relation AS te ON te.type = r.t.type AND te.text = r.t.text
        LEFT JOIN end_in_document AS hd ON hd.document = r.document AND hd.id = he.id
        LEFT JOIN end_in_document AS td ON td.document = r.document AND td.id = te.id
);
"""
"""Relations of symmetric types go from the entity with the lower id to the other; `turned` says that they did not.
`one` and `other` are the places of their mentions."""

_BOTH_WAYS = f"""
UPDATE found SET fate = {_FATE["inverse duplicate"]} WHERE rowid IN (
    SELECT rowid FROM found WHERE type IN ({{symmetric}}) AND fate IS NULL
    QUALIFY row_number() OVER (PARTITION BY record, type, one, other ORDER BY score DESC, place) > 1
)
"""

_TRIPLES = f"""
CREATE TABLE triple AS
SELECT type, head, tail, count(*) AS documents, sum(mentions)::BIGINT AS mentions,
    least(sum(total) / {SCORE_UNITS} / sum(mentions), max(best)) AS mean_score, max(best) AS best_score
FROM (
    SELECT type, head, tail, document, count(*) AS mentions, sum(round(score * {SCORE_UNITS})::BIGINT) AS total,
        max(score) AS best
    FROM found WHERE fate IS NULL GROUP BY type, head, tail, document
)
GROUP BY type, head, tail
"""

_WEAKER = """
rowid IN (
    SELECT one.rowid
    FROM triple AS one JOIN triple AS two ON two.type = one.type AND two.head = one.tail AND two.tail = one.head
    WHERE one.type IN ({one_way})
        AND (one.documents, one.mentions, one.best_score, two.head)
            < (two.documents, two.mentions, two.best_score, one.head)
)
"""

_RANKED = """
CREATE TABLE ranked AS SELECT * FROM triple
ORDER BY documents DESC, mentions DESC, best_score DESC, type, head, tail;
DROP TABLE triple;

CREATE TABLE kept AS
SELECT f.record, f.place, f.turned, t.rowid AS relation
FROM found AS f JOIN ranked AS t USING (type, head, tail) WHERE f.fate IS NULL;
DROP TABLE found;
"""


def make_triples(
    connection: DuckDBPyConnection,
    min_score: float = 0.0,
    min_support: int = 1,
    symmetric: Sequence[str] = (),
    one_way: Sequence[str] = (),
) -> dict[str, int]:
    """Make the tables `ranked`, of triples in their order, and `kept`, of the relations that they are made of.

    Args:
        connection: a data base with what `merge_mentions` made.
        min_score: relations with a lower score are dropped.
        min_support: triples in fewer documents are dropped.
        symmetric: relation types without a direction: both directions are one triple.
        one_way: relation types that hold in one direction only: of a triple and its inverse, the better one is kept.

    Returns:
        How many relations were dropped, by reason.

    Raises:
        ValueError: there is no relation of one of the types.
    """
    with joins_as_written(connection):
        connection.execute(_FOUND.format(min_score=min_score, symmetric=listed(symmetric)))
    for option, types in (("--symmetric", symmetric), ("--one-way", one_way)):
        _check_types(connection, option, types)
    if symmetric:
        connection.execute(_BOTH_WAYS.format(symmetric=listed(symmetric)))
    fates = connection.execute("SELECT fate, count(*) FROM found WHERE fate IS NOT NULL GROUP BY fate").fetchall()
    dropped = {name: dict(fates).get(number, 0) for name, number in _FATE.items()}
    connection.execute(_TRIPLES)
    if one_way:
        dropped["inverse"] = _drop(connection, _WEAKER.format(one_way=listed(one_way)))
    if min_support > 1:
        dropped["low support"] = _drop(connection, f"documents < {min_support}")
    connection.execute(_RANKED)
    return dropped


def _check_types(connection: DuckDBPyConnection, option: str, types: Sequence[str]) -> None:
    """Check that there are relations of types, which may be misspelt.

    Raises:
        ValueError: there are none of one; the message names the option.
    """
    if not types:
        return
    there = [name for (name,) in connection.execute("SELECT DISTINCT type FROM found ORDER BY type").fetchall()]
    for name in types:
        if name not in there:
            types_found = ", ".join(map(repr, there)) or "of which there are none"
            allowed = f"among the types of relations that were found, {types_found}"
            raise ValueError(must_be(option, allowed, f"{name!r}{did_you_mean(name, there)}"))


def _drop(connection: DuckDBPyConnection, condition: str) -> int:
    """Drop triples; the number of relations that are lost with them."""
    (lost,) = only_row(connection, f"SELECT coalesce(sum(mentions), 0)::BIGINT FROM triple WHERE {condition}")
    connection.execute(f"DELETE FROM triple WHERE {condition}")
    return int(lost)
