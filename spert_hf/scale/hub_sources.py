"""The files of data sets on the Hub, as `datasets` finds them, at the commit that is current."""

from __future__ import annotations

from ..data.faults import list_names
from ..data.sources import DatasetError, described
from ..model.messages import must_be
from .stores import StoredFile, look_at


def hub_files(
    dataset: str, split: str | None, config_name: str | None, token: str | None
) -> list[tuple[StoredFile, str]]:
    """The files of a data set's splits, which are read from the Hub only when they are extracted from.

    Args:
        dataset: The repository's name.
        split: One of its splits; default: all.
        config_name: One of its configurations; default: the only or default one.
        token: For private repositories.

    Returns:
        Each file with its path in the repository.

    Raises:
        DatasetError: The data set cannot be looked up, or has no such split.
    """
    import datasets  # takes seconds

    try:
        builder = datasets.load_dataset_builder(dataset, config_name, token=token)
        by_split = builder.config.data_files or {}
    except Exception as error:  # datasets, the Hub's client, the network and the disk each have their own
        message = f"{dataset}: no file or folder of this name here, and not found on the Hub: {described(error)}"
        raise DatasetError(message) from error
    if split is not None and split not in by_split:
        raise DatasetError(must_be(f"{dataset}: split", f"one of {list_names(list(map(str, by_split)))}", repr(split)))
    urls = dict.fromkeys(str(url) for name, files in by_split.items() if split in (None, name) for url in files)
    found = []
    for url in urls:
        file = look_at(url, token)
        if file is None:
            raise DatasetError(f"{dataset}: {url} is not on the Hub")
        found.append((file, url.partition("@")[2].partition("/")[2]))
    return found
