"""A graph's Parquet files, as `spert-hf graph` writes them, for tests of what reads them."""

from pathlib import Path

import pyarrow as pa
from hypothesis import strategies as st
from pyarrow import parquet

ALIAS = pa.struct([("text", pa.string()), ("mentions", pa.int64()), ("rule", pa.string())])
OFFSETS = [(name, pa.int64()) for name in ("head_start", "head_end", "tail_start", "tail_end")]
EVIDENCE = pa.struct([("document", pa.string()), ("sentence", pa.string()), ("score", pa.float64()), *OFFSETS])
COUNTS = [("mentions", pa.int64()), ("documents", pa.int64())]
SCORES = [("mean_score", pa.float64()), ("best_score", pa.float64())]
ENTITY_SCHEMA = pa.schema(
    [("id", pa.int64()), ("type", pa.string()), ("name", pa.string()), *COUNTS, *SCORES, ("aliases", pa.list_(ALIAS))]
)
RELATION_SCHEMA = pa.schema(
    [
        *[("id", pa.int64()), ("type", pa.string()), ("head", pa.int64()), ("tail", pa.int64())],
        *reversed(COUNTS),
        *SCORES,
        ("symmetric", pa.bool_()),
        ("evidence", pa.list_(EVIDENCE)),
    ]
)


def entity(name, type="Per", mentions=1, aliases=(), **values):
    """A row without its id; aliases are pairs of a text and a rule."""
    listed = [{"text": text, "mentions": 1, "rule": rule} for text, rule in aliases]
    return {
        "type": type,
        "name": name,
        "mentions": mentions,
        "documents": 1,
        "mean_score": 0.75,
        "best_score": 0.875,
        "aliases": listed,
        **values,
    }


def relation(head, type, tail, documents=1, evidence=(), **values):
    """A row without its id."""
    return {
        "type": type,
        "head": head,
        "tail": tail,
        "documents": documents,
        "mentions": documents,
        "mean_score": 0.5,
        "best_score": 0.625,
        "symmetric": False,
        "evidence": list(evidence),
        **values,
    }


def evidence(document, sentence, head, tail, score=0.625):
    """What one sentence says; head and tail are looked for in it."""
    head_start, tail_start = (sentence.index(text) for text in (head, tail))
    return {
        "document": document,
        "sentence": sentence,
        "score": score,
        "head_start": head_start,
        "head_end": head_start + len(head),
        "tail_start": tail_start,
        "tail_end": tail_start + len(tail),
    }


def write_tables(folder: Path, entities, relations) -> Path:
    """Write the files; rows get their place as id."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows, schema in (("entities", entities, ENTITY_SCHEMA), ("relations", relations, RELATION_SCHEMA)):
        numbered = [{"id": number, **row} for number, row in enumerate(rows)]
        parquet.write_table(pa.Table.from_pylist(numbered, schema=schema), folder / f"{name}.parquet")
    return folder


PAPER = "Marian Pell works for Northern Paper in Duluth."
SHIP = "Oslo lies beyond Duluth, said M. Pell of the NP."


def small_graph(folder: Path) -> Path:
    """Three entities, with two relations between the same ones, and a symmetric one."""
    entities = [
        entity("Marian Pell", "Per", 3, aliases=[("M. Pell", "surname"), ("MARIAN PELL", "case")], documents=2),
        entity("Northern Paper", "Org", 2, aliases=[("NP", "acronym")]),
        entity("Duluth", "Loc", 2),
        entity("Oslo", "Loc"),
    ]
    both = [
        evidence("a.txt", PAPER, "Marian Pell", "Northern Paper", 0.875),
        evidence("b.txt", SHIP, "M. Pell", "NP", 0.5),
    ]
    relations = [
        relation(0, "works for", 1, 2, both, best_score=0.875),
        relation(0, "founded", 1),
        relation(1, "based in", 2, 1, [evidence("a.txt", PAPER, "Northern Paper", "Duluth")]),
        relation(3, "near", 2, 1, [evidence("b.txt", SHIP, "Oslo", "Duluth")], symmetric=True),
    ]
    return write_tables(folder, entities, relations)


names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
"""Any that a Parquet file can hold."""


@st.composite
def any_graph(draw):
    """Entities and relations with any texts."""
    entities = draw(
        st.lists(st.tuples(names, names, st.lists(st.tuples(names, names), max_size=2)), min_size=1, max_size=4)
    )
    ids = st.integers(0, len(entities) - 1)
    relations = draw(st.lists(st.tuples(ids, names, ids, names, st.booleans()), max_size=5))
    return (
        [entity(name, type, aliases=aliases) for name, type, aliases in entities],
        [
            relation(head, type, tail, symmetric=symmetric, evidence=[evidence(said, said, said, said)])
            for head, type, tail, said, symmetric in relations
        ],
    )
