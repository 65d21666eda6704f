"""The files that inputs stand for, and what their outputs are called."""

import os

import pytest

from spert_hf.scale.sources import kind_of, list_sources

READABLE = "files? of .jsonl, .ndjson, .csv or .txt"


@pytest.fixture
def corpus(tmp_path, monkeypatch):
    for name in ("corpus/b.txt", "corpus/a.jsonl.gz", "corpus/sub/a.csv", "corpus/sub/deep/d.PARQUET", "one.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    for name in ("corpus/README.md", "corpus/.hidden.txt", "corpus/sub/a.json.gz", "corpus/.git/c.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names_of(*inputs):
    sources, ignored = list_sources(inputs)
    return [source.name for source in sources], ignored


def test_a_folder_has_its_readable_files_in_order(corpus):
    assert names_of("corpus") == (["a", "b", "sub/a", "sub/deep/d"], 3)
    assert names_of("corpus/") == names_of("./corpus") == names_of(str(corpus / "corpus"))


def test_patterns_files_and_folders_together(corpus):
    assert names_of("corpus/**/*.csv", "one.json") == (["sub/a", "one"], 0)
    assert names_of("corpus/*") == (["a", "b"], 1)
    assert names_of("corpus/sub/*", "corpus/b.txt") == (["a", "b"], 1)


def test_a_file_is_read_once(corpus):
    os.symlink("corpus/b.txt", corpus / "link.txt")  # noqa: PTH211 - shorter
    assert names_of("corpus/b.txt", "corpus/b.txt", "link.txt", "corpus/b*") == (["b"], 0)


def test_files_of_one_name_stay_apart(corpus):
    assert names_of("corpus/a.jsonl.gz", "corpus/sub/a.csv")[0] == ["a.jsonl.gz", "a.csv"]
    (corpus / "corpus/a.csv").write_text("x")
    assert names_of("corpus/a.csv", "corpus/sub/a.csv")[0] == ["a", "sub/a"]
    assert names_of("corpus/*.csv", "corpus/sub")[0] == ["a", "sub/a", "sub/deep/d"]


def test_sizes_and_times_tell_files_apart(corpus):
    (before,), _ = list_sources(["one.json"])
    os.utime(corpus / "one.json", ns=(1, 1))
    (after,), _ = list_sources(["one.json"])
    assert before.size == after.size == 1
    assert before.version != after.version == "1"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("nowhere", "--input must be a file, or a pattern, a folder, a data set of the Hub .*, got 'nowhere'"),
        ("data/none.parquet", "--input must be a file, or a pattern, .*, got 'data/none.parquet'"),
        ("corpus/README.md", "corpus/README.md must be a file of .*, got a name ending in '.md'"),
        ("corpus/sub/a.json.gz", "corpus/sub/a.json.gz must be a file of .*, got a name ending in '.gz'"),
        ("empty", "--input must be files of .*, got none in empty$"),
        ("docs", "--input must be files of .*, got none in docs, only 1 of other formats"),
        ("corpus/*.xyz", "--input must be files of .*, got none in corpus/\\*.xyz$"),
        ("none://x/y", "none"),
    ],
)
def test_what_has_nothing_to_read(corpus, given, message):
    (corpus / "empty").mkdir()
    (corpus / "docs").mkdir()
    (corpus / "docs" / "index.md").write_text("x")
    with pytest.raises((ValueError, OSError), match=message):
        list_sources([given])


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("x.JSONL", ("jsonl", None)),
        ("x.ndjson.zst", ("jsonl", "zstd")),
        ("a.b/x.txt.gz", ("txt", "gzip")),
        ("x.parquet", ("parquet", None)),
        ("x.parquet.gz", (None, "gzip")),
        ("x", (None, None)),
        (".jsonl", (None, None)),
    ],
)
def test_formats_by_names(path, kind):
    assert kind_of(path) == kind


def test_no_name_leads_out_of_the_output_folder(corpus, monkeypatch):
    from spert_hf.scale.stores import StoredFile

    monkeypatch.setattr(
        "spert_hf.scale.sources.files_below", lambda *_: [(StoredFile("s3://x/a.txt", 1, ""), "../../a.txt")]
    )
    with pytest.raises(ValueError, match="none in corpus, only 1 of other formats"):
        list_sources(["corpus"])
