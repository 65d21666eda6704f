"""Code of a data set is run only where its folder is named."""

import pytest

from spert_hf.data.loading import load_splits
from tests.support.documents import make_dataset_folder


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
