"""Mentions become entities, by the rules of `rules.py`.

What a mention is merged to depends on its type, its text and its document, and on nothing else: names have keys, the
table of aliases leads from keys to others, and within a document short forms and surnames lead to the key of one full
name. A surname that stands for one person here and for another there joins nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any

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
CREATE MACRO is_person(type) AS {is_person};

CREATE TABLE form AS
SELECT (row_number() OVER ())::BIGINT AS form, type, text, key_of(text, is_person(type)) AS name_key
FROM (SELECT DISTINCT type, text FROM mention);

CREATE TABLE two_keys AS SELECT *, key_of(text, false) AS plain_key FROM form WHERE (SELECT count(*) FROM alias) > 0;

CREATE TABLE renamed AS
SELECT form, type, name, key_of(name, is_person(type)) AS target
FROM (
    SELECT f.form, f.type, arg_min(a.name, (a.alias <> f.plain_key, a.type IS NULL)) AS name
    FROM two_keys AS f
        JOIN alias AS a ON a.alias IN (f.plain_key, f.name_key) AND coalesce(a.type, f.type) = f.type
    WHERE f.name_key <> '' GROUP BY f.form, f.type
);

CREATE TABLE name AS
SELECT (row_number() OVER ())::BIGINT AS id, type, name_key,
    nullif(CASE WHEN is_person(type) THEN surname_of(name_key) END, '') AS surname
FROM (SELECT type, name_key FROM form WHERE name_key <> '' UNION SELECT type, target FROM renamed);

CREATE TABLE placed AS
SELECT f.form, f.type, f.text, n.id, coalesce(t.id, n.id) AS root, r.form IS NOT NULL AS is_alias, s.id AS surname
FROM form AS f
    LEFT JOIN name AS n USING (type, name_key)
    LEFT JOIN renamed AS r USING (form)
    LEFT JOIN name AS t ON t.type = r.type AND t.name_key = r.target
    LEFT JOIN name AS s ON s.type = n.type AND s.name_key = n.surname AND s.surname IS NULL;

CREATE TABLE mentioned AS
SELECT coalesce(t.document, m.record) AS document, p.form, m.score
FROM mention AS m JOIN placed AS p USING (type, text) LEFT JOIN twin AS t ON t.record = m.record
WHERE p.id IS NOT NULL;
"""
"""`form`: what mentions look like. `renamed`: forms that the table of aliases has, as they are or by their key. `name`:
keys. `placed`: forms with their keys, the keys that these stand for (`root`), and, for full names of persons, the key
of the surname alone, if anybody is called by it."""

_UNUSED_ALIASES = """
SELECT DISTINCT written
FROM alias AS a
WHERE NOT EXISTS (
    FROM two_keys AS f WHERE a.alias IN (f.plain_key, f.name_key) AND coalesce(a.type, f.type) = f.type
)
ORDER BY written
"""

_SHORT_FORMS = """
INSERT INTO local
SELECT document, id, min(root), 'acronym'
FROM (
    SELECT DISTINCT coalesce(t.document, d.record) AS document, s.id, l.root
    FROM definition AS d
        JOIN (
            SELECT type, short, long, key_of(short, is_person(type)) AS short_key
            FROM (SELECT DISTINCT type, short, long FROM definition)
            WHERE is_short_form(short, long)
        ) AS fitting USING (type, short, long)
        JOIN placed AS l ON l.type = d.type AND l.text = d.long
        JOIN name AS s ON s.type = d.type AND s.name_key = fitting.short_key
        LEFT JOIN twin AS t ON t.record = d.record
    WHERE s.id <> l.root
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
FROM mentioned AS m JOIN placed AS p USING (form)
    LEFT JOIN local AS l ON l.document = m.document AND l.id = p.id AND NOT p.is_alias;

CREATE TABLE shape AS
SELECT m.root, p.text, m.rule, m.mentions
FROM (SELECT root, form, rule, count(*) AS mentions FROM merged GROUP BY ALL) AS m JOIN placed AS p USING (form);

CREATE TABLE entity AS
SELECT s.root, k.type, coalesce(given.name, own.text) AS name, s.mentions, s.documents,
    least(s.total / {units} / s.mentions, s.best) AS mean_score, s.best AS best_score
FROM (
        SELECT root, sum(mentions)::BIGINT AS mentions, count(*) AS documents, sum(total) AS total, max(best) AS best
        FROM (
            SELECT root, document, count(*) AS mentions, sum(round(score * {units})::BIGINT) AS total,
                max(score) AS best
            FROM merged GROUP BY root, document
        )
        GROUP BY root
    ) AS s
    JOIN name AS k ON k.id = s.root
    LEFT JOIN (
        SELECT root, text FROM shape WHERE rule IS NULL
        QUALIFY row_number() OVER (PARTITION BY root ORDER BY mentions DESC, upper(text) = text, text) = 1
    ) AS own ON own.root = s.root
    LEFT JOIN (
        SELECT p.root, min(r.name) AS name FROM renamed AS r JOIN placed AS p USING (form) GROUP BY p.root
    ) AS given ON given.root = s.root
ORDER BY s.mentions DESC, k.type, name;

CREATE TABLE other_shape AS
SELECT e.rowid AS entity, s.text, s.mentions,
    CASE WHEN s.rule IS NULL THEN rule_between(s.text, e.name, is_person(e.type)) ELSE s.rule END AS rule
FROM shape AS s JOIN entity AS e USING (root)
WHERE s.rule IS NOT NULL OR s.text <> e.name;

CREATE TABLE end_of_relation AS
SELECT p.type, p.text, CASE WHEN NOT p.is_alias THEN p.id END AS id, e.rowid AS entity
FROM placed AS p LEFT JOIN entity AS e USING (root);

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
) -> list[str]:
    """Make the tables `entity`, `other_shape`, `end_of_relation` and `end_in_document`.

    Args:
        connection: a data base with what `read_found` read.
        rules: names of [`MERGES`].
        aliases: the user's table.
        surname_types: the types whose names have surnames; `None` for those that are called like persons.

    Returns:
        The aliases of the table that no mention has.
    """
    _add_functions(connection, rules)
    connection.execute("CREATE TABLE alias (type VARCHAR, alias VARCHAR, name VARCHAR, written VARCHAR)")
    if aliases:
        rows = [(alias.type, alias.alias, alias.name, alias.written) for alias in aliases]
        connection.executemany("INSERT INTO alias VALUES (?, ?, ?, ?)", rows)
    if surname_types is None:
        is_person = f"regexp_matches(type, {quoted(PERSONS)})"
    else:
        is_person = f"type IN ({listed(surname_types)})"
    connection.execute(_DOCUMENTS + _FORMS.format(is_person=is_person))
    connection.execute("CREATE TABLE local (document BIGINT, id BIGINT, root BIGINT, rule VARCHAR)")
    if "acronym" in rules:
        connection.execute(_SHORT_FORMS)
    if "surname" in rules:
        connection.execute(_SURNAMES)
    connection.execute(_ENTITIES.format(alias_table=quoted(ALIAS_TABLE), units=SCORE_UNITS))
    return [written for (written,) in connection.execute(_UNUSED_ALIASES).fetchall()] if aliases else []


def _add_functions(connection: DuckDBPyConnection, rules: Collection[str]) -> None:
    """Make the rules known to a data base."""
    text, flag = "VARCHAR", "BOOLEAN"
    functions: dict[str, tuple[Callable[..., Any], list[Any], str]] = {
        "key_of": (lambda given, person: normalise(given, rules, person), [text, flag], text),
        "surname_of": (lambda key: surname_in(key) or "", [text], text),
        "is_short_form": (is_short_form, [text, text], flag),
        "rule_between": (lambda one, two, person: rule_between(one, two, rules, person), [text, text, flag], text),
    }
    for name, (function, parameters, returned) in functions.items():
        connection.create_function(name, function, parameters, returned)
