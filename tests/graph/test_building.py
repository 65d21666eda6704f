"""Graphs of what was found: entities, triples and evidence, whatever the files are."""

import gzip
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import spert_hf.graph
from spert_hf.graph.building import build_graph
from spert_hf.graph.schema import TABLES
from tests.graph.found_records import found, names, of_tokens, rows, triples, write_lines

AP = "[Associated Press|Org] (AP) said [AP|Org] hired [Ada Byron|Peop]. [Byron|Peop] left [London|Loc]."


def build(tmp_path, *records, **options):
    write_lines(tmp_path / "found" / "a.jsonl", *records)
    summary = build_graph(tmp_path / "found", tmp_path / "kg", **options)
    check_sums(summary)
    return tmp_path / "kg", summary


def check_sums(summary):
    """Everything that was read is told what became of."""
    assert summary.mentions == summary.blank + summary.named + sum(summary.merged.values())
    assert summary.relations == sum(summary.dropped.values()) + summary.evidence


class TestEntities:
    def test_acronyms_and_surnames_of_a_document(self, tmp_path):
        folder, summary = build(tmp_path, found(AP), found("[AP|Org] and [Byron|Peop]"))
        assert names(folder) == {
            ("Org", "Associated Press"): (2, {"AP": "acronym"}),
            ("Peop", "Ada Byron"): (2, {"Byron": "surname"}),
            ("Loc", "London"): (1, {}),
            ("Org", "AP"): (1, {}),
            ("Peop", "Byron"): (1, {}),
        }
        assert summary.merged == {"acronym": 1, "surname": 1}

    def test_a_short_form_before_the_brackets(self, tmp_path):
        folder, _ = build(tmp_path, found("[AP|Org] ( [Associated Press|Org] ) reports. [AP|Org] adds."))
        assert names(folder) == {("Org", "Associated Press"): (3, {"AP": "acronym"})}

    def test_words_instead_of_a_text(self, tmp_path):
        record = found("[Associated Press|Org] ( AP ) said [AP|Org] hired .", ("R", 0, 1))
        folder, _ = build(tmp_path, of_tokens(record))
        assert names(folder) == {("Org", "Associated Press"): (2, {"AP": "acronym"})}

    def test_one_surname_of_two_persons_joins_neither(self, tmp_path):
        folder, _ = build(
            tmp_path,
            found("[John Kennedy|Peop] met [Kennedy|Peop]."),
            found("[Robert Kennedy|Peop] met [Kennedy|Peop]."),
            found("[John Kennedy|Peop] and [Robert Kennedy|Peop]: [Kennedy|Peop]."),
        )
        assert names(folder) == {
            ("Peop", "John Kennedy"): (3, {"Kennedy": "surname"}),
            ("Peop", "Robert Kennedy"): (3, {"Kennedy": "surname"}),
            ("Peop", "Kennedy"): (1, {}),
        }

    def test_surnames_are_those_of_persons(self, tmp_path):
        text = "[Southern California|Loc] is in [California|Loc]."
        assert len(names(build(tmp_path / "one", found(text))[0])) == 2
        assert len(names(build(tmp_path / "two", found(text), surname_types=["Loc"])[0])) == 1

    def test_rules_can_be_switched_off(self, tmp_path):
        texts = [found(AP), found("[BYRON|Peop] in [the London|Loc]")]
        assert len(names(build(tmp_path / "all", *texts)[0])) == 4
        assert len(names(build(tmp_path / "none", *texts, merge=[])[0])) == 7

    def test_the_name_is_the_most_frequent_form_and_rather_not_in_capitals(self, tmp_path):
        folder, _ = build(tmp_path, found("[BEIRUT|Loc], [Beirut|Loc]; [U.S.|Loc], [the U.S.|Loc], [the U.S.|Loc]"))
        assert names(folder) == {
            ("Loc", "Beirut"): (2, {"BEIRUT": "case"}),
            ("Loc", "the U.S."): (3, {"U.S.": "article"}),
        }

    def test_rows_of_one_document_are_one(self, tmp_path):
        folder, summary = build(
            tmp_path,
            found("[Ada Byron|Peop]", id=7),
            found("[Byron|Peop]", id=7),
            found("[Byron|Peop]", id=8),
        )
        assert names(folder)["Peop", "Ada Byron"] == (2, {"Byron": "surname"})
        assert [row["documents"] for row in rows(folder, "entities")] == [1, 1]
        assert (summary.documents, summary.records) == (2, 3)

    def test_blank_mentions_are_dropped_with_their_relations(self, tmp_path):
        _, summary = build(tmp_path, found("[\u200b|Org] [Ada|Peop] [Bo|Peop]", ("R", 0, 1), ("R", 1, 2)))
        assert (summary.blank, summary.dropped["blank end"], summary.triples) == (1, 1, 1)


class TestAliases:
    TEXTS = (
        found("[IBM|Org] [Big Blue|Org] [Blue|Peop]"),
        found("[Robert Smith|Peop], [Bob Smith|Peop]: [Smith|Peop]"),
    )

    def read(self, tmp_path, name, text):
        table = tmp_path / name
        table.write_text(text, encoding="utf-8")
        return names(build(tmp_path, *self.TEXTS, aliases=table)[0])

    def test_csv(self, tmp_path):
        table = "alias,name,type\nIBM,International Business Machines,\nbig blue,ibm,Org\nbob smith,Robert Smith,Peop\n"
        assert self.read(tmp_path, "a.csv", table) == {
            ("Org", "International Business Machines"): (2, {"IBM": "alias table", "Big Blue": "alias table"}),
            ("Peop", "Robert Smith"): (3, {"Bob Smith": "alias table", "Smith": "surname"}),
            ("Peop", "Blue"): (1, {}),
        }

    def test_json(self, tmp_path):
        entities = self.read(tmp_path, "a.json", json.dumps({"Big Blue": "IBM"}))
        assert entities["Org", "IBM"] == (2, {"Big Blue": "alias table"})

    @pytest.mark.parametrize(
        ("name", "text", "message"),
        [
            ("a.csv", "a,b\n1,2\n", "the columns of .* must be alias, name and perhaps type, got a, b"),
            ("a.csv", "alias,name\nx,\n", "line 2 must be an alias and a name"),
            ("a.csv", "alias,name\nx,y\nX,z\n", "line 3: 'X' has two names, 'y' and 'z'"),
            ("a.csv", "alias,name\nx,y\ny,x\n", "must lead to a name, got a circle"),
            ("a.json", "[1", "must be JSON"),
            ("a.json", "3", "must be a list of objects"),
        ],
    )
    def test_faults(self, tmp_path, name, text, message):
        with pytest.raises(ValueError, match=message):
            self.read(tmp_path, name, text)
        assert not (tmp_path / "kg").exists()


class TestRelations:
    def test_support_scores_and_evidence(self, tmp_path):
        folder, _ = build(
            tmp_path,
            found("It rained. [Ada|Peop] lives in [Bath|Loc]. She left.", ("In", 0, 1, 0.5), id="a"),
            found("[Bath|Loc]! Mr. X, é: [Ada|Peop] is there", ("In", 1, 0, 1.0), ("In", 1, 0, 0.9), id="b"),
        )
        (row,) = rows(folder, "relations")
        assert {name: row[name] for name in ("id", "type", "documents", "mentions", "symmetric", "best_score")} == {
            "id": 0,
            "type": "In",
            "documents": 2,
            "mentions": 3,
            "symmetric": False,
            "best_score": 1.0,
        }
        assert row["mean_score"] == pytest.approx(0.8)
        assert [(one["document"], one["score"]) for one in row["evidence"]] == [("b", 1.0), ("b", 0.9), ("a", 0.5)]
        for one in row["evidence"]:
            assert one["sentence"][one["head_start"] : one["head_end"]] == "Ada"
            assert one["sentence"][one["tail_start"] : one["tail_end"]] == "Bath"
        assert row["evidence"][2]["sentence"] == "Ada lives in Bath."
        last = rows(folder, "evidence")[2]
        assert (last["relation"], last["document"], last["head_text"], last["head_start"]) == (0, "a", "Ada", 11)

    def test_evidence_of_words(self, tmp_path):
        folder, _ = build(tmp_path, of_tokens(found("Yes . Now [Ada Byron|Peop] of [Bath|Loc] .", ("In", 0, 1))))
        (row,) = rows(folder, "evidence")
        assert (row["document"], row["head_start"], row["head_end"], row["tail_start"]) == ("a.jsonl:1", 3, 5, 6)
        (one,) = rows(folder, "relations")[0]["evidence"]
        assert one["sentence"] == "Now Ada Byron of Bath ."
        assert one["sentence"][one["head_start"] : one["head_end"]] == "Ada Byron"

    def test_how_many_sentences_stand_beside(self, tmp_path):
        texts = [found("[A|X] [B|X]", ("R", 0, 1), id=n) for n in range(5)]
        for most in (1, 4):
            folder, _ = build(tmp_path / str(most), *texts, evidence=most)
            assert len(rows(folder, "relations")[0]["evidence"]) == most
            assert len(rows(folder, "evidence")) == 5

    def test_what_is_dropped(self, tmp_path):
        records = [
            found("[Ada Byron|Peop] [Byron|Peop] [Bath|Loc]", ("R", 0, 1), ("R", 0, 2, 0.1), ("R", 1, 2), id=1),
            found("[Ada Byron|Peop] [Bath|Loc] [Rome|Loc]", ("R", 0, 1), ("R", 0, 2), id=2),
        ]
        folder, summary = build(tmp_path, *records, min_score=0.2, min_support=2)
        assert triples(folder) == {("Ada Byron", "R", "Bath"): 2}
        assert {name: count for name, count in summary.dropped.items() if count} == {
            "self loop": 1,
            "low score": 1,
            "low support": 1,
        }

    def test_symmetric_types(self, tmp_path):
        records = [
            found("[Ada|Peop] [Bo|Peop] [Ada|Peop]", ("Met", 0, 1, 0.5), ("Met", 1, 0, 0.75)),
            found("[Bo|Peop] [Ada|Peop]", ("Met", 0, 1)),
        ]
        folder, summary = build(tmp_path, *records, symmetric=["Met"])
        assert triples(folder) == {("Ada", "Met", "Bo"): 2}
        (row,) = rows(folder, "relations")
        assert (row["symmetric"], row["mentions"], row["best_score"]) == (True, 2, 0.75)
        assert summary.dropped["inverse duplicate"] == 1
        for one in row["evidence"]:
            assert one["sentence"][one["head_start"] : one["head_end"]] == "Ada"
        assert len(triples(build(tmp_path / "not", *records)[0])) == 2

    def test_one_way_types(self, tmp_path):
        records = [
            found("[Bath|Loc] [England|Loc]", ("In", 0, 1)),
            found("[Bath|Loc] [England|Loc]", ("In", 0, 1), ("In", 1, 0, 0.9)),
        ]
        folder, summary = build(tmp_path, *records, one_way=["In"])
        assert triples(folder) == {("Bath", "In", "England"): 2}
        assert summary.dropped["inverse"] == 1

    def test_nothing_is_related(self, tmp_path):
        folder, summary = build(tmp_path, found("[Ada|Peop]"))
        assert rows(folder, "relations") == rows(folder, "evidence") == []
        assert (summary.entities, summary.triples) == (1, 0)

    def test_many_relations_in_few_buckets(self, tmp_path, monkeypatch):
        monkeypatch.setattr("spert_hf.graph.evidence._IN_A_BUCKET", 7)
        records = [
            found(f"[A{n % 5}|X] and [B{n % 3}|X].", (f"R{n % 2}", 0, 1, 0.25 + n % 4 / 8), id=n) for n in range(40)
        ]
        folder, _ = build(tmp_path, *records)
        relations, evidence = rows(folder, "relations"), rows(folder, "evidence")
        assert [row["id"] for row in relations] == list(range(30))
        assert [row["relation"] for row in evidence] == sorted(row["relation"] for row in evidence)
        for row in relations:
            own = [one for one in evidence if one["relation"] == row["id"]]
            assert len(own) == row["mentions"]
            assert [one["score"] for one in own] == sorted((one["score"] for one in own), reverse=True)
            assert [one["document"] for one in row["evidence"]] == [one["document"] for one in own[:3]]
        key = [(-row["documents"], -row["mentions"], -row["best_score"]) for row in relations]
        assert key == sorted(key)


def test_the_tables_have_their_schema(tmp_path):
    import duckdb

    folder, _ = build(tmp_path, found("[Ada|Peop] [Bath|Loc]", ("In", 0, 1)))
    for name, columns in TABLES.items():
        table = duckdb.sql(f"SELECT * FROM read_parquet('{folder / name}')")
        wanted = duckdb.sql("SELECT " + ", ".join(f'NULL::{type_} AS "{one}"' for one, type_ in columns.items()))
        assert dict(zip(table.columns, table.types, strict=True)) == dict(
            zip(wanted.columns, wanted.types, strict=True)
        )


class TestFiles:
    def test_formats_may_be_mixed(self, tmp_path):
        folder = tmp_path / "found"
        one, two = found("[Ada|Peop] [Bath|Loc]", ("In", 0, 1)), found("[Bath|Loc]")
        write_lines(folder / "sub" / "a.jsonl", one)
        (folder / "b.jsonl.gz").write_bytes(gzip.compress(json.dumps(two).encode()))
        pq.write_table(pa.Table.from_pylist([{**one, "note": 1}, {**one, "note": 2}]), folder / "c.parquet")
        pq.write_table(pa.Table.from_pylist([of_tokens(two)]), folder / "d.parquet")  # `relations` has no type
        write_lines(folder / ".hidden.jsonl", one)
        (folder / "manifest.json").write_text("{}")
        summary = build_graph([folder, folder / "c.parquet", str(folder / "*.gz")], tmp_path / "kg")
        check_sums(summary)
        assert (summary.files, summary.records) == (4, 5)
        assert triples(tmp_path / "kg") == {("Ada", "In", "Bath"): 3}
        documents = {row["document"] for row in rows(tmp_path / "kg", "evidence")}
        assert documents == {"sub/a.jsonl:1", "c.parquet:1", "c.parquet:2"}

    def test_rows_with_an_error_are_skipped(self, tmp_path):
        _, summary = build(tmp_path, found("[Ada|Peop]"), {"text": "x", "error": "input 2: no"})
        assert (summary.records, summary.skipped, summary.documents) == (2, 1, 1)

    def test_the_column_of_ids(self, tmp_path):
        folder, _ = build(tmp_path, found("[A|X] [B|X]", ("R", 0, 1), id=1, url="u"), id_column="url")
        assert rows(folder, "evidence")[0]["document"] == "u"
        with pytest.raises(ValueError, match="got 'link'"):
            build(tmp_path / "no", found("[A|X]"), id_column="link")

    def test_gold_annotations_have_no_scores(self, tmp_path):
        record = found("[A|X] [B|X]", ("R", 0, 1))
        for item in (*record["entities"], *record["relations"]):
            del item["score"]
        assert rows(build(tmp_path, record)[0], "relations")[0]["mean_score"] == 1

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (lambda r: r["relations"][0].update(head=2), "row 2: relations[0]: head must be the place of one of the 2"),
            (lambda r: r["relations"][0].update(tail=-1), "row 2: relations[0]: tail must be"),
            (lambda r: r["relations"][0].update(type=None), "row 2: relations[0] must have a type"),
            (lambda r: r["entities"][1].update(end=99), "row 2: entities[1]: start, end must be a range within the 4 "),
            (lambda r: r["entities"][1].update(score=2), "row 2: entities[1]: score must be a number from 0 to 1"),
            (lambda r: r["entities"][0].pop("text"), "row 2: entities[0] must have a type and a text"),
            (lambda r: r["entities"][0].update(start="x"), "must be a whole JSON Lines file"),
            (lambda r: r.pop("entities"), "row 2: must have entities and relations, or an error, got relations only"),
            (lambda r: r.pop("text"), "row 2: must have a text or tokens, got neither"),
        ],
    )
    def test_broken_rows_are_named(self, tmp_path, change, message):
        broken = found("[A|X] [B|X] ", ("R", 0, 1))
        broken["text"] = broken["text"][:5]
        change(broken)
        with pytest.raises(ValueError) as raised:
            build(tmp_path, found("[A|X]"), broken)
        assert message in str(raised.value).replace(": must", " must").replace("row 2 must", "row 2: must")
        assert "a.jsonl" in str(raised.value) and "\n" not in str(raised.value)
        assert list(tmp_path.iterdir()) == [tmp_path / "found"]

    @pytest.mark.parametrize(
        ("columns", "message"),
        [
            ({"text": ["a"], "relations": [[]]}, "column 'entities' must be there"),
            ({"entities": [[]], "relations": [[]]}, "must have a column 'text' or 'tokens'"),
            ({"text": [1], "entities": [[]], "relations": [[]]}, "column 'text' must be texts, got BIGINT"),
            ({"text": ["a"], "entities": ["x"], "relations": [[]]}, "column 'entities' must be lists of objects"),
            (
                {"text": ["a"], "entities": [[{"type": "X", "text": 1}]], "relations": [[]]},
                "column 'entities': text must be texts",
            ),
            (
                {"text": ["a"], "entities": [[]], "relations": [[{"type": "X", "head": 1.5, "tail": 1}]]},
                "column 'relations': head must be integers",
            ),
        ],
    )
    def test_columns_of_another_kind(self, tmp_path, columns, message):
        pq.write_table(pa.table(columns), tmp_path / "a.parquet")
        with pytest.raises(ValueError, match=r"a\.parquet") as raised:
            build_graph(tmp_path / "a.parquet", tmp_path / "kg")
        assert message in str(raised.value) and "\n" not in str(raised.value)

    def test_damaged_files_are_named(self, tmp_path):
        whole = write_lines(tmp_path / "w.jsonl", found("[A|X]"))
        lines = tmp_path / "cut.jsonl"
        lines.write_text(whole.read_text() + '{"text": "x", "ent\n')
        packed = tmp_path / "cut.jsonl.gz"
        packed.write_bytes(gzip.compress(whole.read_bytes() * 99)[:-20])
        parquet = tmp_path / "cut.parquet"
        pq.write_table(pa.Table.from_pylist([found("[A|X]")]), parquet)
        parquet.write_bytes(parquet.read_bytes()[:-9])
        for path, place in (
            (lines, ": line 2 must be JSON"),
            (packed, " must be"),
            (parquet, " must be a whole Parquet"),
        ):
            with pytest.raises(ValueError) as raised:
                build_graph(path, tmp_path / "kg")
            assert f"{path}{place}" in str(raised.value) and "\n" not in str(raised.value)

    def test_nothing_to_read(self, tmp_path):
        (tmp_path / "empty").mkdir()
        write_lines(tmp_path / "errors.jsonl", {"text": "", "error": "input 1: no"})
        (tmp_path / "none.jsonl").write_text("")
        (tmp_path / "a.csv").write_text("")
        for given, message in (
            ("empty", "where there is none"),
            ("missing*.jsonl", "where there is none"),
            ("errors.jsonl", "1 rows, each with an error"),
            ("none.jsonl", "with no rows"),
            ("a.csv", "FOUND must be a .parquet or .jsonl file"),
        ):
            with pytest.raises(ValueError, match=message):
                build_graph(tmp_path / given, tmp_path / "kg")
        assert not (tmp_path / "kg").exists()


class TestOutput:
    def test_what_is_there_is_left_alone(self, tmp_path):
        (tmp_path / "kg").mkdir()
        (tmp_path / "kg" / "mine.txt").write_text("mine")
        with pytest.raises(FileExistsError, match="must be a new folder or an empty one"):
            build(tmp_path, found("[A|X]"))
        assert [path.name for path in (tmp_path / "kg").iterdir()] == ["mine.txt"]

    def test_two_runs_at_once(self, tmp_path):
        from spert_hf.graph.building import _own_output

        with _own_output(tmp_path / "kg"), pytest.raises(ValueError, match="another run is writing"):
            build(tmp_path, found("[A|X]"))

    def test_only_the_tables_are_left(self, tmp_path):
        folder, _ = build(tmp_path, found("[A|X] [B|X]", ("R", 0, 1)))
        assert {path.name for path in folder.iterdir()} == set(TABLES)
        assert {path.name for path in tmp_path.iterdir()} == {"found", "kg"}

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"merge": ["acronyms"]}, "--merge must be .*'acronyms' .did you mean 'acronym'"),
            ({"formats": ["htm"]}, "--format must be .*did you mean 'html'"),
            ({"min_score": 1.5}, "--min-score must be a number from 0 to 1, got 1.5"),
            ({"min_support": 0}, "--min-support must be an integer of 1 or more, got 0"),
            ({"symmetric": ["R"], "one_way": ["R"]}, "--one-way must be other types than --symmetric, got 'R'"),
            ({"memory_limit": "much"}, "--memory-limit must be an amount of memory"),
        ],
    )
    def test_options_are_checked_first(self, tmp_path, options, message):
        with pytest.raises(ValueError, match=message):
            build_graph(tmp_path / "missing", tmp_path / "kg", **options)


def test_public_names():
    assert {"build_graph", "FORMATS", "MERGES", "GraphSummary"} <= set(dir(spert_hf.graph))
    assert spert_hf.graph.build_graph is build_graph
