"""Uploading a trained model to the Hub: checked first, in one commit, and so that a failure can simply be repeated."""

from pathlib import Path
from tempfile import TemporaryDirectory

from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError, HTTPError

from .model_card import CardSource, place_model_card
from .staging import StagedCheckpoint, stage_checkpoint


class PublishingError(OSError):
    """The Hub refused an upload, or could not be reached; the message says what is there now."""


def publish_model(
    folder: str | Path,
    repo_id: str | None,
    token: str | None = None,
    private: bool = False,
    card: str | Path | None = None,
) -> str:
    """Upload a checkpoint with its tokenizer and its code, as one commit; nothing of the folder is changed.

    What goes up: config, weights, tokenizer, the code of config, model and pipeline, `training_run.json` if there is
    one, and a card. The card is the first of these that there is:

    1. one made from the source `card`;
    2. the folder's `README.md`, if a person wrote or changed it;
    3. the repository's, if a person wrote or changed it;
    4. one made anew, from the source that this package has for models of the data set that was trained on, if any.

    So a card that was written by hand is never lost to one that was not, and one that was generated is always that of
    the weights beside it. Generated cards carry a seal with their digest; who changes one breaks it.

    Args:
        folder: with config, weights and tokenizer.
        repo_id: repository on the Hub; made if it does not exist.
        token: of the Hub; by default that of `hf auth login`.
        private: make a new repository private.
        card: a Markdown file to make the card from; see [`CardSource`].

    Returns:
        The repository's address.

    Raises:
        ValueError: if no repository is named, it is public and should be private, `card` can't be read, or the folder
            holds no checkpoint that loads and predicts; nothing is uploaded then.
        PublishingError: if the Hub refuses or can't be reached. The main branch stays as it was.
    """
    if not repo_id:
        raise ValueError("hub_model_id: given none, allowed the name of a repository such as USER/NAME")
    source = CardSource.from_file(card) if card else None
    with TemporaryDirectory() as scratch:
        # The name is always the same, so that transformers' copy of the code for the check is, too.
        staged = stage_checkpoint(Path(folder), Path(scratch) / "checkpoint")
        return _upload(staged, repo_id, HfApi(token=token), private, source)


def _upload(staged: StagedCheckpoint, repo_id: str, api: HfApi, private: bool, source: CardSource | None) -> str:
    """Upload all of a folder as one commit."""
    before = None
    try:
        url = api.create_repo(repo_id, private=private, exist_ok=True)
        repo_id = url.repo_id
        there = api.repo_info(repo_id)
        if private and there.private is False:
            raise ValueError(f"{repo_id}: is a public repository, asked for a private one; nothing was uploaded")
        before = there.sha
        place_model_card(staged, repo_id, source, api)
        api.upload_folder(repo_id=repo_id, folder_path=staged.folder, commit_message="Upload SpERT model")
    except (HTTPError, OSError, RuntimeError) as error:  # huggingface_hub wraps what breaks off an upload
        state = _state_after_failure(api, repo_id, before)
        raise PublishingError(f"{repo_id}: upload failed ({_in_one_line(error)}); {state}") from error
    return str(url)


def _state_after_failure(api: HfApi, repo_id: str, before: str | None) -> str:
    """Say what the main branch is now; an answer that was lost may hide a commit that went through."""
    if before is None:
        return "nothing was changed; the same command can be run again"
    try:
        now = api.repo_info(repo_id).sha
    except (HTTPError, OSError):
        return "whether its main branch has changed can't be told now; the same command can be run again"
    if now == before:
        return "its main branch is as before; the same command can be run again"
    return f"its main branch has changed from {before} to {now}: look there before running the command again"


def _in_one_line(error: BaseException) -> str:
    if isinstance(error, RuntimeError) and error.__cause__ is not None:
        return _in_one_line(error.__cause__)
    if isinstance(error, HfHubHTTPError):
        reason = error.server_message or error.response.reason_phrase
        return " ".join(f"{error.response.status_code} {reason}".split())
    return " ".join(str(error).split()) or type(error).__name__
