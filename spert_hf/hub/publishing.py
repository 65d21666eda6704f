"""Uploading a trained model to the Hub, in one commit."""

from pathlib import Path

from huggingface_hub import HfApi

NOT_UPLOADED = ["checkpoint-*", "checkpoint-*/**", ".*", ".*/**", "runs/**", "best/**"]


def publish_model(folder: str | Path, repo_id: str | None, token: str | None = None, private: bool = False) -> str:
    """Upload a checkpoint's folder, without what only training needs.

    Args:
        folder: with config, weights and tokenizer.
        repo_id: repository on the Hub; made if it does not exist.
        token: of the Hub; by default that of `hf auth login`.
        private: make a new repository private.

    Returns:
        The repository's address.

    Raises:
        ValueError: if the folder holds no checkpoint, or no repository is named.
    """
    folder = Path(folder)
    for needed in ("config.json", "model.safetensors", "tokenizer_config.json"):
        if not (folder / needed).is_file():
            raise ValueError(f"{folder}: has no {needed}; allowed the folder of a saved SpERT model")
    if not repo_id:
        raise ValueError("hub_model_id: given none, allowed the name of a repository such as USER/NAME")
    api = HfApi(token=token)
    url = api.create_repo(repo_id, private=private, exist_ok=True)
    api.upload_folder(
        repo_id=url.repo_id, folder_path=folder, ignore_patterns=NOT_UPLOADED, commit_message="Upload SpERT model"
    )
    return str(url)
