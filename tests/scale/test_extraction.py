"""One shard: a bad record costs itself only, and the output is there as a whole or not at all."""

import pickle

import pyarrow as pa
import pytest
import torch

from spert_hf.scale.corpus import open_corpus
from spert_hf.scale.extraction import Caution, ShardResult, TooManyErrorsError, extract_shard
from spert_hf.scale.stores import owner_of
from tests.scale.corpora import fake_pipe, job_for, names, rows_of, write_lines, write_parquet

COUNT = 70


class Failing:
    """A pipeline that fails with batches in which a text is."""

    def __init__(self, *texts, error=None, largest=COUNT):
        self.texts, self.error, self.largest = texts, error or RuntimeError("no\nluck"), largest
        self.calls = []

    def __call__(self, texts, **settings):
        self.calls.append(len(texts))
        if len(texts) > self.largest or any(text in self.texts for text in texts):
            raise self.error
        return fake_pipe(texts)


@pytest.fixture
def shard_of(tmp_path):
    """A shard of texts `t0`, `t1`, …, and its job."""

    def make(content=None, format="parquet", **more):
        path = tmp_path / "in" / "a.jsonl"
        if content is None:
            write_lines(path, [{"text": f"t{number}", "id": number} for number in range(COUNT)])
        else:
            path.parent.mkdir()
            path.write_bytes(content)
        corpus = open_corpus([str(path)])
        return job_for(corpus, tmp_path / "found", format, **more), corpus.shards()[0]

    return make


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (RuntimeError("no\nluck"), "RuntimeError: no luck"),
        (ValueError("input 3: text is odd"), "ValueError: text is odd"),
        (MemoryError(), "MemoryError"),
        (torch.OutOfMemoryError("tried"), "OutOfMemoryError: tried"),
    ],
)
@pytest.mark.parametrize("format", ["parquet", "jsonl"])
def test_records_that_fail_have_an_error_and_the_others_what_they_would_have(
    shard_of, tmp_path, error, message, format
):
    job, shard = shard_of(format=format)
    pipe = Failing("t3", "t4", "t69", error=error)
    result = extract_shard(job, shard, pipe)
    assert (result.records, result.errors, result.first_error) == (COUNT, 3, f"a, record 4: {message}")
    rows = rows_of(tmp_path / "found")
    assert [row["id"] for row in rows] == list(range(COUNT))
    for row in rows:
        failed = row["id"] in (3, 4, 69)
        assert row.get("error") == (message if failed else None)
        assert [one["text"] for one in row["entities"]] == ([] if failed else [row["text"]])
        assert row["relations"] == []
    assert len(pipe.calls) < COUNT


def test_too_little_memory_for_many_texts_is_enough_for_few(shard_of, tmp_path):
    job, shard = shard_of()
    assert extract_shard(job, shard, Failing(error=torch.OutOfMemoryError("x"), largest=10)).errors == 0
    assert len(rows_of(tmp_path / "found")) == COUNT


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_an_interruption_leaves_nothing(shard_of, tmp_path, error):
    job, shard = shard_of()
    with pytest.raises(error):
        extract_shard(job, shard, Failing("t3", error=error()))
    assert names(tmp_path / "found") == []


def test_too_many_errors_end_a_shard(shard_of, tmp_path):
    job, shard = shard_of(max_errors=2)
    assert extract_shard(job, shard, Failing("t3", "t4")).errors == 2
    with pytest.raises(TooManyErrorsError, match="--max-errors: more records have errors than 2, such as a, record 4:"):
        extract_shard(job, shard, Failing("t3", "t4", "t5"), overwrite=True)
    assert names(tmp_path / "found") == ["a.parquet"]  # of before
    assert len(rows_of(tmp_path / "found")) == COUNT
    with pytest.raises(TooManyErrorsError):
        extract_shard(job, shard, Failing("t3"), errors_before=2, overwrite=True)


def test_lines_that_cannot_be_read_are_rows_with_an_error(shard_of, tmp_path):
    job, shard = shard_of(b'{"text": "One!"}\n{"text": \n\xff\n\n{"body": 1}\n{"text": "Two"}\n')
    result = extract_shard(job, shard, fake_pipe)
    assert (result.records, result.errors) == (5, 3)
    rows = rows_of(tmp_path / "found")
    assert [row["text"] for row in rows] == ["One!", None, None, None, "Two"]
    errors = [row["error"] for row in rows]
    assert errors[0] is errors[4] is None
    for error, line in zip(errors[1:4], (2, 3, 5), strict=True):
        assert f"line {line}" in error and "\n" not in error
    assert all(row["entities"] == row["relations"] == [] for row in rows[1:4])


@pytest.mark.parametrize("id_column", [None, "key"])
def test_records_whose_text_is_none_keep_their_other_fields(shard_of, tmp_path, id_column):
    content = (
        b'{"key": 1, "text": "One", "year": 2019}\n{"key": 2, "text": 5, "year": 2020}\n{"key": 3, "year": 2021}\n'
    )
    job, shard = shard_of(content, id_column=id_column)
    assert extract_shard(job, shard, fake_pipe).errors == 2
    rows = rows_of(tmp_path / "found")
    assert [(row["id" if id_column else "key"], row["text"], row["year"], bool(row["error"])) for row in rows] == [
        (1, "One", 2019, False), (2, None, 2020, True), (3, None, 2021, True)
    ]  # fmt: skip


def test_texts_that_are_missing_in_parquet_are_rows_with_an_error(tmp_path):
    write_parquet(tmp_path / "a.parquet", {"text": ["One!", None], "id": [1, 2]})
    corpus = open_corpus([str(tmp_path / "a.parquet")])
    extract_shard(job_for(corpus, tmp_path / "found"), corpus.shards()[0], fake_pipe)
    rows = rows_of(tmp_path / "found")
    assert [(row["id"], row["error"]) for row in rows] == [
        (1, None), (2, "text must be a string or a list of strings, got None")
    ]  # fmt: skip


def test_ids_that_are_missing_are_an_error_of_their_records(shard_of, tmp_path):
    content = b'{"text": "One", "key": 1}\n{"text": "Two"}\n{"text": "Three", "key": "x"}\n'
    job, shard = shard_of(content, id_column="key")
    assert extract_shard(job, shard, fake_pipe).errors == 1
    rows = rows_of(tmp_path / "found")
    assert [row["text"] for row in rows] == ["One", "Two", "Three"]
    assert "key must be a string or an integer, got nothing" in rows[1]["error"]


def test_what_is_there_is_left_alone(shard_of, tmp_path):
    job, shard = shard_of()
    (tmp_path / "found").mkdir()
    (tmp_path / "found" / "a.parquet").write_text("mine")
    assert extract_shard(job, shard, fake_pipe) == ShardResult("a", "present")
    assert (tmp_path / "found" / "a.parquet").read_text() == "mine"


def test_a_shard_has_one_owner(shard_of, tmp_path):
    pytest.importorskip("fcntl")
    job, shard = shard_of()
    with owner_of(job.target(shard)) as is_ours:
        assert is_ours
        assert extract_shard(job, shard, fake_pipe) == ShardResult("a", "taken")
    assert names(tmp_path / "found") == []
    assert extract_shard(job, shard, fake_pipe).state == "done"
    assert names(tmp_path / "found") == ["a.parquet"]


def test_a_full_disk_leaves_nothing(shard_of, tmp_path, monkeypatch):
    job, shard = shard_of()

    def refuse(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", refuse)
    with pytest.raises(OSError, match="No space left"):
        extract_shard(job, shard, fake_pipe)
    assert names(tmp_path / "found") == []


@pytest.mark.parametrize("suffix", [".jsonl.gz", ".jsonl.zst", ".parquet"])
def test_a_file_that_is_damaged_inside_has_no_output(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    if suffix == ".parquet":
        write_parquet(path, {"text": [f"text {number}" for number in range(20_000)]}, row_group_size=5000)
        data = bytearray(path.read_bytes())
        data[4 : len(data) // 2] = bytes(len(data) // 2 - 4)
    else:
        lines = b"".join(b'{"text": "text %d"}\n' % number for number in range(20_000))
        with pa.output_stream(path, compression={".jsonl.gz": "gzip", ".jsonl.zst": "zstd"}[suffix]) as stream:
            stream.write(lines)
        data = path.read_bytes()[:-100]
    path.write_bytes(bytes(data))
    corpus = open_corpus([str(path)])
    with pytest.raises(ValueError, match=f"a{suffix} .*cut off"):
        extract_shard(job_for(corpus, tmp_path / "found"), corpus.shards()[0], fake_pipe)
    assert names(tmp_path / "found") == []


def test_a_record_that_kills_its_process_can_be_found_and_passed_over(shard_of, tmp_path):
    job, shard = shard_of()
    begun = []
    pipe = Failing("t9", error=KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        extract_shard(job, shard, pipe, caution=Caution(before=lambda *places: begun.append(places)))
    assert begun == [(0, COUNT)]
    with pytest.raises(KeyboardInterrupt):
        extract_shard(job, shard, pipe, caution=Caution(range(5, 12), before=lambda *places: begun.append(places)))
    assert begun[-1] == (9, 10)
    result = extract_shard(job, shard, pipe, caution=Caution(poison={9: "it kills"}))
    assert (result.errors, result.first_error) == (1, "a, record 10: it kills")
    assert [row["id"] for row in rows_of(tmp_path / "found")] == list(range(COUNT))


def test_what_engines_send_can_be_pickled(shard_of):
    import re

    job, shard = shard_of(reading={"words": re.compile("x")}, settings={"entity_types": ("A",)}, token="hf_secret")
    assert pickle.loads(pickle.dumps((job, shard))) == (job, shard)
    assert "hf_secret" not in repr(job)
