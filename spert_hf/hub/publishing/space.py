"""Publishing of the demo as a Gradio Space with a model on the Hub."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from tempfile import TemporaryDirectory

from huggingface_hub import HfApi
from huggingface_hub.errors import (
    EntryNotFoundError,
    HfHubHTTPError,
    HTTPError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
)

from ...model.configuration_spert import SpertConfig
from ...model.messages import must_be
from ...resources import shipped_folder
from ..space_staging import stage_space
from .repository import Repository, checked_repo_id, open_repository

SPACE_FOLDER = "space"
MODEL_VARIABLE = "SPERT_MODEL"

logger = logging.getLogger(__name__)


def publish_space(
    repo_id: str,
    model: str,
    *,
    token: str | None = None,
    private: bool = False,
    dry_run: bool = False,
    folder: str | Path | None = None,
) -> str:
    """Upload the demo with this package in one commit, set to use a model on the Hub.

    The Space's variable `SPERT_MODEL` is set first: if the upload fails afterwards, the previous version of the demo
    runs with the new model, and its main branch is unchanged.

    Args:
        repo_id: `USER/NAME` on the Hub; created if it does not exist.
        model: Hub id of a SpERT model. A private one needs a secret `HF_TOKEN` in the Space's settings.
        token: For the Hub; default: that of `hf auth login`.
        private: Whether to create a private repository.
        dry_run: Build and check everything, and list the files; nothing is uploaded, and no token is needed.
        folder: The demo's files; default: those in the package.

    Returns:
        The URL of the Space.

    Raises:
        ValueError: The model is not a SpERT model on the Hub; the demo does not start; the repository's name is
            invalid, or it is public although `private` is set. Nothing is uploaded.
        PublishingError: The Hub refuses the upload or can't be reached.
    """
    checked_repo_id(repo_id)
    check_model(model, token)
    with TemporaryDirectory() as scratch:
        staged = Path(scratch) / "space"
        logger.info("building the demo with %s", model)
        stage_space(shipped_folder(SPACE_FOLDER) if folder is None else Path(folder), staged, model, token)
        variable = {"key": MODEL_VARIABLE, "value": model}
        with open_repository(
            repo_id,
            "space",
            token=token,
            private=private,
            dry_run=dry_run,
            space_sdk="gradio",
            space_variables=[variable],
        ) as repository:
            if not dry_run:
                _set_model(repository, model)
            repository.upload(staged, "Upload SpERT demo", replaced=["spert_hf/*"])
    return repository.url


def _no_model(given: str, because: str) -> ValueError:
    """Make the error for an invalid model name."""
    allowed = "the name of a SpERT model on the Hub, such as USER/NAME"
    return ValueError(must_be("model", allowed, f"{given!r}, {because}"))


def check_model(model: str, token: str | None = None) -> None:
    """Check that there is a SpERT model of this name on the Hub.

    Raises:
        ValueError: There is none.
    """
    if Path(model).exists():
        raise _no_model(model, "a folder here (`spert-hf publish model` uploads it)")
    api = HfApi(token=token)
    try:
        config = json.loads(Path(api.hf_hub_download(model, "config.json")).read_text(encoding="utf-8"))
        is_private = api.model_info(model).private
    except RepositoryNotFoundError as error:
        raise _no_model(model, "which the Hub does not have or does not show") from error
    except LocalEntryNotFoundError as error:  # a subclass of EntryNotFoundError, raised if the Hub can't be reached
        raise ValueError(f"model: {model!r} can't be looked up: {error}") from error
    except EntryNotFoundError as error:
        raise _no_model(model, "which has no config.json") from error
    except (HTTPError, HfHubHTTPError, OSError) as error:
        raise ValueError(f"model: {model!r} can't be looked up: {error}") from error
    found = config.get("model_type")
    if found != SpertConfig.model_type:
        raise _no_model(model, f"a {found} model")
    if is_private:
        logger.info("%s is private: give the Space a secret HF_TOKEN that may read it", model)


def _set_model(repository: Repository, model: str) -> None:
    """Set the Space's variable, unless it is already set, as a Space restarts when a variable changes."""
    there = repository.api.get_space_variables(repository.id).get(MODEL_VARIABLE)
    if there is None or there.value != model:
        repository.api.add_space_variable(
            repository.id, MODEL_VARIABLE, model, description="SpERT model on the Hub that the demo uses"
        )
