"""Publishing a trained model: a checkpoint that was tried, by the code that goes up with it."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from ..model_readme import write_readme
from ..staging import README_FILE, stage_checkpoint
from .repository import open_repository


def publish_model(folder: str | Path, repo_id: str | None, token: str | None = None, private: bool = False) -> str:
    """Upload a checkpoint with its tokenizer and its code, as one commit; nothing of the folder is changed.

    What goes up: config, weights, tokenizer, the code of config, model and pipeline, `training_run.json` if there is
    one, and the folder's `README.md`. Without one, and if the repository has none either, a short one is written.

    Args:
        folder: with config, weights and tokenizer.
        repo_id: repository on the Hub; made if it does not exist.
        token: of the Hub; by default that of `hf auth login`.
        private: make a new repository private.

    Returns:
        The repository's address.

    Raises:
        ValueError: if no repository is named, it is public and should be private, or the folder holds no checkpoint
            that loads and predicts; nothing is uploaded then.
        PublishingError: if the Hub refuses or can't be reached. The main branch stays as it was.
    """
    if not repo_id:
        raise ValueError("hub_model_id: given none, allowed the name of a repository such as USER/NAME")
    with TemporaryDirectory() as scratch:
        # The name is always the same, so that transformers' copy of the code for the check is, too.
        staged = Path(scratch) / "checkpoint"
        stage_checkpoint(Path(folder), staged)
        with open_repository(repo_id, "model", token=token, private=private) as repository:
            if not (staged / README_FILE).is_file() and not repository.api.file_exists(repository.id, README_FILE):
                write_readme(staged, repository.id)
            repository.upload(staged, "Upload SpERT model")
    return repository.url
