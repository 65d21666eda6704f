"""Code of a data set is run only where its folder is named."""

import pytest

from spert_hf.data.loading import load_splits
from tests.support.documents import make_dataset_folder


def test_a_loading_script_on_the_hub_is_not_run(seen):
    codes, said, files, hub = seen
    assert ("GET", "/api/datasets/ada/evil") in {(verb, path.partition("/revision/")[0]) for verb, path in hub.requests}
    assert codes[-1] == "DatasetError", codes
    assert "ada/evil: no file or folder of this name here, and not loaded from the Hub" in said
    assert "crater" not in {path.name for path in files}


@pytest.mark.parametrize("script", ["loader.py", "train.py", "__init__.py", "conftest.py"])
def test_scripts_in_a_folder_of_documents_are_not_run(tmp_path, script):
    folder = tmp_path / "letters"
    folder.mkdir()
    make_dataset_folder(folder)
    (folder / script).write_text(f"open({str(tmp_path / 'crater')!r}, 'w')")
    assert load_splits(folder).train
    assert not (tmp_path / "crater").exists()


def test_the_script_of_a_folder_that_is_named_is_run(tmp_path):
    """That is what it is there for; whoever names the folder asks for it."""
    folder = tmp_path / "letters"
    folder.mkdir()
    (folder / "letters.py").write_text(f"open({str(tmp_path / 'crater')!r}, 'w')")
    with pytest.raises(ValueError, match="must define one subclass"):
        load_splits(folder)
    assert (tmp_path / "crater").exists()
