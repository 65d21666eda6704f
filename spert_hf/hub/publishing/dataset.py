"""Publishing a data set: Parquet that any version of `datasets` loads, and the script that it was built with."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from ...data.named_datasets import dataset_folder
from ...data.script_dataset import find_script
from ...data.sources import existing_folder
from ..dataset_card import SCRIPT_BRANCH, read_card
from ..dataset_staging import build_configurations, stage_data, stage_script
from .repository import checked_repo_id, open_repository


def publish_dataset(
    dataset: str | Path,
    repo_id: str,
    *,
    data_dir: str | Path | None = None,
    token: str | None = None,
    private: bool = False,
) -> str:
    """Upload all configurations of a data set as Parquet, with its card, and its loading script on a branch.

    The script goes up first and the main branch last, each as one commit: where the upload breaks off, the main branch,
    which all load from who name no other, is as it was.

    Args:
        dataset: The name of one that comes with the package, or a folder with a loading script of its own name and a
            card, `README.md`.
        repo_id: `USER/NAME` on the Hub; made if it does not exist.
        data_dir: A folder that the script reads in place of the network.
        token: Of the Hub; by default that of `hf auth login`.
        private: Make a new repository private.

    Returns:
        The repository's address.

    Raises:
        ValueError: The data set has no script or no card, cannot be built, or would not load as it was built; the
            repository's name is none, or it is public and should be private. Nothing is uploaded then.
        PublishingError: The Hub refuses or can't be reached.
    """
    repo_id = checked_repo_id(repo_id)
    script = _script_of(dataset)
    card = read_card(script.parent)
    folder = None if data_dir is None else existing_folder(data_dir)
    built = build_configurations(script, folder, token)
    with TemporaryDirectory() as scratch:
        data, code = Path(scratch) / "data", Path(scratch) / "script"
        stage_data(built, card, repo_id, data)
        stage_script(script, card, repo_id, code)
        with open_repository(repo_id, "dataset", token=token, private=private) as repository:
            repository.upload(code, "Upload loading script", branch=SCRIPT_BRANCH, replaced=["*"])
            repository.upload(data, "Upload data set", replaced=["data/*"])
    return repository.url


def _script_of(dataset: str | Path) -> Path:
    folder = Path(dataset_folder(str(dataset))).expanduser()
    script = find_script(folder) if folder.is_dir() else None
    if script is None:
        raise ValueError(
            f"dataset: given {str(dataset)!r}, allowed the name of a data set of this package, or a folder NAME with a "
            "loading script NAME.py"
        )
    return script
