"""The manifest: another run's folder is never written into."""

import dataclasses
import json
import re

import pytest

from spert_hf.scale.corpus import open_corpus
from spert_hf.scale.job import Job
from spert_hf.scale.manifest import MANIFEST, Manifest, check_output_folder
from tests.scale.corpora import names, write_lines

SETTINGS = {"batch_size": 32, "relation_threshold": {"A": 0.5, "B": 0.1}, "entity_types": ["Loc", "Org"]}


@pytest.fixture
def made(tmp_path):
    """Makes the manifest of a run over what is in a folder, in which there are two files to begin with."""
    for name in ("a", "b"):
        write_lines(tmp_path / "in" / f"{name}.jsonl", [{"text": "x"}] * 100)

    def make(model="model", shard_size=10_000, **changes):
        corpus = open_corpus([str(tmp_path / "in")])
        job = Job("m", str(tmp_path / "found"), "jsonl", settings=SETTINGS)
        return Manifest.of(dataclasses.replace(job, **changes), model, corpus.sources, corpus.shards(shard_size))

    return make


def test_the_same_run_goes_on(made, tmp_path):
    output = str(tmp_path / "found")
    made().begin(output)
    before = (tmp_path / "found" / MANIFEST).read_bytes()
    made().begin(output)
    same = SETTINGS | {"relation_threshold": {"B": 0.1, "A": 0.5}, "entity_types": ["Org", "Loc"]}
    made(settings=same, max_errors=5, device="cpu").begin(output)
    assert (tmp_path / "found" / MANIFEST).read_bytes() == before
    assert names(tmp_path / "found") == [MANIFEST]
    assert json.loads(before)["shards"] == ["a.jsonl", "b.jsonl"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model": "other"}, "another model, says its .manifest.json; use the same, or name another folder"),
        ({"format": "parquet"}, "another format (jsonl, now parquet),"),
        ({"settings": SETTINGS | {"batch_size": 16}}, "another batch_size (32, now 16),"),
        (
            {"settings": {"batch_size": 32, "entity_types": ["Loc", "Org"]}},
            'another relation_threshold ({"A": 0.5, "B": 0.1}, now none),',
        ),
        ({"reading": {"words": re.compile("x")}}, 'another words (none, now "x"),'),
        ({"dtype": "bfloat16"}, "another backend (torch, float32, now torch, bfloat16),"),
        (
            {"model": "other", "dtype": "bfloat16"},  # in which its weights are others
            "of a run with another backend (torch, float32, now torch, bfloat16),",
        ),
        ({"id_column": "id"}, "another id_column (none, now id),"),
        ({"shard_size": 50}, "another --shard-size,"),
    ],
)
def test_what_another_run_had_is_named(made, tmp_path, changes, message):
    output = str(tmp_path / "found")
    made().begin(output)
    before = (tmp_path / "found" / MANIFEST).read_bytes()
    with pytest.raises(ValueError, match=re.escape(f"--output: {output} is of a run with ")) as error:
        made(**changes).begin(output)
    assert message in str(error.value) and "\n" not in str(error.value)
    assert (tmp_path / "found" / MANIFEST).read_bytes() == before


def test_other_files_are_named(made, tmp_path):
    output = str(tmp_path / "found")
    made().begin(output)
    folder = tmp_path / "in"
    (folder / "a.jsonl").rename(folder / "c.jsonl")
    write_lines(folder / "b.jsonl", [{"text": "y"}])
    with pytest.raises(ValueError) as error:
        made().begin(output)
    shown = [f"1 gone ({folder / 'a.jsonl'})", f"1 new ({folder / 'c.jsonl'})", f"1 changed ({folder / 'b.jsonl'})"]
    assert f"is of a run with other input files: {', '.join(shown)}, says its" in str(error.value)


def test_missing_outputs_are_named(made, tmp_path):
    manifest = made()
    manifest.begin(str(tmp_path / "found"))
    (tmp_path / "found" / "a.jsonl").write_text("")
    assert manifest.missing(str(tmp_path / "found")) == ["b.jsonl"]
    assert manifest.missing(str(tmp_path / "found"), ["a.jsonl"]) == []


def test_a_folder_with_other_files_is_refused(made, tmp_path):
    folder = tmp_path / "found"
    folder.mkdir()
    (folder / ".hidden").write_text("")
    check_output_folder(str(folder))
    (folder / "thesis.doc").write_text("")
    for check in (check_output_folder, made().begin):
        with pytest.raises(ValueError, match=r"--output must be a new folder, an empty one, or .*thesis.doc"):
            check(str(folder))
    assert names(folder) == [".hidden", "thesis.doc"]


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"settings": 1, "inputs": [], "shards": []}', "\0"])
def test_another_manifest_is_refused(made, tmp_path, content):
    (tmp_path / "found").mkdir()
    (tmp_path / "found" / MANIFEST).write_text(content)
    with pytest.raises(ValueError, match=r"manifest.json must be the manifest of an earlier run, got something else"):
        made().begin(str(tmp_path / "found"))


def test_of_two_runs_that_begin_at_once_the_second_compares_itself(made, tmp_path, monkeypatch):
    output = str(tmp_path / "found")
    monkeypatch.setattr("spert_hf.scale.manifest.exists", lambda path: False)  # both have looked before either wrote
    made().begin(output)
    made().begin(output)
    with pytest.raises(ValueError, match=r"another model"):
        made("other").begin(output)
    assert names(tmp_path / "found") == [MANIFEST]
