"""CSV files for Neo4j, read by the rules of `neo4j-admin database import` for headers and fields."""

import csv
import re

from spert_hf.graph.building import build_graph
from tests.graph.found_records import found, write_lines

_FIELD = re.compile(r"(?P<name>[^:]*):(?P<type>[A-Za-z_]+)(?:\((?P<group>[^()]+)\))?(?P<list>\[\])?")
_PROPERTIES = {
    "string": str,
    "long": int,
    "double": float,
    "boolean": {"true": True, "false": False}.__getitem__,
}
_OF_NODES, _OF_RELATIONSHIPS = {"ID", "LABEL"}, {"START_ID", "END_ID", "TYPE"}


def read(folder, name, special):
    """The records of a kind, each by name or special field; what Neo4j would not take fails."""
    (header,) = csv.reader((folder / f"{name}-header.csv").read_text(encoding="utf-8").splitlines())
    fields = [_FIELD.fullmatch(field) for field in header]
    assert all(fields), header
    kinds = [field["type"] for field in fields]
    assert special == {kind for kind in kinds if kind.isupper()}, "each special field once"
    assert len(set(header)) == len(header)
    text = (folder / f"{name}.csv").read_text(encoding="utf-8")
    assert len(text.splitlines()) == text.count("\n"), "no field has more than a line"
    records = []
    for row in csv.reader(text.splitlines(), strict=True):
        assert len(row) == len(header)
        record = {}
        for field, value in zip(fields, row, strict=True):
            convert = str if field["type"].isupper() else _PROPERTIES[field["type"]]
            record[field["name"] or field["type"]] = (
                [convert(one) for one in value.split(";") if value] if field["list"] else convert(value)
            )
            assert not field["group"] or field["group"] == "Entity"
        records.append(record)
    return records


def test_entities_and_relations(tmp_path):
    odd = 'Ada "A;B", the\u0001 first'
    records = [
        found(f"[{odd}|Peop] of [Bath|Loc];\n\nand [BATH|Loc]", ("Lives;in", 0, 1), id="a;1"),
        found("[Bath|Loc] [x|Odd]"),
    ]
    records[1]["entities"][1]["type"] = "Odd; type"
    build_graph(write_lines(tmp_path / "a.jsonl", *records), tmp_path / "kg", formats=["neo4j"])
    folder = tmp_path / "kg" / "neo4j"
    entities = read(folder, "entities", _OF_NODES)
    (relation,) = read(folder, "relations", _OF_RELATIONSHIPS)
    assert [(row["name"], row["LABEL"], row["aliases"]) for row in entities] == [
        ("Bath", "Loc", ["BATH"]),
        ("x", "Odd, type", []),
        ('Ada "A;B", the first', "Peop", []),
    ]
    by_id = {row["id"]: row["name"] for row in entities}
    assert len(by_id) == 3
    assert (by_id[relation["START_ID"]], relation["TYPE"], by_id[relation["END_ID"]]) == (
        'Ada "A;B", the first',
        "Lives;in",
        "Bath",
    )
    assert relation["sentences"] == ['Ada "A,B", the first of Bath, ']
    assert (relation["sources"], relation["symmetric"], relation["documents"]) == (["a,1"], False, 1)
    named = re.findall(r"[\w-]+\.csv", (folder / "import.txt").read_text())
    assert sorted(named) == sorted(path.name for path in folder.glob("*.csv"))
