"""Data sets on the Hugging Face Hub."""

from __future__ import annotations

import re
from pathlib import Path

from huggingface_hub import hf_hub_download, try_to_load_from_cache
from huggingface_hub.errors import EntryNotFoundError, HFValidationError, LocalEntryNotFoundError
from huggingface_hub.utils import validate_repo_id

from .schema import TypeSchema
from .sources import DatasetError, Origin, Source, described, row_readers

TYPES_FILE = "types.json"
_COMMIT = re.compile(r"[0-9a-f]{40}")


def is_hub_id(dataset: str) -> bool:
    """Return whether a string has the form of a repository's id on the Hub."""
    try:
        validate_repo_id(dataset)
    except HFValidationError:
        return False
    return True


def open_hub_dataset(
    dataset: str,
    *,
    data_dir: str | None = None,
    config_name: str | None = None,
    token: str | None = None,
    revision: str | None = None,
    read_types: bool = True,
) -> Source:
    """Load a data set from the Hub, with the types of its ``types.json`` if it has that file.

    Args:
        dataset: The repository's id.
        data_dir: The folder in the repository that has the data.
        config_name: One of the data set's configurations.
        token: A token for private repositories.
        revision: A branch, tag or commit.
        read_types: Whether to look for the types file.

    Raises:
        DatasetError: If the data set can't be loaded.
        SchemaError: If its types file is not valid.
    """
    import datasets  # takes seconds, and other sources of documents do not need it

    try:
        builder = datasets.load_dataset_builder(dataset, config_name, data_dir=data_dir, revision=revision, token=token)
        builder.download_and_prepare()
        splits = builder.as_dataset()
    except Exception as error:  # datasets, the Hub's client, the network and the disk each have their own
        raise DatasetError(
            f"{dataset}: no file or folder of this name here, and not loaded from the Hub: {described(error)}"
        ) from error
    readers = row_readers(dataset, splits)
    types = _types_file(dataset, token, revision) if read_types else None
    # `datasets` knows the commit unless the data set is a script.
    commit = builder.hash if _COMMIT.fullmatch(builder.hash or "") else revision
    origin = Origin("hub", config_name or builder.config.name, commit)
    return Source(dataset, TypeSchema.from_file(types) if types else None, readers, origin)


def _types_file(dataset: str, token: str | None, revision: str | None) -> Path | None:
    """Return the path of the repository's types file, None if it has none.

    Raises:
        DatasetError: If that is unknown because the Hub can't be reached.
    """
    try:
        return Path(hf_hub_download(dataset, TYPES_FILE, repo_type="dataset", token=token, revision=revision))
    except LocalEntryNotFoundError as error:
        cached = try_to_load_from_cache(dataset, TYPES_FILE, repo_type="dataset", revision=revision)
        if cached is not None and not isinstance(cached, str):  # the cache records that there is no such file
            return None
        # With types from the documents instead, indices might differ from those of an earlier run.
        raise DatasetError(
            f"{dataset}: whether it has a {TYPES_FILE} cannot be looked up: {described(error)}; name a types file"
        ) from error
    except EntryNotFoundError:
        return None
    except Exception as error:  # the Hub's client, the network and the disk each have their own
        raise DatasetError(f"{dataset}: {TYPES_FILE} not loaded from the Hub: {described(error)}") from error
