"""`spert-hf extract` from data sets of the Hub, which are read from there shard by shard."""

import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.hub_server import Repository

TEXTS = ["Marian Pell met Per Lund in Oslo.", "It rained.", "Anna Berg works for Northern Paper."]
CARD = """---
configs:
- config_name: default
  data_files:
  - split: train
    path: data/train*
  - split: test
    path: data/test*
- config_name: other
  data_files: other.jsonl
---
"""


def parquet_bytes(start, count):
    stream = io.BytesIO()
    ids = list(range(start, start + count))
    pq.write_table(pa.table({"id": ids, "text": [TEXTS[one % 3] for one in ids]}), stream, row_group_size=4)
    return stream.getvalue()


@pytest.fixture
def data_set(hub):
    files = {
        "README.md": CARD.encode(),
        "data/train-0.parquet": parquet_bytes(0, 12),
        "data/train-1.parquet": parquet_bytes(12, 4),
        "data/test.parquet": parquet_bytes(100, 3),
        "other.jsonl": "".join(json.dumps({"id": 200 + n, "text": TEXTS[n]}) + "\n" for n in range(3)).encode(),
    }
    repository = Repository(private=False)
    repository.add("main", {".gitattributes": b""}, "initial commit")
    repository.add("main", files, "data")
    hub.repositories["dataset", "ada/texts"] = repository
    return repository


@pytest.fixture
def extract(run_python, tiny_checkpoint, tmp_path):
    def run(given, *more, output="found"):
        names = ["--model", str(tiny_checkpoint), "--input", given, "--output", str(tmp_path / output)]
        done = run_python("-m", "spert_hf.cli.main", "extract", *names, *more)
        return done.returncode, done.stderr, tmp_path / output

    return run


def ids(folder):
    return sorted(one for path in folder.rglob("*.parquet") for one in pq.read_table(path).column("id").to_pylist())


def files(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_a_split_is_extracted_from_shard_by_shard(extract, data_set):
    code, said, found = extract("ada/texts:train", "--shard-size", "4")
    assert code == 0, said
    assert files(found) == [
        ".manifest.json",
        *(f"data/train-0-{number:05}-of-00003.parquet" for number in range(3)),
        "data/train-1.parquet",
    ]
    assert ids(found) == list(range(16))


def test_all_splits_and_other_configurations(extract, data_set):
    code, said, found = extract("ada/texts")
    assert code == 0, said
    assert ids(found) == [*range(16), 100, 101, 102]
    code, said, found = extract("ada/texts", "--dataset-config-name", "other", output="others")
    assert code == 0, said
    assert ids(found) == [200, 201, 202]


def test_files_of_the_hub_by_their_paths(extract, data_set):
    code, said, found = extract("hf://datasets/ada/texts/data/train-*.parquet")
    assert code == 0, said
    assert files(found) == [".manifest.json", "train-0.parquet", "train-1.parquet"]
    assert ids(found) == list(range(16))


def test_a_new_commit_is_another_input(extract, data_set):
    assert extract("ada/texts:test")[0] == 0
    assert extract("ada/texts:test")[0] == 0
    newest = data_set.branches["main"][-1]
    data_set.add("main", newest.files | {"data/test.parquet": parquet_bytes(100, 4)}, "more")
    code, said, found = extract("ada/texts:test")
    assert code == 1
    assert f"--output: {found} is of a run with other input files: 1 gone (hf://datasets/ada/texts@" in said
    assert ids(found) == [100, 101, 102]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("ada/none", "ada/none: no file or folder of this name here, and not found on the Hub: "),
        ("ada/texts:dev", "ada/texts: split must be one of train, test, got 'dev'"),
        ("hf://datasets/ada/texts/none.parquet", "--input must be a file, or a pattern, a folder, "),
    ],
)
def test_what_is_not_there(extract, data_set, given, message):
    code, said, found = extract(given)
    assert code == 1
    assert message in said
    assert not found.exists()
