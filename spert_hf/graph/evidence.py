"""What speaks for each triple, with its sentences, and the tables of a graph as Parquet files."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .database import joins_as_written, keep_tables, listed, only_row, quoted
from .schema import ENTITIES, EVIDENCE, RELATIONS
from .sentences import sentence_pattern

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_ROW_GROUP = 20_000
"""Rows that are packed together: writing and reading hold as many in memory."""

_IN_A_BUCKET = 100_000
"""Pieces of evidence, some 25 MB, that are sorted at a time."""

_MOST_WAITING = 100_000
"""Pieces of evidence that wait for their bucket's file."""

_FIRSTS = """
SELECT min(relation)
FROM (
    SELECT rowid AS relation, sum(mentions) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS until FROM ranked
)
GROUP BY until // {rows} ORDER BY 1
"""

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
    SELECT p.* EXCLUDE (h, t), k.relation, {head} AS h, {tail} AS t
    FROM pairs AS p JOIN kept AS k USING (record, place)
),
located AS (SELECT *, place_of(words, tokens, h) AS head, place_of(words, tokens, t) AS tail FROM chosen),
around AS (
    SELECT *, len(list_filter(begins, lambda b: b <= least(head, tail))) AS first_one,
        len(list_filter(begins, lambda b: b < greatest(head + length(h.text), tail + length(t.text)))) AS last_one
    FROM located
)
SELECT {bucket} AS bucket, relation, document, coalesce(score, 1) AS score,
    rtrim(array_to_string(sentences[first_one:last_one], '')) AS sentence,
    (head - begins[first_one])::INTEGER AS head_at, length(h.text)::INTEGER AS head_length,
    start_of(words, h)::INTEGER AS head_start, (end_of(words, h) - start_of(words, h))::INTEGER AS head_width,
    (tail - begins[first_one])::INTEGER AS tail_at, length(t.text)::INTEGER AS tail_length,
    start_of(words, t)::INTEGER AS tail_start, (end_of(words, t) - start_of(words, t))::INTEGER AS tail_width
FROM around
"""
"""A sentence is what stands around both mentions; one alone, or those from the first mention to the last."""

_PART = """
CREATE OR REPLACE TEMPORARY TABLE part AS SELECT * EXCLUDE (bucket) FROM read_parquet({files})
ORDER BY relation, score DESC, hash(document, head_start, tail_start, sentence)
"""
"""Evidence of equal scores is told apart by a hash, so that its order does not depend on that of the files."""

_PART_OF_EVIDENCE = """
SELECT relation::BIGINT AS relation, document, score,
    substring(sentence, head_at + 1, head_length) AS head_text,
    head_start::BIGINT AS head_start, (head_start + head_width)::BIGINT AS head_end,
    substring(sentence, tail_at + 1, tail_length) AS tail_text,
    tail_start::BIGINT AS tail_start, (tail_start + tail_width)::BIGINT AS tail_end,
    sentence
FROM part
"""

_PART_OF_RELATIONS = """
SELECT t.rowid AS id, t.type, t.head, t.tail, t.documents, t.mentions, t.mean_score, t.best_score,
    t.type IN ({symmetric}) IS TRUE AS symmetric, n.evidence
FROM (
        SELECT relation, CASE {choices} END AS evidence
        FROM (
            SELECT relation, lag(relation) OVER () AS before, evidence AS evidence_0 {further}
            FROM (
                SELECT relation, {{
                    'document': document, 'sentence': sentence, 'score': score,
                    'head_start': head_at::BIGINT, 'head_end': (head_at + head_length)::BIGINT,
                    'tail_start': tail_at::BIGINT, 'tail_end': (tail_at + tail_length)::BIGINT
                }} AS evidence
                FROM part
            )
        )
        WHERE before IS DISTINCT FROM relation
    ) AS n
    JOIN ranked AS t ON t.rowid = n.relation
ORDER BY id
"""
"""The rows of a relation stand together, best first: the first of them looks at those behind it."""


def write_tables(
    connection: DuckDBPyConnection, folder: Path, work: Path, most_evidence: int, symmetric: Sequence[str]
) -> None:
    """Write the three Parquet files.

    Args:
        connection: a data base with what `merge_mentions` and `make_triples` made.
        folder: where they are written.
        work: a folder for what is not kept.
        most_evidence: how many of the best sentences stand beside a relation; all are in the file of evidence.
        symmetric: the symmetric relation types.
    """
    settings = f"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {_ROW_GROUP}"
    connection.execute(f"COPY ({_ENTITIES}) TO {quoted(folder / ENTITIES)} ({settings})")
    keep_tables(connection, ("file", "ranked", "kept"))
    firsts = [first for (first,) in connection.execute(_FIRSTS.format(rows=_IN_A_BUCKET)).fetchall()] or [0]
    with joins_as_written(connection):
        _scatter(connection, work, firsts, may_turn=bool(symmetric))
    keep_tables(connection, ("ranked",))
    query = _relations_query(most_evidence, symmetric)
    with ExitStack() as stack:
        evidence, relations = (stack.enter_context(_Writer(folder / name)) for name in (EVIDENCE, RELATIONS))
        for bucket in range(len(firsts)):
            files = work / f"bucket={bucket}" / "*.parquet"
            connection.execute(_PART.format(files=quoted(files)))
            evidence.write(connection, _PART_OF_EVIDENCE)
            relations.write(connection, query)


def _relations_query(most_evidence: int, symmetric: Sequence[str]) -> str:
    """The query for the relations of a bucket."""
    behind = range(1, most_evidence)
    choices = [
        f"WHEN relation_{n} = relation THEN [{', '.join(f'evidence_{k}' for k in range(n + 1))}]"
        for n in reversed(behind)
    ]
    return _PART_OF_RELATIONS.format(
        symmetric=listed(symmetric),
        choices=" ".join([*choices, "WHEN true THEN [evidence_0]"]),
        further="".join(
            f", lead(relation, {n}) OVER () AS relation_{n}, lead(evidence, {n}) OVER () AS evidence_{n}"
            for n in behind
        ),
    )


def _scatter(connection: DuckDBPyConnection, work: Path, firsts: Sequence[int], may_turn: bool) -> None:
    """Write evidence to files by the bucket of its relation, so that each can be sorted in memory.

    Args:
        connection: the data base.
        work: gets a folder for each bucket.
        firsts: the first relation of each bucket.
        may_turn: whether the ends of any relation were exchanged.
    """
    bucket = f"len(list_filter({firsts[1:]}::BIGINT[], lambda first: first <= relation))"
    head, tail = (f"CASE WHEN k.turned THEN {other} ELSE {own} END" if may_turn else own for own, other in ("ht", "th"))
    query = _EVIDENCE.format(pattern=quoted(sentence_pattern()), bucket=bucket, head=head, tail=tail)
    (threads,) = only_row(connection, "SELECT current_setting('threads')")
    waiting = max(_MOST_WAITING // (len(firsts) * int(threads)), 500)
    connection.execute(f"SET partitioned_write_flush_threshold = {waiting}")
    settings = "FORMAT parquet, COMPRESSION lz4_raw, DICTIONARY_SIZE_LIMIT 1, WRITE_BLOOM_FILTER false"
    connection.execute(f"COPY ({query}) TO {quoted(work)} ({settings}, PARTITION_BY (bucket), OVERWRITE_OR_IGNORE)")
    only = work / "bucket=0"
    if not only.exists():  # there are no relations
        only.mkdir()
        connection.execute(f"COPY ({query}) TO {quoted(only / 'none.parquet')} ({settings})")


class _Writer:
    """A Parquet file that is written query by query."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer: Any = None

    def __enter__(self) -> _Writer:
        return self

    def __exit__(self, *error: object) -> None:
        if self._writer is not None:
            self._writer.close()

    def write(self, connection: DuckDBPyConnection, query: str) -> None:
        """Write the rows of a query; those of all queries have the same types."""
        from pyarrow.parquet import ParquetWriter

        batches = connection.sql(query).to_arrow_reader(_ROW_GROUP)
        if self._writer is None:
            self._writer = ParquetWriter(
                self._path,
                batches.schema,
                compression="zstd",
                use_dictionary=["type"],
                write_statistics=["id", "relation"],
            )
        for batch in batches:
            self._writer.write_batch(batch)
