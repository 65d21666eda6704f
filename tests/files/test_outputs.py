"""Where outputs go: links, streams, modes and long names, of everything that is written as a whole."""

import os
import stat
import threading

import pytest

from spert_hf.files.atomic import write_atomically
from spert_hf.files.outputs import hidden_beside, is_stream, open_named, put_in_place, real_target

pytestmark = pytest.mark.skipif(os.name != "posix", reason="modes, links and pipes as POSIX has them")


@pytest.fixture
def mask():
    """The mode that a new file gets."""
    before = os.umask(0o027)
    yield 0o640
    os.umask(before)


def mode_of(path):
    return stat.S_IMODE(path.stat().st_mode)


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_link_goes_on_pointing_to_what_is_written(tmp_path):
    real, link, further = tmp_path / "data" / "real.txt", tmp_path / "link.txt", tmp_path / "further.txt"
    real.parent.mkdir()
    real.write_text("old")
    link.symlink_to("data/real.txt")
    further.symlink_to(link)
    write_atomically(further, ["new"])
    assert real.read_text() == "new"
    assert link.is_symlink() and further.is_symlink() and names_in(real.parent) == ["real.txt"]


def test_a_dangling_link_gets_its_target(tmp_path):
    link = tmp_path / "link.txt"
    link.symlink_to("real.txt")
    write_atomically(link, ["new"])
    assert link.is_symlink() and (tmp_path / "real.txt").read_text() == "new"


def test_links_in_a_circle_are_refused(tmp_path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(OSError, match="symbolic links"):
        write_atomically(tmp_path / "a", ["new"])
    assert (tmp_path / "a").is_symlink() and (tmp_path / "b").is_symlink()


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o755])
def test_a_file_that_is_replaced_keeps_its_mode(tmp_path, mask, mode):
    path = tmp_path / "out.txt"
    path.write_text("old")
    path.chmod(mode)
    write_atomically(path, ["new"])
    assert (path.read_text(), mode_of(path)) == ("new", mode)


def test_a_new_file_has_the_mode_of_new_files(tmp_path, mask):
    write_atomically(tmp_path / "out.txt", ["new"])
    assert mode_of(tmp_path / "out.txt") == mask


def test_nobody_else_reads_what_will_be_private_while_it_is_written(tmp_path, mask):
    path = tmp_path / "out.txt"
    path.write_text("old")
    path.chmod(0o600)

    def parts():
        yield "secret"
        assert {mode_of(one) for one in tmp_path.iterdir()} == {0o600}

    write_atomically(path, parts())


@pytest.mark.skipif(os.name == "posix" and os.geteuid() == 0, reason="nothing is write-protected from root")
def test_a_write_protected_file_is_not_replaced(tmp_path):
    path = tmp_path / "out.txt"
    path.write_text("old")
    path.chmod(0o444)
    with pytest.raises(PermissionError, match=r"out\.txt"):
        write_atomically(path, ["new"])
    assert path.read_text() == "old"


def test_the_reader_of_a_named_pipe_gets_it_all(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text(encoding="utf-8")))
    reader.start()
    write_atomically(pipe, ["Grüße\n"] * 3)
    reader.join()
    assert read == ["Grüße\n" * 3]
    assert stat.S_ISFIFO(pipe.stat().st_mode) and names_in(tmp_path) == ["pipe"]


def test_a_device_stays_one(tmp_path):
    (tmp_path / "link").symlink_to(os.devnull)
    for path in (os.devnull, tmp_path / "link"):
        write_atomically(path, ["new"])
        assert is_stream(path) and stat.S_ISCHR(os.stat(os.devnull).st_mode)  # noqa: PTH116


@pytest.mark.skipif(not os.path.isdir("/dev/fd"), reason="no /dev/fd")  # noqa: PTH112
def test_an_open_file_is_written_to_where_it_stands(tmp_path):
    """As `/dev/stdout` is after a redirection."""
    with (tmp_path / "out.txt").open("wb", buffering=0) as file:
        (tmp_path / "link").symlink_to(f"/dev/fd/{file.fileno()}")
        for number, path in enumerate((f"/dev/fd/{file.fileno()}", tmp_path / "link")):
            file.write(b"before ")
            assert is_stream(path)
            write_atomically(path, [f"{number} "])
        file.write(b"after")
    assert (tmp_path / "out.txt").read_text() == "before 0 before 1 after"


@pytest.mark.parametrize("name", ["x" * 255, "ü" * 127, "語" * 85, "x" * 234])
def test_a_name_may_be_as_long_as_names_may_be(tmp_path, name):
    for content in ("one", "two"):
        write_atomically(tmp_path / name, [content])
        assert (tmp_path / name).read_text() == content
    assert names_in(tmp_path) == [name]


def test_shortened_hidden_names_differ_as_the_whole_names_do(tmp_path):
    names = {hidden_beside(tmp_path / ("x" * 250 + last), "unfinished.json").name for last in "ab"}
    assert len(names) == 2 and all(len(name) <= 255 and name.endswith(".unfinished.json") for name in names)
    assert hidden_beside(tmp_path / "found.jsonl", "unfinished").name == ".found.jsonl.unfinished"


def test_a_complete_file_gets_over_into_another_file_system(tmp_path, monkeypatch):
    new, target = tmp_path / "new", tmp_path / "target"
    new.write_text("new")
    target.write_text("old")
    target.chmod(0o640)
    replace = type(new).replace

    def as_between_disks(path, other):
        if path == new:
            raise OSError(18, "Invalid cross-device link")
        return replace(path, other)

    monkeypatch.setattr(type(new), "replace", as_between_disks)
    put_in_place(new, target)
    assert (names_in(tmp_path), target.read_text(), mode_of(target)) == (["target"], "new", 0o640)


def test_a_target_need_not_be_there(tmp_path):
    assert real_target(tmp_path / "a" / "b") == (tmp_path / "a" / "b").resolve()
    assert not is_stream(tmp_path / "a") and not is_stream(tmp_path)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no full device")  # noqa: PTH110
def test_a_full_disk_is_told_with_the_name_of_what_is_written(tmp_path):
    with pytest.raises(OSError, match=r"No space left on device: '/dev/full'$"):
        write_atomically("/dev/full", ["new"])
    full = open_named("/dev/full", "wb", "found.jsonl")
    with pytest.raises(OSError, match=r"No space left on device: 'found.jsonl'$"), full as stream:
        stream.write(b"held back until it is closed")
    beside = tmp_path / "beside"
    with open_named(beside, "a+b", "found.jsonl") as stream:
        stream.write(b"one\ntwo\n")
        stream.seek(0)
        assert stream.readline() == b"one\n"
        stream.truncate(stream.tell())
    assert beside.read_bytes() == b"one\n"
