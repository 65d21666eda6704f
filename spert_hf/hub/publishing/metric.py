"""Publishing of the metric as a Space for `evaluate.load`."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import evaluate

from ...resources import package_folder
from .repository import checked_repo_id, open_repository

_FOLDER = "evaluation/spert_metric"
_SCRIPT = "spert_metric.py"
_NAME_IN_TEXTS = "USER/spert_metric"
_RECORD = {
    "tokens": ["Ada", "works", "for", "Acme"],
    "entities": [{"type": "Person", "start": 0, "end": 1}, {"type": "Company", "start": 3, "end": 4}],
    "relations": [{"type": "Works_For", "head": 0, "tail": 1}],
}


def publish_metric(repo_id: str, *, token: str | None = None, private: bool = False, dry_run: bool = False) -> str:
    """Upload the metric to a static Space in one commit, for `evaluate.load(repo_id)`.

    Args:
        repo_id: `USER/NAME` on the Hub; created if it does not exist.
        token: For the Hub; default: that of `hf auth login`.
        private: Whether to create a private repository. (`evaluate` uses the token of `hf auth login` to load it.)
        dry_run: Build and check everything, and list the files; nothing is uploaded, and no token is needed.

    Returns:
        The URL of the Space.

    Raises:
        ValueError: The repository's name is invalid, it is public although `private` is set, or the copied metric does
            not load and compute scores. Nothing is uploaded.
        PublishingError: The Hub refuses the upload or can't be reached. The main branch is unchanged.
    """
    name = checked_repo_id(repo_id).rpartition("/")[2]
    with TemporaryDirectory() as scratch:
        staged = Path(scratch) / name
        _stage(repo_id, staged)
        with open_repository(
            repo_id, "space", token=token, private=private, dry_run=dry_run, space_sdk="static"
        ) as repository:
            repository.upload(staged, "Upload SpERT metric")
    return repository.url


def _stage(repo_id: str, staged: Path) -> None:
    """Copy the metric with the script named after the repository, as `evaluate` expects, and test it."""
    shutil.copytree(package_folder() / _FOLDER, staged, ignore=shutil.ignore_patterns("__pycache__"))
    (staged / _SCRIPT).rename(staged / f"{staged.name}.py")
    for text in ("README.md", "index.html"):
        content = (staged / text).read_text(encoding="utf-8")
        (staged / text).write_text(content.replace(_NAME_IN_TEXTS, repo_id), encoding="utf-8")
    try:
        scores = evaluate.load(str(staged)).compute(predictions=[_RECORD], references=[_RECORD])
    except Exception as error:  # the copy may raise anything
        raise ValueError(f"the metric does not load, so it is not published: {error}") from error
    if scores["rel_plus_f1"] != 100:
        raise ValueError(f"the metric scores a right prediction {scores['rel_plus_f1']}, so it is not published")
