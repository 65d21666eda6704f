"""Shards: however a corpus is cut, its rows are those of one run."""

import json
from itertools import pairwise

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spert_hf.scale.corpus import open_corpus
from spert_hf.scale.extraction import extract_shard
from spert_hf.scale.shards import Shard, part_of
from tests.scale.corpora import counted, extract_all, fake_pipe, job_for, rows_of, write_lines, write_parquet

TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=30), max_size=40)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    numbers = iter(range(10**6))
    root = tmp_path_factory.mktemp("shards")

    def new():
        folder = root / str(next(numbers))
        folder.mkdir()
        return folder

    return new


@given(texts=TEXTS, cuts=st.lists(st.integers(0, 2000), max_size=6), ends=st.sampled_from(["\n", "\r\n", "\n\n"]))
def test_lines_cut_at_any_bytes_are_read_once_and_in_order(folders, texts, cuts, ends):
    path = folders() / "a.jsonl"
    data = "".join(json.dumps({"text": text}) + ends for text in texts).encode()
    path.write_bytes(data)
    corpus = open_corpus([str(path)])
    job = job_for(corpus, path.parent / "found", format="jsonl")
    ends_of_parts = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    found = []
    for number, (start, stop) in enumerate(pairwise(ends_of_parts)):
        shard = Shard(f"{number}", str(path), "jsonl", start=start, stop=stop)
        extract_shard(job, shard, fake_pipe)
        found += [json.loads(line)["text"] for line in open(job.target(shard), encoding="utf-8")]  # noqa: PTH123, SIM115
    assert found == texts


@given(
    texts=TEXTS,
    shard_size=st.integers(1, 50),
    group=st.integers(1, 20),
    kind=st.sampled_from(["jsonl", "txt", "csv", "json", "parquet", "jsonl.gz"]),
    output=st.sampled_from(["parquet", "jsonl"]),
)
def test_any_shards_have_the_rows_of_one(folders, texts, shard_size, group, kind, output):
    folder = folders()
    path = folder / f"a.{kind}"
    records = [{"id": number, "text": text} for number, text in enumerate(texts)]
    if kind == "parquet":
        schema = pa.schema({"id": pa.int32(), "text": pa.string()})
        pq.write_table(pa.Table.from_pylist(records, schema=schema), path, row_group_size=group)
    elif kind.startswith("jsonl"):
        write_lines(path, records)
    elif kind == "json":
        path.write_text(json.dumps(records), encoding="utf-8")
    else:
        start = "" if kind == "txt" else "text\n"
        plain = [f"t{number}" for number in range(len(texts))]
        path.write_text(start + "".join(f"{line}\n" for line in plain), encoding="utf-8")
    _, shards = extract_all([path], folder / "cut", shard_size, format=output)
    extract_all([path], folder / "whole", 10**9, format=output)
    assert rows_of(folder / "cut") == rows_of(folder / "whole")
    assert len(rows_of(folder / "whole")) == len(texts)
    covered = [shard.start for shard in shards[1:]] + [None]
    assert all(shard.stop == begins for shard, begins in zip(shards, covered, strict=True) if begins is not None)


def test_large_files_are_cut_into_shards_of_about_as_many_rows(tmp_path):
    write_lines(tmp_path / "in" / "lines.jsonl", [{"text": "x" * 90} for _ in range(1000)])
    write_lines(tmp_path / "in" / "packed.jsonl.gz", [{"text": "x" * 90} for _ in range(1000)])
    write_parquet(tmp_path / "in" / "groups.parquet", {"text": ["x"] * 1000}, row_group_size=90)
    write_parquet(tmp_path / "in" / "one.parquet", {"text": ["x"] * 1000})
    write_parquet(tmp_path / "in" / "small.parquet", {"text": ["x"] * 3})
    shards = open_corpus([str(tmp_path / "in")]).shards(200)
    by_source = {}
    for shard in shards:
        by_source.setdefault(shard.name.split("-")[0], []).append(shard)
    assert {name: len(of_file) for name, of_file in by_source.items()} == {
        "groups": 6, "lines": 5, "one": 5, "packed": 1, "small": 1
    }  # fmt: skip
    assert [(one.start, one.stop) for one in by_source["groups"]] == [
        (0, 180), (180, 360), (360, 540), (540, 720), (720, 900), (900, 1000)
    ]  # fmt: skip
    assert [one.stop - one.start for one in by_source["one"]] == [200] * 5
    assert by_source["lines"][1].name == "lines-00001-of-00005"
    assert by_source["small"][0].name == "small"


def test_parts_are_disjoint_and_together_all():
    shards = [Shard(str(number), "", "txt") for number in range(11)]
    parts = [part_of(shards, number, 4) for number in range(1, 5)]
    assert sorted(shard.name for part in parts for shard in part) == sorted(shard.name for shard in shards)
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_shards_that_would_have_one_name_are_refused(tmp_path):
    write_lines(tmp_path / "a.jsonl", [{"text": "x"}] * 100)
    write_lines(tmp_path / "a-00001-of-00010.jsonl", [{"text": "x"}])
    with pytest.raises(ValueError, match="--input must be files with distinct names, got 'a-00001-of-00010' twice"):
        open_corpus([str(tmp_path)]).shards(10)


@pytest.mark.parametrize("content", [b"", b"PAR1", b"no Parquet at all"])
def test_a_parquet_file_that_is_cut_off_is_told_before_the_work(tmp_path, content):
    whole = write_parquet(tmp_path / "a.parquet", {"text": ["x"]}).read_bytes()
    (tmp_path / "b.parquet").write_bytes(content or whole[:-7])
    with pytest.raises(ValueError, match=r"b.parquet cannot be read as Parquet, perhaps because it is cut off: "):
        open_corpus([str(tmp_path)])


def test_a_mixed_corpus_has_one_schema(tmp_path):
    write_lines(tmp_path / "in" / "a.jsonl", [{"text": "One!", "id": 1}, {"tokens": ["Two"], "id": 2}])
    write_parquet(tmp_path / "in" / "b.parquet", {"id": pa.array([3], pa.int32()), "text": ["Three"]})
    (tmp_path / "in" / "c.txt").write_text("Four\nFive\n")
    extract_all([tmp_path / "in"], tmp_path / "found")
    schemas = {str(pq.read_schema(path)) for path in (tmp_path / "found").iterdir()}
    assert len(schemas) == 1
    rows = rows_of(tmp_path / "found")
    assert [row["id"] for row in rows] == [1, 2, 3, None, None]
    assert [row["entities"][0]["text"] for row in rows] == ["One!", "Two", "Three", "Four", "Five"]
    assert counted(rows) == counted(pq.read_table(tmp_path / "found").to_pylist())
