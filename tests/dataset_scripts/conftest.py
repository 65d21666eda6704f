"""What the tests of the loading scripts share."""

import datasets
import pytest

from tests.support.loading_scripts import serve


@pytest.fixture(autouse=True)
def own_caches(monkeypatch, tmp_path):
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.setattr(datasets.config, "DOWNLOADED_DATASETS_PATH", tmp_path / "cache" / "downloads")


@pytest.fixture
def server(monkeypatch, tmp_path):
    """The folder and the address of a server on this machine, which `datasets` may reach."""
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    folder = tmp_path / "served"
    folder.mkdir()
    with serve(folder) as address:
        yield folder, address
