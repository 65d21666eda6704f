"""Publishing of a data set: Parquet files for any version of `datasets`, and the loading script that built them."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from ...data.named_datasets import dataset_folder
from ...data.script_dataset import find_script
from ...data.sources import DatasetError, existing_folder
from ...model.messages import must_be
from ..dataset_card import SCRIPT_BRANCH, read_card
from ..dataset_staging import build_configurations, build_folder, stage_data, stage_script
from .repository import checked_repo_id, open_repository


def publish_dataset(
    dataset: str | Path,
    repo_id: str,
    *,
    data_dir: str | Path | None = None,
    token: str | None = None,
    private: bool = False,
    dry_run: bool = False,
) -> str:
    """Upload all configurations of a data set as Parquet, with its card, and its loading script on a branch.

    The script is uploaded first and the main branch last, each in one commit: if the upload fails, the main branch,
    which is loaded by default, is unchanged.

    Args:
        dataset: The name of a data set in the package, or a folder with a card, `README.md`, and a loading script with
            the name of the folder, or train, dev and test files.
        repo_id: `USER/NAME` on the Hub; created if it does not exist.
        data_dir: A folder with local copies of the sources, instead of downloading them.
        token: For the Hub; default: that of `hf auth login`.
        private: Whether to create a private repository.
        dry_run: Build and check everything, and list the files; nothing is uploaded, and no token is needed.

    Returns:
        The URL of the repository.

    Raises:
        ValueError: The data set has no card, can't be built, or would not load as it was built; the repository's name
            is invalid, or it is public although `private` is set. Nothing is uploaded.
        PublishingError: The Hub refuses the upload or can't be reached.
    """
    repo_id = checked_repo_id(repo_id)
    folder = _folder_of(dataset)
    card = read_card(folder)
    script = find_script(folder)
    if script is not None:
        built = build_configurations(script, None if data_dir is None else existing_folder(data_dir), token)
    elif data_dir is None:
        built = [build_folder(folder)]
    else:
        raise DatasetError(must_be("data_dir", f"left out, as {folder} has no loading script", repr(str(data_dir))))
    with TemporaryDirectory() as scratch:
        data, code = Path(scratch) / "data", Path(scratch) / "script"
        stage_data(built, card, repo_id, data, with_script=script is not None)
        if script is not None:
            stage_script(script, card, repo_id, code)
        with open_repository(repo_id, "dataset", token=token, private=private, dry_run=dry_run) as repository:
            if script is not None:
                repository.upload(code, "Upload loading script", branch=SCRIPT_BRANCH, replaced=["*"])
            repository.upload(data, "Upload data set", replaced=["data/*"])
    return repository.url


def _folder_of(dataset: str | Path) -> Path:
    folder = Path(dataset_folder(str(dataset))).expanduser()
    if not folder.is_dir():
        raise DatasetError(
            must_be(
                "dataset",
                "the name of a data set of this package, or a folder with a loading script or with train, dev and "
                "test files",
                repr(str(dataset)),
            )
        )
    return folder
