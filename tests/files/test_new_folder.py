"""Folders that are there with all of their files, or not at all."""

import re
from pathlib import Path

import pytest

from spert_hf.files.new_folder import new_folder


def test_a_folder_gets_its_name_when_it_is_complete(tmp_path: Path):
    target = tmp_path / "new" / "out"
    with new_folder(target) as folder:
        (folder / "one").write_text("1")
        assert not target.exists()
    assert [path.name for path in target.iterdir()] == ["one"]
    assert [path.name for path in target.parent.iterdir()] == ["out"]


def test_an_empty_folder_is_replaced_also_by_way_of_a_link(tmp_path: Path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "empty")
    with new_folder(tmp_path / "link") as folder:
        (folder / "one").write_text("1")
    assert (tmp_path / "link").is_symlink()
    assert [path.name for path in (tmp_path / "empty").iterdir()] == ["one"]


def test_nothing_is_left_of_a_folder_that_could_not_be_written(tmp_path: Path):
    def fail() -> None:
        with new_folder(tmp_path / "out") as folder:
            (folder / "one").write_text("1")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert [*tmp_path.iterdir()] == []


def test_a_folder_in_a_file_is_refused_by_name(tmp_path: Path):
    (tmp_path / "file").write_text("")
    wanted = tmp_path / "file" / "in" / "out"
    message = f"{wanted} must be a new folder in a folder, got one in the file {tmp_path / 'file'}"
    with pytest.raises(NotADirectoryError, match=re.escape(message)), new_folder(wanted):
        pass


@pytest.mark.parametrize("name", ["one", "."])
def test_what_is_there_already_stays(tmp_path: Path, name: str):
    (tmp_path / "one").write_text("1")
    with pytest.raises(FileExistsError, match="must be a new folder or an empty one"), new_folder(tmp_path / name):
        pass
    assert (tmp_path / "one").read_text() == "1"


def test_a_folder_is_replaced_as_a_whole_where_that_is_asked_for(tmp_path: Path):
    target = tmp_path / "out"
    target.mkdir()
    (target / "old").write_text("1")
    with new_folder(target, replace=True) as folder:
        (folder / "new").write_text("2")
        assert [path.name for path in target.iterdir()] == ["old"]
    assert [path.name for path in target.iterdir()] == ["new"]
    assert [*tmp_path.iterdir()] == [target]


def test_a_file_is_never_replaced_by_a_folder(tmp_path: Path):
    (tmp_path / "out").write_text("1")
    with (
        pytest.raises(FileExistsError, match="a new folder or an empty one, got a file"),
        new_folder(tmp_path / "out", replace=True),
    ):
        pass
    assert (tmp_path / "out").read_text() == "1"


def test_what_another_run_has_written_meanwhile_stays(tmp_path: Path):
    target = tmp_path / "out"
    with (
        pytest.raises(FileExistsError, match="a new folder or an empty one, got a folder with files in it"),
        new_folder(target) as folder,
    ):
        (folder / "one").write_text("1")
        target.mkdir()
        (target / "theirs").write_text("2")
    assert [path.name for path in target.iterdir()] == ["theirs"]
    assert [*tmp_path.iterdir()] == [target]
