"""Mentions become entities, by the rules of `rules.py`.

What a mention is merged to depends on its type, its text and its document, and on nothing else: names have keys, the
table of aliases leads from keys to others, and within a document short forms and surnames lead to the key of one full
name. A surname that stands for one person here and for another there joins nobody.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from .aliases import Alias
from .database import listed, quoted
from .rules import ALIAS_TABLE, PERSONS, is_short_form, normalise, rule_between, surname_in

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SCORE_UNITS = 10**9
"""Scores are added up as integers of this part, so that means do not depend on the order of the rows."""

_DOCUMENTS = """
CREATE TABLE twin AS
SELECT r.record, d.document
FROM record AS r JOIN (SELECT name, min(record) AS document FROM record GROUP BY name HAVING count(*) > 1) AS d
    USING (name)
WHERE r.record <> d.document;
"""
"""Rows of one name are one document, numbered as its first row; `twin` has the others."""

_FORMS = """
CREATE TABLE form AS
SELECT (row_number() OVER ())::BIGINT AS form, type, text, key_of(text) AS name_key
FROM (SELECT DISTINCT type, text FROM mention);

CREATE TABLE meaning AS
SELECT k.type, k.name_key, coalesce(own.target, every.target) AS target, coalesce(own.name, every.name) AS name
FROM (SELECT DISTINCT type, name_key FROM form WHERE name_key <> '') AS k
    LEFT JOIN alias AS own ON own.type = k.type AND own.alias = k.name_key
    LEFT JOIN alias AS every ON every.type IS NULL AND every.alias = k.name_key;

CREATE TABLE name AS
SELECT (row_number() OVER ())::BIGINT AS id, type, name_key
FROM (
    SELECT type, name_key FROM meaning
    UNION
    SELECT type, target FROM meaning WHERE target IS NOT NULL
);

CREATE TABLE known AS
SELECT n.id, n.type, n.name_key, coalesce(t.id, n.id) AS root, m.target IS NOT NULL AS is_alias,
    nullif(CASE WHEN {is_person} THEN surname_of(n.name_key) END, '') AS surname
FROM name AS n
    LEFT JOIN meaning AS m USING (type, name_key)
    LEFT JOIN name AS t ON t.type = n.type AND t.name_key = m.target;

CREATE TABLE placed AS
SELECT f.form, f.type, f.text, k.id, k.root, k.is_alias, s.id AS surname
FROM form AS f
    LEFT JOIN known AS k USING (type, name_key)
    LEFT JOIN known AS s ON s.type = k.type AND s.name_key = k.surname AND s.surname IS NULL AND NOT s.is_alias;

CREATE TABLE mentioned AS
SELECT coalesce(t.document, m.record) AS document, p.form, m.score
FROM mention AS m JOIN placed AS p USING (type, text) LEFT JOIN twin AS t ON t.record = m.record
WHERE p.id IS NOT NULL;
"""
"""`form`: what mentions look like. `name`: keys. `placed`: forms with their keys, the keys that these stand for
(`root`), and, for full names of persons, the key of the surname alone, if anybody is called by it."""

_SHORT_FORMS = """
INSERT INTO local
SELECT document, id, min(root), 'acronym'
FROM (
    SELECT DISTINCT coalesce(t.document, d.record) AS document, s.id, l.root
    FROM definition AS d
        JOIN (
            SELECT short, long, key_of(short) AS short_key FROM (SELECT DISTINCT short, long FROM definition)
            WHERE is_short_form(short, long)
        ) USING (short, long)
        JOIN placed AS l ON l.type = d.type AND l.text = d.long
        JOIN known AS s ON s.type = d.type AND s.name_key = short_key AND NOT s.is_alias
        LEFT JOIN twin AS t ON t.record = d.record
    WHERE s.id <> l.id
)
GROUP BY document, id HAVING count(*) = 1;
"""

_SURNAMES = """
INSERT INTO local
SELECT document, id, min(root), 'surname'
FROM (
    SELECT s.document, s.id, f.root
    FROM (
        SELECT DISTINCT document, id FROM mentioned JOIN placed USING (form)
        WHERE NOT is_alias AND id IN (SELECT surname FROM placed)
    ) AS s
    JOIN (
        SELECT DISTINCT document, surname, root FROM mentioned JOIN placed USING (form) WHERE surname IS NOT NULL
    ) AS f ON f.document = s.document AND f.surname = s.id
)
WHERE (document, id) NOT IN (SELECT (document, id) FROM local)
GROUP BY document, id HAVING count(*) = 1;
"""

_ENTITIES = """
CREATE TABLE merged AS
SELECT m.document, m.form, coalesce(l.root, p.root) AS root, m.score,
    coalesce(l.rule, CASE WHEN p.is_alias THEN {alias_table} END) AS rule
FROM mentioned AS m JOIN placed AS p USING (form) LEFT JOIN local AS l ON l.document = m.document AND l.id = p.id;

CREATE TABLE shape AS
SELECT m.root, p.text, m.rule, m.mentions
FROM (SELECT root, form, rule, count(*) AS mentions FROM merged GROUP BY ALL) AS m JOIN placed AS p USING (form);

CREATE TABLE entity AS
SELECT s.root, k.type, coalesce(given.name, own.text) AS name, s.mentions, s.documents,
    s.total / {units} / s.mentions AS mean_score, s.best AS best_score
FROM (
        SELECT root, sum(mentions)::BIGINT AS mentions, count(*) AS documents, sum(total) AS total, max(best) AS best
        FROM (
            SELECT root, document, count(*) AS mentions, sum(round(score * {units})::BIGINT) AS total,
                max(score) AS best
            FROM merged GROUP BY root, document
        )
        GROUP BY root
    ) AS s
    JOIN known AS k ON k.id = s.root
    LEFT JOIN (
        SELECT root, text FROM shape WHERE rule IS NULL
        QUALIFY row_number() OVER (PARTITION BY root ORDER BY mentions DESC, upper(text) = text, text) = 1
    ) AS own ON own.root = s.root
    LEFT JOIN (
        SELECT k.root, min(m.name) AS name FROM meaning AS m JOIN known AS k USING (type, name_key)
        WHERE m.name IS NOT NULL GROUP BY k.root
    ) AS given ON given.root = s.root
ORDER BY s.mentions DESC, k.type, name;

CREATE TABLE other_shape AS
SELECT e.rowid AS entity, s.text, s.mentions,
    CASE WHEN s.rule IS NULL THEN rule_between(s.text, e.name) ELSE s.rule END AS rule
FROM shape AS s JOIN entity AS e USING (root)
WHERE s.rule IS NOT NULL OR s.text <> e.name;

CREATE TABLE end_of_relation AS
SELECT p.type, p.text, p.id, e.rowid AS entity FROM placed AS p LEFT JOIN entity AS e USING (root);

CREATE TABLE end_in_document AS
SELECT l.document, l.id, e.rowid AS entity FROM local AS l JOIN entity AS e USING (root);
"""
"""`merged`: mentions with what they are merged to. `shape`: how entities are written, and by which rule (none: the
text alone). An entity's name is its most frequent shape, of equals one that is not all capitals, unless the table of
aliases has one."""


def merge_mentions(
    connection: DuckDBPyConnection,
    rules: Collection[str],
    aliases: Sequence[Alias] = (),
    surname_types: Sequence[str] | None = None,
) -> None:
    """Make the tables `entity`, `other_shape`, `end_of_relation` and `end_in_document`.

    Args:
        connection: a data base with what `read_found` read.
        rules: names of [`MERGES`].
        aliases: the user's table.
        surname_types: the types whose names have surnames; `None` for those that are called like persons.
    """
    _add_functions(connection, rules)
    connection.execute("CREATE TABLE alias (type VARCHAR, alias VARCHAR, target VARCHAR, name VARCHAR)")
    if aliases:
        rows = [(alias.type, alias.alias, alias.target, alias.name) for alias in aliases]
        connection.executemany("INSERT INTO alias VALUES (?, ?, ?, ?)", rows)
    if surname_types is None:
        is_person = f"regexp_matches(n.type, {quoted(PERSONS)})"
    else:
        is_person = f"n.type IN ({listed(surname_types)})"
    connection.execute(_DOCUMENTS + _FORMS.format(is_person=is_person))
    connection.execute("CREATE TABLE local (document BIGINT, id BIGINT, root BIGINT, rule VARCHAR)")
    if "acronym" in rules:
        connection.execute(_SHORT_FORMS)
    if "surname" in rules:
        connection.execute(_SURNAMES)
    connection.execute(_ENTITIES.format(alias_table=quoted(ALIAS_TABLE), units=SCORE_UNITS))


def _add_functions(connection: DuckDBPyConnection, rules: Collection[str]) -> None:
    """Make the rules known to a data base."""
    text = ["VARCHAR"]
    connection.create_function("key_of", lambda given: normalise(given, rules), text, "VARCHAR")
    connection.create_function("surname_of", lambda key: surname_in(key) or "", text, "VARCHAR")
    connection.create_function("is_short_form", is_short_form, text * 2, "BOOLEAN")
    connection.create_function("rule_between", lambda one, two: rule_between(one, two, rules), text * 2, "VARCHAR")
