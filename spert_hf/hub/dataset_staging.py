"""Stage a data set for publication: Parquet files, card and loading script, checked to load as they were built."""

from __future__ import annotations

import logging
import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import datasets
from huggingface_hub import DatasetCard

from ..data.documents import Document
from ..data.hub_dataset import TYPES_FILE
from ..data.loading import load_splits
from ..data.schema import TypeSchema
from ..data.script_dataset import BuiltConfiguration, build_script, configuration_names
from .dataset_card import published_card
from .parquet_files import Part, share_rows, write_parquet

FEATURES = datasets.Features(
    {
        "tokens": datasets.List(datasets.Value("string")),
        "entities": datasets.List(
            {"type": datasets.Value("string"), "start": datasets.Value("int32"), "end": datasets.Value("int32")}
        ),
        "relations": datasets.List(
            {"type": datasets.Value("string"), "head": datasets.Value("int32"), "tail": datasets.Value("int32")}
        ),
        "orig_id": datasets.Value("string"),
    }
)
"""The features of data sets; those whose sentences are of documents have a `doc_id`, too."""

logger = logging.getLogger(__name__)


def build_configurations(script: Path, data_dir: Path | None, token: str | None) -> list[BuiltConfiguration]:
    """Build all configurations of a loading script.

    Args:
        script: The loading script.
        data_dir: A folder of data files, instead of downloading them.
        token: For downloads from the Hub.

    Returns:
        The configurations, the default one first.

    Raises:
        DatasetError: One of them cannot be built.
        ValueError: They do not have the same types.
    """
    names = configuration_names(script)
    built = []
    for number, name in enumerate(names, 1):
        logger.info("building %s, configuration %s (%d of %d)", script.stem, name, number, len(names))
        built.append(build_script(script, data_dir=data_dir, config_name=name, token=token))
        if built[-1].schema != built[0].schema:
            raise ValueError(f"{script}: configuration {name} must have the same types as {names[0]}, got others")
    return built


def build_folder(folder: Path) -> BuiltConfiguration:
    """Build the only configuration of a folder of train, dev and test files, without fields that SpERT does not use.

    Args:
        folder: The folder.

    Raises:
        DatasetError: There is no training file.
        DocumentError: The documents have faults; the error lists them all.
    """
    splits = load_splits(folder, dev_fraction=0)
    documents = {"train": splits.train, "validation": splits.dev, "test": splits.test}
    has_doc_ids = any(document.doc_id is not None for part in documents.values() for document in part)
    features = datasets.Features({**FEATURES, "doc_id": datasets.Value("string")}) if has_doc_ids else FEATURES
    rows = {split: [_row_of(document, features) for document in part] for split, part in documents.items() if part}
    sizes = datasets.SplitDict()
    for split, part in rows.items():
        sizes.add(datasets.SplitInfo(split, datasets.Dataset.from_list(part, features).data.nbytes, len(part)))
    info = datasets.DatasetInfo(
        features=features, splits=sizes, dataset_size=sum(size.num_bytes for size in sizes.values())
    )
    return BuiltConfiguration("default", info, rows, splits.schema)


def stage_data(
    built: Sequence[BuiltConfiguration], card: DatasetCard, repo_id: str, staged: Path, *, with_script: bool = True
) -> None:
    """Write the files of the main branch: Parquet files, types, and card.

    Args:
        built: The configurations, the default one first.
        card: The card of the data set's folder.
        repo_id: The repository.
        staged: A new folder for the files.
        with_script: Whether the repository will have a branch with the loading script, which the card then mentions.

    Raises:
        ValueError: What was written does not load as what was built.
    """
    shared = share_rows({(one.name, split): rows for one in built for split, rows in one.rows.items()})
    staged.mkdir()
    for path, rows in shared.files.items():
        write_parquet(staged / path, rows, built[0].info.features)
    assert built[0].schema is not None  # its types were read
    built[0].schema.save(staged / TYPES_FILE)
    infos = {one.name: _info_of(one, staged, shared.paths) for one in built}
    text = published_card(card, repo_id, infos, shared.paths, with_script=with_script)
    (staged / "README.md").write_text(text, encoding="utf-8")
    _check_loads(built, staged)


def stage_script(script: Path, card: DatasetCard, repo_id: str, staged: Path) -> None:
    """Write the files of the script's branch: those of its folder, the script renamed as `datasets` expects.

    Args:
        script: The loading script.
        card: The card of its folder.
        repo_id: The repository.
        staged: A new folder for the files.
    """
    ignored = shutil.ignore_patterns("__pycache__", ".*")
    shutil.copytree(script.parent, staged, ignore=ignored)
    (staged / script.name).rename(staged / f"{repo_id.rpartition('/')[2]}.py")
    (staged / "README.md").write_text(published_card(card, repo_id), encoding="utf-8")


def _row_of(document: Document, features: datasets.Features) -> dict[str, Any]:
    row = document.to_record() | {"orig_id": document.id, "doc_id": document.doc_id}
    return {name: row[name] for name in features}


def _info_of(built: BuiltConfiguration, staged: Path, paths: dict[Part, list[str]]) -> datasets.DatasetInfo:
    """The metadata of a configuration: features, counts, and bytes in memory and to download."""
    needed = {path for split in built.rows for path in paths[built.name, split]}
    splits = datasets.SplitDict()
    for one in built.info.splits.values():
        splits.add(datasets.SplitInfo(str(one.name), one.num_bytes, one.num_examples))
    return datasets.DatasetInfo(
        features=built.info.features,
        config_name=built.name,
        splits=splits,
        dataset_size=built.info.dataset_size,
        download_size=sum((staged / path).stat().st_size for path in needed),
    )


def _check_loads(built: Sequence[BuiltConfiguration], staged: Path) -> None:
    """Load each configuration as a user would, and compare splits, features, rows (in any order) and types."""
    if TypeSchema.from_file(staged / TYPES_FILE) != built[0].schema:
        raise ValueError(f"{TYPES_FILE} does not load as the types that were written, so nothing is published")
    for one in built:
        logger.info("checking configuration %s", one.name)
        with TemporaryDirectory() as cache_dir:
            loaded = datasets.load_dataset(str(staged), one.name, cache_dir=cache_dir)
            differing = _difference(one, loaded)
        if differing:
            raise ValueError(f"configuration {one.name}: {differing}: not loaded as built, so nothing is published")


def _difference(built: BuiltConfiguration, loaded: datasets.DatasetDict) -> str | None:
    """Name the first difference; `None` if there is none."""
    if set(loaded) != set(built.rows):
        return "splits"
    for split, rows in built.rows.items():
        if loaded[split].features != built.info.features:
            return f"features of split {split}"
        if Counter(map(repr, loaded[split].to_list())) != Counter(map(repr, rows)):
            return f"rows of split {split}"
    return None
