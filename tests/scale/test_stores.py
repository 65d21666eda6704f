"""Stores: what is written is there as a whole or not at all."""

import uuid

import fsspec
import pyarrow.parquet as pq
import pytest

from spert_hf.scale import stores
from spert_hf.scale.corpus import open_corpus
from spert_hf.scale.engines import run_local
from spert_hf.scale.manifest import Manifest
from tests.scale.corpora import fake_pipe, job_for, names, write_lines


@pytest.fixture
def memory():
    """The URL of a folder in a store."""
    folder = f"memory://{uuid.uuid4().hex}"
    yield folder
    fsspec.filesystem("memory").store.clear()


def put(url, data):
    with fsspec.open(url, "wb") as file:
        file.write(data)


def test_a_corpus_goes_from_a_store_to_a_store(memory):
    lines = b"".join(b'{"text": "text %d!", "id": %d}\n' % (number, number) for number in range(100))
    put(f"{memory}/in/a.jsonl", lines)
    put(f"{memory}/in/sub/b.jsonl", lines[:1000])
    put(f"{memory}/in/c.pdf", b"x")
    corpus = open_corpus([f"{memory}/in"])
    assert ([source.name for source in corpus.sources], corpus.ignored) == (["a", "sub/b"], 1)
    job, shards = job_for(corpus, f"{memory}/out"), corpus.shards(20)
    manifest = Manifest.of(job, "model", corpus.sources, shards)
    manifest.begin(job.output)
    run = run_local(job, shards[1:], pipe=fake_pipe)
    assert manifest.missing(job.output) == [job.file_name(shards[0])]
    run_local(job, shards, pipe=fake_pipe)
    assert manifest.missing(job.output) == []
    manifest.begin(job.output)
    assert run.records < 100 + len(lines[:1000].splitlines())
    with fsspec.open_files(f"{memory}/out/sub/*.parquet") as files:
        assert sum(pq.read_table(file).num_rows for file in files) == len(lines[:1000].splitlines())
    put(f"{memory}/in/sub/b.jsonl", lines)
    corpus = open_corpus([f"{memory}/in"])
    with pytest.raises(ValueError, match="is of a run with other input files: 1 changed"):
        Manifest.of(job, "model", corpus.sources, shards).begin(job.output)


def test_nothing_is_uploaded_of_what_fails(memory):
    with pytest.raises(RuntimeError), stores.written_whole(f"{memory}/a") as stream:
        stream.write(b"half")
        raise RuntimeError
    assert not stores.exists(f"{memory}/a")
    with stores.written_whole(f"{memory}/a") as stream:
        stream.write(b"whole")
    assert stores.open_input(f"{memory}/a").read() == b"whole"
    assert stores.names_below(memory) == {"a"}


def test_lines_in_a_store_may_be_limited(memory):
    put(f"{memory}/a.txt", b"a long line\n")
    with stores.open_input(f"{memory}/a.txt") as stream:
        assert stream.readline(6) == b"a long"


def test_what_killed_processes_left_is_removed_but_not_what_others_write(tmp_path):
    pytest.importorskip("fcntl")
    targets = [str(tmp_path / name) for name in ("a.parquet", "b.parquet", "x" * 250)]
    for target in targets:
        with stores.written_whole(target) as stream:
            left = stream.name
            stream.write(b"x")
            stream.flush()
            (tmp_path / "keep").write_bytes(b"")
            copy = left.replace(left[-12:-4], "01234567")
            with open(copy, "wb") as file:  # noqa: PTH123 - of any path
                file.write(b"half")
    (tmp_path / ".other.parquet.01234567.tmp").write_bytes(b"")
    assert len([name for name in names(tmp_path) if name.endswith(".tmp")]) == 4
    stores.lock_of(targets[0]).write_bytes(b"")
    with stores.owner_of(targets[1]):
        stores.remove_leftovers(targets)
        assert stores.lock_of(targets[1]).exists() and not stores.lock_of(targets[0]).exists()
    assert [name for name in names(tmp_path) if name.endswith(".tmp")] == [
        ".b.parquet.01234567.tmp", ".other.parquet.01234567.tmp"
    ]  # fmt: skip


def test_a_library_that_is_missing_is_named(monkeypatch):
    with pytest.raises((ImportError, ValueError), match="none"):
        open_corpus(["none://bucket/file.jsonl"])


def test_the_input_is_described_by_its_size_and_time(tmp_path):
    path = write_lines(tmp_path / "a.jsonl", [{"text": "x"}])
    found = stores.look_at(str(path))
    assert found.size == path.stat().st_size and found.version == str(path.stat().st_mtime_ns)
    assert stores.look_at(str(tmp_path)) is None
