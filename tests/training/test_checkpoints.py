"""Checkpoints: damage is found, those of other runs are refused, what is half written is never taken for one."""

import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spert_hf.files.model_folder import remove_unfinished, write_whole
from spert_hf.training.checkpoints import find_checkpoint
from spert_hf.training.digests import check_digests, write_digests

RUN = {"seed": 42, "processes": 1}


@pytest.fixture
def make_checkpoint(tmp_path):
    """Make a checkpoint's files; `saved` orders those of a test."""

    def make(step, saved, run=RUN):
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        (folder / "trainer_state.json").write_text(json.dumps({"step": step, "run": run}))
        (folder / "model.safetensors").write_bytes(bytes(100))
        write_digests(folder)
        os.utime(folder, (saved, saved))
        return folder

    return make


def test_a_setting_that_came_after_a_checkpoint_had_its_default_then(make_checkpoint):
    folder = make_checkpoint(1, saved=1, run={"processes": 1})
    assert find_checkpoint(str(folder), folder.parent, {"seed": 42, "processes": 1}) == folder
    with pytest.raises(ValueError, match="seed must be 42, as in the checkpoint's run, got 43"):
        find_checkpoint(str(folder), folder.parent, {"seed": 43, "processes": 1})


@given(content=st.binary(min_size=1, max_size=64), data=st.data())
def test_any_change_of_a_file_is_found(tmp_path_factory, content, data):
    folder = tmp_path_factory.mktemp("digests")
    path = folder / "weights"
    path.write_bytes(content)
    write_digests(folder)
    check_digests(folder)
    changed = data.draw(st.binary(max_size=64).filter(lambda other: other != content))
    path.write_bytes(changed)
    with pytest.raises(ValueError, match=f"{path} is not what was saved"):
        check_digests(folder)


def test_a_missing_file_is_found(make_checkpoint):
    folder = make_checkpoint(1, saved=1)
    (folder / "model.safetensors").unlink()
    with pytest.raises(ValueError, match=r"model\.safetensors is missing"):
        check_digests(folder)


@pytest.mark.parametrize("content", [None, "", "[]", "{"])
def test_digests_that_cannot_be_read_are_damage(make_checkpoint, content):
    digests = make_checkpoint(1, saved=1) / "digests.json"
    digests.unlink()
    if content is not None:
        digests.write_text(content)
    with pytest.raises(ValueError, match=r"digests\.json (can't be read|must be a mapping)"):
        check_digests(digests.parent)


def test_latest_is_what_was_saved_last(make_checkpoint, tmp_path):
    """And not the one with the highest number, which an earlier run may have left."""
    make_checkpoint(900, saved=1)
    make_checkpoint(9, saved=2)
    last = make_checkpoint(10, saved=3)
    assert find_checkpoint("latest", tmp_path, RUN) == last


def test_latest_passes_over_damaged_ones(make_checkpoint, tmp_path):
    good, damaged = make_checkpoint(1, saved=1), make_checkpoint(2, saved=2)
    (damaged / "model.safetensors").write_bytes(b"")
    assert find_checkpoint("latest", tmp_path, RUN) == good
    (good / "model.safetensors").write_bytes(b"")
    with pytest.raises(ValueError, match="has only damaged checkpoints: checkpoint-1, checkpoint-2"):
        find_checkpoint("latest", tmp_path, RUN)


def test_a_damaged_one_that_is_asked_for_by_name_is_refused(make_checkpoint, tmp_path):
    make_checkpoint(1, saved=1)
    damaged = make_checkpoint(2, saved=2)
    (damaged / "model.safetensors").write_bytes(b"")
    with pytest.raises(ValueError, match=r"checkpoint-2/model\.safetensors is not what was saved"):
        find_checkpoint(str(damaged), tmp_path, RUN)


def test_a_folder_that_is_no_checkpoint_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"must be a folder with trainer_state\.json"):
        find_checkpoint(str(tmp_path / "elsewhere"), tmp_path, RUN)


def test_another_runs_checkpoint_is_refused(make_checkpoint, tmp_path):
    make_checkpoint(1, saved=1, run=RUN | {"seed": 43})
    with pytest.raises(ValueError, match="checkpoint-1: seed must be 43, as in the checkpoint's run, got 42"):
        find_checkpoint("latest", tmp_path, RUN)


def test_a_failed_write_leaves_the_folder_as_it_was(tmp_path):
    (tmp_path / "model").write_text("old")

    def write(folder):
        (folder / "model").write_text("new")
        raise OSError("disk full")

    with pytest.raises(OSError, match=r"could not be saved, with .* MB free on its disk: disk full"):
        write_whole(tmp_path, write)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("model", "old")]


@pytest.mark.skipif(os.name != "posix", reason="modes as POSIX has them")
def test_new_files_have_the_mode_of_new_files_and_old_ones_theirs(tmp_path):
    (tmp_path / "old").touch(0o600)
    before = os.umask(0o022)
    try:
        write_whole(tmp_path, lambda folder: [(folder / name).touch(0o600) for name in ("old", "new")])
    finally:
        os.umask(before)
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert modes == {"old": 0o600, "new": 0o644}


def test_what_killed_runs_left_unfinished_is_removed(make_checkpoint, tmp_path):
    whole = make_checkpoint(1, saved=1)
    make_checkpoint(2, saved=2).rename(tmp_path / ".unfinished-checkpoint-2")
    remove_unfinished(tmp_path)
    assert list(tmp_path.iterdir()) == [whole]
