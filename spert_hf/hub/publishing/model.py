"""Publishing a trained model: a checkpoint that was tried, by the code that goes up with it."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from ...model.messages import must_be
from ..model_card import CardSource, place_model_card
from ..staging import stage_checkpoint
from .repository import open_repository


def publish_model(
    folder: str | Path,
    repo_id: str | None,
    token: str | None = None,
    private: bool = False,
    card: str | Path | None = None,
    dry_run: bool = False,
) -> str:
    """Upload a checkpoint with its tokenizer and its code, as one commit; nothing of the folder is changed.

    What goes up: config, weights, tokenizer, the code of config, model and pipeline, `training_run.json` and a
    quantised encoder if there are, and a card. The card is the first of these that there is:

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
        dry_run: make and check all that would go up, and list it; nothing is sent, and no token is needed. Whether the
            repository has a card of its own, which would stay, is not looked up.

    Returns:
        The repository's address.

    Raises:
        ValueError: if no repository is named, it is public and should be private, `card` can't be read, or the folder
            holds no checkpoint that loads and predicts; nothing is uploaded then.
        PublishingError: if the Hub refuses or can't be reached. The main branch stays as it was.
    """
    if not repo_id:
        raise ValueError(must_be("hub_model_id", "the name of a repository, such as USER/NAME", "none"))
    source = CardSource.from_file(card) if card else None
    with TemporaryDirectory() as scratch:
        # The name is always the same, so that transformers' copy of the code for the check is, too.
        staged = stage_checkpoint(Path(folder), Path(scratch) / "checkpoint")
        with open_repository(repo_id, "model", token=token, private=private, dry_run=dry_run) as repository:
            place_model_card(staged, repository.id, source, None if dry_run else repository.api)
            repository.upload(staged.folder, "Upload SpERT model")
    return repository.url
