"""What became of what was read, in counts that add up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from .database import keep_tables, only_row
from .rules import ALIAS_TABLE, MERGES
from .triples import DROPPED

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


_SHOWN_ALIASES = 5


@dataclass(frozen=True)
class GraphSummary:
    """What a graph was made of.

    Args:
        files: that were read.
        records: rows in them.
        skipped: rows that have an error, and nothing found.
        documents: of the others; rows with the same id are one.
        mentions: of entities.
        blank: of these, those that are white space alone, which are dropped.
        named: of these, those that are written as the name of their entity.
        merged: by rule, the others.
        forms: by rule, in how many forms they are written.
        unused_aliases: aliases of the user's table that no mention has.
        entities: what became of them.
        relations: between mentions.
        dropped: of these, by reason.
        evidence: of these, those that became triples.
        triples: what became of them.
    """

    files: int
    records: int
    skipped: int
    documents: int
    mentions: int
    blank: int
    named: int
    entities: int
    merged: Mapping[str, int]
    forms: Mapping[str, int]
    unused_aliases: Sequence[str] = ()
    relations: int = 0
    evidence: int = 0
    triples: int = 0
    dropped: Mapping[str, int] = field(default_factory=dict)

    def with_relations(self, connection: DuckDBPyConnection, dropped: Mapping[str, int]) -> GraphSummary:
        """Add what became of relations, after `make_triples`."""
        (evidence,) = only_row(connection, "SELECT count(*) FROM kept")
        (triples,) = only_row(connection, "SELECT count(*) FROM ranked")
        relations = evidence + sum(dropped.values())
        return replace(self, relations=relations, evidence=evidence, triples=triples, dropped=dict(dropped))

    def lines(self) -> list[str]:
        """Say it, in a few lines."""
        have, were = ("has", "was") if self.skipped == 1 else ("have", "were")
        skipped = f", {self.skipped:,} more {have} an error and {were} skipped" if self.skipped else ""
        lines = [
            f"{_count(self.records - self.skipped, 'record')} of {_count(self.documents, 'document')} in "
            f"{_count(self.files, 'file')}{skipped}",
            f"{_count(self.mentions, 'mention')} → {_count(self.entities, 'entity', 'entities')}",
        ]
        if self.blank:
            lines.append(f"  {self.blank:,} dropped: white space alone")
        lines += [
            f"  {self.merged[rule]:,} merged by {rule}, from {_count(self.forms[rule], 'form')}" for rule in self.merged
        ]
        if self.unused_aliases:
            shown = ", ".join(map(repr, self.unused_aliases[:_SHOWN_ALIASES]))
            more = ", …" if len(self.unused_aliases) > _SHOWN_ALIASES else ""
            lines.append(f"  {_count(len(self.unused_aliases), 'alias', 'aliases')} without a mention: {shown}{more}")
        lines.append(
            f"{_count(self.relations, 'relation')} → {_count(self.triples, 'triple')} with "
            f"{_count(self.evidence, 'piece', 'pieces')} of evidence"
        )
        lines += [f"  {count:,} dropped: {DROPPED[name]}" for name, count in self.dropped.items() if count]
        return lines


def summarise(
    connection: DuckDBPyConnection, read: Mapping[str, int], unused_aliases: Sequence[str] = ()
) -> GraphSummary:
    """Count what became of mentions, after `merge_mentions`; drop the tables that are not needed any more.

    Args:
        connection: the data base.
        read: what `read_found` counted.
        unused_aliases: what `merge_mentions` returned.
    """
    documents, mentions, blank, entities, named = only_row(connection, _COUNTS)
    rows = connection.execute("SELECT rule, sum(mentions)::BIGINT, count(*) FROM other_shape GROUP BY rule").fetchall()
    by_rule = {rule: (merged, forms) for rule, merged, forms in rows}
    order = [rule for rule in (*MERGES, ALIAS_TABLE) if rule in by_rule]
    keep_tables(connection, ("file", "twin", "entity", "other_shape", "end_of_relation", "end_in_document"))
    return GraphSummary(
        files=read["files"],
        records=read["records"],
        skipped=read["skipped"],
        documents=documents,
        mentions=mentions,
        blank=blank,
        named=named,
        entities=entities,
        merged={rule: by_rule[rule][0] for rule in order},
        forms={rule: by_rule[rule][1] for rule in order},
        unused_aliases=unused_aliases,
    )


_COUNTS = """
SELECT (SELECT count(*) FROM record) - (SELECT count(*) FROM twin), mentions, mentions - placed, entities,
    placed - (SELECT coalesce(sum(mentions), 0)::BIGINT FROM other_shape)
FROM (
    SELECT (SELECT count(*) FROM mention) AS mentions, (SELECT count(*) FROM merged) AS placed,
        (SELECT count(*) FROM entity) AS entities
)
"""


def _count(number: int, unit: str, units: str | None = None) -> str:
    return f"{number:,} {unit if number == 1 else units or f'{unit}s'}"
