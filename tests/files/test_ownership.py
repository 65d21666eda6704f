"""One owner of an output at a time, whatever happens between opening a lock and having it."""

import multiprocessing

import pytest

from spert_hf.files import ownership
from spert_hf.files.ownership import FOLDER_LOCK, check_not_owned, owned_folder, sole_owner, take_lock

pytest.importorskip("fcntl")


def test_the_second_is_told_and_the_lock_goes_with_the_first(tmp_path):
    lock = tmp_path / "lock"
    with sole_owner(lock) as first:
        with sole_owner(lock) as second:
            assert (first, second) == (True, False)
        with sole_owner(lock) as third:
            assert not third
    assert not lock.exists()
    with sole_owner(lock) as later:
        assert later


def test_the_lock_of_a_file_that_is_gone_counts_for_nothing(tmp_path, monkeypatch):
    """The first owner leaves between the second's opening of the lock and its locking it; then a third comes."""
    lock, try_to_lock, late = tmp_path / "lock", ownership.try_to_lock, []

    def leave_first(stream, shared=False):
        if not late:
            late.append(True)
            lock.unlink()
            late.append(take_lock(lock))
        return try_to_lock(stream, shared)

    lock.touch()
    monkeypatch.setattr(ownership, "try_to_lock", leave_first)
    with sole_owner(lock) as is_ours:
        assert not is_ours
    assert late[1] is not None
    late[1].close()


def test_the_lock_of_a_process_that_was_killed_is_free(tmp_path):
    context = multiprocessing.get_context("fork")
    begun = context.Event()
    process = context.Process(target=_hold, args=(tmp_path, begun))
    process.start()
    begun.wait(60)
    with pytest.raises(ValueError, match=r"another run is writing into .*; name another folder"):
        check_not_owned("--output", tmp_path)
    process.kill()
    process.join()
    assert (tmp_path / FOLDER_LOCK).is_file()
    check_not_owned("--output", tmp_path)
    with owned_folder("--output", tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


def _hold(folder, begun):
    with owned_folder("--output", folder):
        begun.set()
        multiprocessing.Event().wait()


def test_a_folder_is_had_by_whatever_name_leads_to_it(tmp_path):
    (tmp_path / "link").symlink_to("real")
    with owned_folder("--output", tmp_path / "link"):
        assert (tmp_path / "real").is_dir()
        with (
            pytest.raises(ValueError, match=r"--output: another run is writing into .*real;"),
            owned_folder("--output", tmp_path / "real"),
        ):
            pass


def test_a_folder_that_nothing_gets_into_goes_again(tmp_path):
    with pytest.raises(KeyError), owned_folder("--output", tmp_path / "new"):
        raise KeyError
    assert list(tmp_path.iterdir()) == []
    with owned_folder("--output", tmp_path / "new"):
        (tmp_path / "new" / "file").touch()
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["file"]


def test_where_there_are_no_locks_everybody_goes_on(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(37, "No locks available")

    monkeypatch.setattr(ownership.fcntl, "flock", refuse)
    with sole_owner(tmp_path / "lock") as first, sole_owner(tmp_path / "lock") as second:
        assert first and second
