"""What speaks for each triple, with its sentences, and the tables of a graph as Parquet files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .database import joins_as_written, listed, quoted
from .schema import ENTITIES, EVIDENCE, RELATIONS
from .sentences import sentence_pattern

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_ROW_GROUP = 50_000
"""Rows that are packed together: writing and reading hold as many in memory."""

_ENTITIES = """
SELECT e.rowid AS id, e.type, e.name, e.mentions, e.documents, e.mean_score, e.best_score,
    coalesce(o.aliases, []) AS aliases
FROM entity AS e
    LEFT JOIN (
        SELECT entity, list({'text': text, 'mentions': mentions, 'rule': rule} ORDER BY mentions DESC, text, rule)
            AS aliases
        FROM other_shape GROUP BY entity
    ) AS o ON o.entity = e.rowid
ORDER BY id
"""

_EVIDENCE = """
WITH cut AS (
    SELECT record, document, words, tokens, entities, relations, regexp_extract_all(text, {pattern}) AS sentences
    FROM found_row WHERE error IS NULL AND len(relations) > 0
),
measured AS (SELECT *, list_transform(sentences, lambda s: length(s)) AS lengths FROM cut),
begun AS (
    SELECT *, list_transform(range(0, len(lengths)), lambda n: coalesce(list_sum(lengths[:n]), 0)::INTEGER) AS begins
    FROM measured
),
pairs AS (
    SELECT record, document, words, tokens, sentences, begins, place, r.score AS score,
        entities[r.head + 1] AS h, entities[r.tail + 1] AS t
    FROM (
        SELECT record, document, words, tokens, sentences, begins, entities, unnest(relations) AS r,
            generate_subscripts(relations, 1) AS place
        FROM begun
    )
),
chosen AS (
    SELECT p.* EXCLUDE (h, t), k.relation,
        CASE WHEN k.turned THEN t ELSE h END AS h, CASE WHEN k.turned THEN h ELSE t END AS t
    FROM pairs AS p JOIN kept AS k USING (record, place)
),
located AS (SELECT *, place_of(words, tokens, h) AS head, place_of(words, tokens, t) AS tail FROM chosen),
around AS (
    SELECT *, len(list_filter(begins, lambda b: b <= least(head, tail))) AS first_one,
        len(list_filter(begins, lambda b: b < greatest(head + length(h.text), tail + length(t.text)))) AS last_one
    FROM located
)
SELECT relation, document, score,
    substring(sentence, head_at + 1, head_length) AS head_text,
    head_start::BIGINT AS head_start, (head_start + head_width)::BIGINT AS head_end,
    substring(sentence, tail_at + 1, tail_length) AS tail_text,
    tail_start::BIGINT AS tail_start, (tail_start + tail_width)::BIGINT AS tail_end,
    sentence, head_at, tail_at
FROM (
    SELECT relation::INTEGER AS relation, document, coalesce(score, 1) AS score,
        rtrim(array_to_string(sentences[first_one:last_one], '')) AS sentence,
        (head - begins[first_one])::INTEGER AS head_at, length(h.text)::INTEGER AS head_length,
        start_of(words, h)::INTEGER AS head_start, (end_of(words, h) - start_of(words, h))::INTEGER AS head_width,
        (tail - begins[first_one])::INTEGER AS tail_at, length(t.text)::INTEGER AS tail_length,
        start_of(words, t)::INTEGER AS tail_start, (end_of(words, t) - start_of(words, t))::INTEGER AS tail_width
    FROM around
    ORDER BY relation, score DESC, hash(document, head_start, tail_start, sentence)
)
"""
"""A sentence is what stands around both mentions; one alone, or those from the first mention to the last.
Sorting moves all of them, so that what follows from the rest is computed behind it."""

_RELATIONS = """
WITH each_one AS (
    SELECT relation, {{
        'document': document, 'sentence': sentence, 'score': score,
        'head_start': head_at, 'head_end': head_at + length(head_text),
        'tail_start': tail_at, 'tail_end': tail_at + length(tail_text)
    }} AS evidence
    FROM read_parquet({evidence})
),
neighbours AS (
    SELECT relation, lag(relation, 1) OVER () AS before, evidence AS evidence_0 {further}
    FROM each_one
)
SELECT t.rowid AS id, t.type, t.head, t.tail, t.documents, t.mentions, t.mean_score, t.best_score,
    t.type IN ({symmetric}) IS TRUE AS symmetric,
    list_filter([{choices}], lambda e: e IS NOT NULL) AS evidence
FROM neighbours AS n JOIN ranked AS t ON t.rowid = n.relation
WHERE n.before IS DISTINCT FROM n.relation
ORDER BY id
"""
"""The rows of a relation stand together, best first: the first of them looks at those behind it."""


def write_tables(connection: DuckDBPyConnection, folder: Path, most_evidence: int, symmetric: Sequence[str]) -> None:
    """Write the three Parquet files.

    Args:
        connection: a data base with what `merge_mentions` and `make_triples` made.
        folder: where they are written.
        most_evidence: how many of the best sentences stand beside a relation; all are in the file of evidence.
        symmetric: the symmetric relation types.
    """
    _write(connection, _ENTITIES, folder / ENTITIES)
    connection.execute("DROP TABLE entity; DROP TABLE other_shape")
    with joins_as_written(connection):
        _write(connection, _EVIDENCE.format(pattern=quoted(sentence_pattern())), folder / EVIDENCE)
    connection.execute("DROP TABLE kept")
    further = range(1, most_evidence)
    relations = _RELATIONS.format(
        evidence=quoted(folder / EVIDENCE),
        further="".join(
            f", lead(relation, {n}) OVER () AS relation_{n}, lead(evidence, {n}) OVER () AS evidence_{n}"
            for n in further
        ),
        choices=", ".join(
            ["evidence_0", *(f"CASE WHEN relation_{n} = relation THEN evidence_{n} END" for n in further)]
        ),
        symmetric=listed(symmetric),
    )
    _write(connection, relations, folder / RELATIONS)


def _write(connection: DuckDBPyConnection, query: str, path: Path) -> None:
    settings = f"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {_ROW_GROUP}"
    connection.execute(f"COPY ({query}) TO {quoted(path)} ({settings})")
