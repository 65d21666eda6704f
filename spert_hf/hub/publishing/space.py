"""Publishing of the demo with a model on the Hub: as a Gradio Space, or as a static one that runs in browsers."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Sequence
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

from ...encoders import check_folder_or_id
from ...files.new_folder import new_folder
from ...model.configuration_spert import SpertConfig
from ...model.messages import must_be
from ...onnx.record import FOLDER, RECORD_FILE, read_record
from ...resources import shipped_folder
from ..browser.staging import check_export, find_export, stage_browser
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
    if check_model(model, token):
        logger.info("%s is private: give the Space a secret HF_TOKEN that may read it", model)
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


def publish_static_space(
    repo_id: str,
    model: str,
    *,
    dtypes: Sequence[str] | None = None,
    token: str | None = None,
    private: bool = False,
    dry_run: bool = False,
) -> str:
    """Upload the demo that runs in browsers, without a server, in one commit.

    Args:
        repo_id: `USER/NAME` on the Hub; created if it does not exist.
        model: Hub id of a public model with what `spert-hf export` writes, which the page loads from there; or a folder
            with it, whose files are uploaded with the page.
        dtypes: With a folder: the dtypes that are uploaded, of those exported; default: `int8`, or else `float32`.
        token: For the Hub; default: that of `hf auth login`.
        private: Whether to create a private repository.
        dry_run: Build and check everything, and list the files; nothing is uploaded, and no token is needed.

    Returns:
        The URL of the Space.

    Raises:
        ValueError: There is no such export, or not in these dtypes, or browsers can't read it; npm's registry can't
            be reached; the repository's name is invalid, or it is public although `private` is set. Nothing is
            uploaded.
        PublishingError: The Hub refuses the upload or can't be reached. The main branch is unchanged.
        CheckpointError: The export is damaged.
    """
    checked_repo_id(repo_id)
    with TemporaryDirectory() as scratch:
        staged = Path(scratch) / "space"
        _stage_static(staged, model, dtypes, token)
        with open_repository(
            repo_id, "space", token=token, private=private, dry_run=dry_run, space_sdk="static"
        ) as repository:
            repository.upload(staged, "Upload SpERT demo", replaced=["spert/*", "view/*", "vendor/*", "model/*"])
    return repository.url


def build_static_space(
    output: str | Path, model: str, *, dtypes: Sequence[str] | None = None, token: str | None = None
) -> None:
    """Write the files of [`publish_static_space`] to a folder, for any web server.

    Args:
        output: A new or empty folder.
        model: As there.
        dtypes: As there.
        token: As there.

    Raises:
        ValueError, CheckpointError: As there.
        FileExistsError: The folder has files in it.
    """
    with new_folder(output) as unfinished, TemporaryDirectory() as scratch:
        staged = Path(scratch) / "space"
        _stage_static(staged, model, dtypes, token)
        shutil.copytree(staged, unfinished, dirs_exist_ok=True)


def _stage_static(staged: Path, model: str, dtypes: Sequence[str] | None, token: str | None) -> None:
    check_folder_or_id("model", model)
    folder = shipped_folder(SPACE_FOLDER)
    endpoint = HfApi().endpoint
    if Path(model).is_dir():
        stage_browser(folder, staged, find_export(Path(model)), endpoint, dtypes)
        return
    if dtypes is not None:
        raise ValueError(must_be("dtype", "given with the folder of a model only", f"{model!r}, of the Hub"))
    if check_model(model, token):
        raise _no_model(model, "a private one, which a page can't load: give its folder to upload it with the page")
    try:
        record = HfApi(token=token).hf_hub_download(model, f"{FOLDER}/{RECORD_FILE}")
    except EntryNotFoundError as error:
        raise _no_model(model, f"which has no {FOLDER}/{RECORD_FILE} (`spert-hf export`)") from error
    except (HTTPError, HfHubHTTPError, OSError) as error:
        raise ValueError(f"model: {model!r} can't be looked up: {error}") from error
    check_export(read_record(Path(record).parent), model)
    stage_browser(folder, staged, model, endpoint)


def _no_model(given: str, because: str) -> ValueError:
    """Make the error for an invalid model name."""
    allowed = "the name of a SpERT model on the Hub, such as USER/NAME"
    return ValueError(must_be("model", allowed, f"{given!r}, {because}"))


def check_model(model: str, token: str | None = None) -> bool:
    """Check that there is a SpERT model of this name on the Hub; return whether it is private.

    Raises:
        ValueError: There is none.
    """
    if Path(model).exists():
        raise _no_model(model, "a folder here (`spert-hf publish model` uploads it)")
    api = HfApi(token=token)
    try:
        config = json.loads(Path(api.hf_hub_download(model, "config.json")).read_text(encoding="utf-8"))
        is_private = bool(api.model_info(model).private)
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
    return is_private


def _set_model(repository: Repository, model: str) -> None:
    """Set the Space's variable, unless it is already set, as a Space restarts when a variable changes."""
    there = repository.api.get_space_variables(repository.id).get(MODEL_VARIABLE)
    if there is None or there.value != model:
        repository.api.add_space_variable(
            repository.id, MODEL_VARIABLE, model, description="SpERT model on the Hub that the demo uses"
        )
