"""Pushing a whole checkpoint to the Hub: weights, config, code, tokenizer and card, in one commit."""

from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from huggingface_hub import CommitInfo, HfApi
from huggingface_hub.errors import RemoteEntryNotFoundError
from transformers import AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from .card_spert import is_generated, make_card, sealed
from .configuration_spert import SpertConfig

CARD_FILE = "README.md"
_SOURCE_OPTIONS = ("revision", "token", "cache_dir", "subfolder", "local_files_only")


def push_checkpoint(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    repo_id: str,
    *,
    commit_message: str | None = None,
    commit_description: str | None = None,
    private: bool | None = None,
    token: bool | str | None = None,
    revision: str | None = None,
    create_pr: bool = False,
    max_shard_size: int | str = "50GB",
    tags: Iterable[str] = (),
) -> CommitInfo:
    """Upload a model with its code, its tokenizer and a card; arguments as those of transformers' `push_to_hub`.

    A card that somebody has written, or changed, in the repository stays as it is.
    """
    api = HfApi(token=token)
    with TemporaryDirectory() as folder:
        model.save_pretrained(folder, max_shard_size=max_shard_size)
        tokenizer.save_pretrained(folder)
        repo_id = api.create_repo(repo_id, private=private, exist_ok=True).repo_id
        if revision is not None and not revision.startswith("refs/pr"):
            api.create_branch(repo_id, branch=revision, exist_ok=True)
        if not has_own_card(api, repo_id, revision):
            card = make_card(cast(SpertConfig, model.config), repo_id, tags)
            (Path(folder) / CARD_FILE).write_text(sealed(card), encoding="utf-8", newline="\n")
        return api.upload_folder(
            repo_id=repo_id,
            folder_path=folder,
            commit_message=commit_message or f"Upload {type(model).__name__}",
            commit_description=commit_description,
            revision=revision,
            create_pr=create_pr,
        )


def has_own_card(api: HfApi, repo_id: str, revision: str | None = None) -> bool:
    """Whether a repository has a card that is not a generated one, and so must not be written over."""
    try:
        card = api.hf_hub_download(repo_id, CARD_FILE, revision=revision)
    except RemoteEntryNotFoundError:
        return False
    return not is_generated_file(Path(card))


def is_generated_file(card: Path) -> bool:
    """Whether a file holds a generated card, as it was written."""
    return is_generated(card.read_text(encoding="utf-8", errors="replace"))


def find_tokenizer(model: Any, token: bool | str | None = None) -> PreTrainedTokenizerBase:
    """Load the tokenizer from where a [`SpertModel`] came from, or else from where its encoder came from.

    Raises:
        ValueError: if there is none.
    """
    encoder, options = model.encoder_source
    sources = {
        # With a config given, transformers reads none, and asks for no trust in the code that a checkpoint's names.
        model.name_or_path: {"config": model.config},
        model.config.encoder_config.name_or_path: {},
        encoder: {name: value for name, value in options.items() if name in _SOURCE_OPTIONS},
    }
    sources.pop("", None)
    for source, source_options in sources.items():
        try:
            return AutoTokenizer.from_pretrained(
                source, **{"token": token, "trust_remote_code": False} | source_options
            )
        except (OSError, ValueError):  # nothing there, or nothing that is a tokenizer
            continue
    found = f"there is none at {' nor '.join(map(repr, sources))}"
    reason = found if sources else "the model was neither loaded nor made with from_encoder"
    raise ValueError(f"tokenizer: given none, and {reason}; give push_to_hub(…, tokenizer=…)")
