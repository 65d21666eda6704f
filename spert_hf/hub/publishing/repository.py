"""Uploads to a repository of any kind, with errors that describe the state after a failure."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError, HTTPError
from huggingface_hub.utils import validate_repo_id

from ...model.messages import must_be

MAIN = "main"

logger = logging.getLogger(__name__)


class PublishingError(OSError):
    """The Hub refused an upload, or could not be reached; the message describes the state of the repository."""


@dataclass(frozen=True, slots=True)
class Repository:
    """An existing repository on the Hub with write access.

    Attributes:
        api: The client of the Hub, with the token.
        id: `USER/NAME`.
        kind: `model`, `dataset` or `space`.
        url: Its URL.
    """

    api: HfApi
    id: str
    kind: str
    url: str

    def upload(self, folder: Path, message: str, *, branch: str = MAIN, replaced: list[str] | None = None) -> None:
        """Upload a folder in one commit, unless the branch already has the same content.

        Args:
            folder: The folder.
            message: The commit message.
            branch: The branch; created from the main branch if it does not exist.
            replaced: Patterns of files to delete in the same commit if they are not in the folder.
        """
        logger.info("uploading to %s, branch %s", self.id, branch)
        if branch != MAIN:
            self.api.create_branch(self.id, branch=branch, repo_type=self.kind, exist_ok=True)
        self.api.upload_folder(
            repo_id=self.id,
            repo_type=self.kind,
            folder_path=folder,
            revision=branch,
            commit_message=message,
            delete_patterns=replaced,
        )

    def heads(self) -> dict[str, str]:
        """Return the latest commit of each branch."""
        branches = self.api.list_repo_refs(self.id, repo_type=self.kind).branches
        return {branch.name: branch.target_commit for branch in branches}


@dataclass(frozen=True, slots=True)
class NoRepository(Repository):
    """Replaces a repository in a dry run: files are listed instead of uploaded."""

    def upload(self, folder: Path, message: str, *, branch: str = MAIN, replaced: list[str] | None = None) -> None:
        """List all files of a folder, with their sizes."""
        files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
        size = _size(sum(path.stat().st_size for path in files))
        logger.info("to %s, branch %s: %d files, %s (%s)", self.id, branch, len(files), size.strip(), message)
        for path in files:
            logger.info("  %s  %s", _size(path.stat().st_size), path.relative_to(folder).as_posix())
        if replaced:
            logger.info("  (other files there that match %s would be deleted)", ", ".join(replaced))


def _size(count: int) -> str:
    """Format a number of bytes with a fixed width."""
    units = ("B", "kB", "MB", "GB")
    power = min((len(str(count)) - 1) // 3, len(units) - 1)
    return f"{count / 1_000**power:>5.{min(power, 1)}f} {units[power]:<2}"


def checked_repo_id(repo_id: str) -> str:
    """Check that a repository's name has an owner, as it is written to uploaded files.

    Raises:
        ValueError: It is not such a name.
    """
    validate_repo_id(repo_id)
    if "/" not in repo_id:
        raise ValueError(must_be("repo_id", f"a name with its owner, such as USER/{repo_id}", repr(repo_id)))
    return repo_id


@contextmanager
def open_repository(
    repo_id: str, kind: str, *, token: str | None = None, private: bool = False, dry_run: bool = False, **settings: Any
) -> Iterator[Repository]:
    """Create a repository if it does not exist; errors inside the block are raised with the resulting state.

    Args:
        repo_id: Its name; the default owner is that of the token.
        kind: `model`, `dataset` or `space`.
        token: For the Hub; default: that of `hf auth login`.
        private: Whether to create a private repository.
        dry_run: Whether to list files instead of uploading them; see [`NoRepository`].
        settings: Additional arguments of `create_repo`.

    Yields:
        The repository.

    Raises:
        ValueError: The name is invalid, or the repository is public although `private` is set; nothing was uploaded.
        PublishingError: The Hub refuses the upload or can't be reached.
    """
    api = HfApi(token=token)
    if dry_run:
        validate_repo_id(repo_id)
        place = {"dataset": "datasets/", "space": "spaces/"}.get(kind, "")
        yield NoRepository(api, repo_id, kind, f"{api.endpoint}/{place}{repo_id}")
        return
    repository, before = None, None
    try:
        url = api.create_repo(repo_id, repo_type=kind, private=private, exist_ok=True, **settings)
        repository = Repository(api, url.repo_id, kind, str(url))
        if private and api.repo_info(repository.id, repo_type=kind).private is False:
            raise ValueError(f"{repository.id} is public, but a private repository was asked for; nothing was uploaded")
        before = repository.heads()
        yield repository
    except (HTTPError, OSError, RuntimeError) as error:  # huggingface_hub wraps the errors of uploads
        state = _state_after_failure(repository, before)
        name = repository.id if repository else repo_id
        raise PublishingError(f"{name}: upload failed ({_in_one_line(error)}); {state}") from error


def _state_after_failure(repository: Repository | None, before: Mapping[str, str] | None) -> str:
    """Describe the state of the branches, as a commit may have succeeded although its response was lost."""
    if repository is None or before is None:
        return "nothing was changed; the same command can be run again"
    try:
        now = repository.heads()
    except (HTTPError, OSError):
        return "whether its main branch has changed is unknown; the same command can be run again"
    if now[MAIN] != before[MAIN]:
        return (
            f"its main branch has changed from {before[MAIN]} to {now[MAIN]}: look there before running the command "
            "again"
        )
    others = "".join(
        f", its branch {name} {'has changed' if name in before else 'is new'}"
        for name, commit in now.items()
        if before.get(name) != commit
    )
    return f"its main branch is as before{others}; the same command can be run again"


def _in_one_line(error: BaseException) -> str:
    if isinstance(error, RuntimeError) and error.__cause__ is not None:
        return _in_one_line(error.__cause__)
    if isinstance(error, HfHubHTTPError):
        reason = error.server_message or error.response.reason_phrase
        return " ".join(f"{error.response.status_code} {reason}".split())
    return " ".join(str(error).split()) or type(error).__name__
