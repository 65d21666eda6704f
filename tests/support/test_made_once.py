"""What takes long to make is made once."""

import pytest

from tests.support.made_once import made_once


class Factory:
    """That of a worker, whose folder lies in that of the run."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()

    def getbasetemp(self):
        return self.folder


def test_workers_share_what_one_has_made(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")
    calls = []

    def make(folder):
        calls.append(folder)
        assert [*folder.iterdir()] == []
        (folder / "file").touch()
        if len(calls) == 1:
            raise OSError("no space left")

    one, other = Factory(tmp_path / "gw0"), Factory(tmp_path / "gw1")
    with pytest.raises(OSError, match="no space left"):
        made_once(one, "thing", make)
    assert made_once(other, "thing", make) == made_once(one, "thing", make) == tmp_path / "thing"
    assert len(calls) == 2
