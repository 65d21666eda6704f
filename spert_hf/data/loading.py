"""Loading of data sets: their types, and validated train, dev and test documents."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from os import PathLike, fspath
from pathlib import Path
from typing import cast

from ..model.messages import either, must_be
from .annotation_source import annotation_format, open_annotations
from .documents import SELF_RELATIONS, Document
from .faults import DocumentError, LocatedFault, list_names
from .folder_dataset import open_file, open_folder
from .formats import DOCUMENT_SUFFIXES
from .hub_dataset import is_hub_id, open_hub_dataset
from .in_memory import Documents, DocumentSource, check_source, is_in_memory, open_in_memory
from .named_datasets import dataset_folder
from .schema import TypeSchema
from .script_dataset import find_script, open_script
from .sources import DatasetError, Origin, Source, existing_folder


@dataclass(slots=True)
class Splits:
    """A data set: its types, its documents (``dev`` and ``test`` may be empty), its name and its origin.

    ``notes`` are lines that users should see, such as what was left out of an annotation tool's export.
    """

    schema: TypeSchema
    train: list[Document]
    dev: list[Document]
    test: list[Document]
    name: str
    origin: Origin = field(default_factory=Origin)
    notes: tuple[str, ...] = ()


SPLITS = ("train", "dev", "test")

DEV_FRACTION = 0.1
"""Share of the training documents for the dev split if there is none."""


def load_splits(
    dataset: DocumentSource,
    *,
    data_dir: str | Path | None = None,
    config_name: str | None = None,
    types: str | Path | TypeSchema | None = None,
    token: str | None = None,
    revision: str | None = None,
    dev_fraction: float = DEV_FRACTION,
    seed: int = 42,
    self_relations: str = "error",
) -> Splits:
    """Load a data set and validate all documents.

    Args:
        dataset: One of

            - a folder with a loading script of the same name (``quickstart/quickstart.py``), which is run, or the name
              of one in the package (``"conll04"``);
            - a folder with files ``train``, ``dev`` (or ``valid``, ``validation``), ``test`` and ``types``, optionally
              with a prefix ``NAME_``, in JSON or JSON Lines;
            - a file of documents, all for training;
            - a file or folder that an annotation tool has exported (`spert-hf import --help` names them); where it has
              no dev split, whole texts are drawn for it;
            - the name of a data set on the Hub;
            - a list of ``Document`` or of mappings in SpERT's JSON format, or a ``datasets.Dataset``, all for training;
              or a mapping of splits to these.
        data_dir: For a loading script, a folder with local copies of its sources; for the Hub, a folder in the
            repository.
        config_name: A configuration of a loading script or of a data set on the Hub.
        types: A types file or a schema, which overrides that of the data set. Without either, the types are those in
            the documents.
        token: For the Hub.
        revision: Branch, tag or commit on the Hub.
        dev_fraction: Share of the training documents for the dev split if there is none: at least one document and
            never all, none for 0.
        seed: Seed of that split. All commands use the default, independently of the seed of a training run, so that
            they agree on the dev split.
        self_relations: Whether a relation of an entity to itself is an error (``error``) or dropped (``drop``).

    Returns:
        The splits and the types.

    Raises:
        DatasetError: The data set does not exist or has no training documents, or an argument does not apply to it.
        SchemaError: The types are invalid.
        DocumentError: Documents are invalid; the error lists all faults of all splits.
        OSError: A file can't be read.
        TypeError: ``dataset`` is of an unsupported type.
    """
    _check(dataset, dev_fraction, self_relations)
    schema = types if isinstance(types, TypeSchema) or types is None else TypeSchema.from_file(types)
    source = _open(
        dataset,
        None if data_dir is None else str(data_dir),
        config_name,
        token,
        revision,
        own_types=schema is None,
        draw=(dev_fraction, seed),
    )
    if "train" not in source.readers:
        found = list_names(list(source.readers)) or "none of train, dev and test"
        raise DatasetError(f"{source.name}: no split for training; it has {found}")
    schema, documents = _read(source, schema or source.schema, self_relations)
    if not documents["train"]:
        raise DatasetError(f"{source.name}: the training split has no documents")
    if "dev" not in documents:
        documents["train"], documents["dev"] = draw_dev(documents["train"], dev_fraction, seed)
    test = documents.get("test", [])
    return Splits(schema, documents["train"], documents["dev"], test, source.name, source.origin, source.notes)


def _check(dataset: DocumentSource, dev_fraction: float, self_relations: str) -> None:
    """Check the arguments of [`load_splits`] before anything is read."""
    check_source("dataset", dataset)
    if not 0 <= dev_fraction < 1:
        raise DatasetError(must_be("dev_fraction", "a number from 0 to less than 1", dev_fraction))
    if self_relations not in SELF_RELATIONS:
        raise DatasetError(must_be("self_relations", either(SELF_RELATIONS), repr(self_relations)))


def load_documents(
    source: DocumentSource,
    split: str | None = None,
    *,
    data_dir: str | Path | None = None,
    config_name: str | None = None,
    types: str | Path | TypeSchema | None = None,
    token: str | None = None,
    revision: str | None = None,
    self_relations: str = "error",
) -> list[Document]:
    """Load annotated documents, and validate them.

    ```python
    from spert_hf import load_documents

    documents = load_documents("quickstart", split="dev")
    print(len(documents), documents[0].tokens, documents[0].entities)
    ```

    Args:
        source: The name of a data set in the package or on the Hub, a folder, a file, or documents in memory; see
            [`load_splits`].
        split: ``"train"``, ``"dev"`` or ``"test"``. Default: all documents of these splits, in this order. Without a
            dev split, it is a tenth of the training documents, as in training. A single file, or documents in memory
            without splits, are always returned completely.
        data_dir: See [`load_splits`], also for all other arguments.

    Returns:
        The documents.

    Raises:
        DatasetError: The data set does not exist, or the split has no documents.
        DocumentError: Documents are invalid; the error lists all faults.
        TypeError: The source is of an unsupported type.
    """
    check_source("source", source)
    if split is not None and split not in SPLITS:
        raise DatasetError(must_be("split", list_names(SPLITS), repr(split)))
    whole = split is None or _has_no_splits(source)
    loaded = load_splits(
        source,
        data_dir=data_dir,
        config_name=config_name,
        types=types,
        token=token,
        revision=revision,
        dev_fraction=0 if whole else DEV_FRACTION,
        self_relations=self_relations,
    )
    if whole or split is None:
        return [*loaded.train, *loaded.dev, *loaded.test]
    documents: list[Document] = getattr(loaded, split)
    if not documents:
        raise DatasetError(must_be("split", f"one that {loaded.name} has documents for", repr(split)))
    return documents


def _has_no_splits(source: DocumentSource) -> bool:
    """Whether a source has no splits: a file, or documents in memory."""
    if is_in_memory(source):
        return not isinstance(source, Mapping)
    return Path(dataset_folder(fspath(cast("str | PathLike[str]", source)))).expanduser().is_file()


def draw_dev(documents: list[Document], fraction: float, seed: int) -> tuple[list[Document], list[Document]]:
    """Split off a random share of the documents; both parts keep their order.

    Args:
        documents: The documents.
        fraction: The share, 0 to 1; at least one document is selected and one is left, except for the fraction 0.
        seed: The same seed selects the same positions for the same number of documents.

    Returns:
        The remaining documents, and the selected ones. Of fewer than two documents, none is selected.
    """
    if fraction == 0 or len(documents) < 2:
        return documents, []
    count = min(max(1, round(fraction * len(documents))), len(documents) - 1)
    drawn = set(random.Random(seed).sample(range(len(documents)), count))
    left = [document for i, document in enumerate(documents) if i not in drawn]
    return left, [documents[i] for i in sorted(drawn)]


def _open(
    dataset: DocumentSource,
    data_dir: str | None,
    config_name: str | None,
    token: str | None,
    revision: str | None,
    own_types: bool,
    draw: tuple[float, int],
) -> Source:
    """Find the data set without reading it, except for files of annotation tools.

    ``own_types`` says whether its own types are needed. ``draw`` is the share of the dev split and the seed, for data
    that is split by whole texts; all other arguments are those of [`load_splits`].
    """
    if is_in_memory(dataset):
        _refuse("dataset", "documents in memory", data_dir=data_dir, config_name=config_name, revision=revision)
        return open_in_memory(cast(Documents, dataset))
    dataset = dataset_folder(fspath(cast("str | PathLike[str]", dataset)))
    path = Path(dataset).expanduser()
    script = find_script(path) if path.is_dir() else None
    if script is not None:
        _refuse(dataset, "a folder with a loading script", revision=revision)
        folder = None if data_dir is None else existing_folder(data_dir)
        return open_script(script, data_dir=folder, config_name=config_name, token=token, read_types=own_types)
    if path.exists():
        what = "a folder of files" if path.is_dir() else "a file"
        _refuse(dataset, what, data_dir=data_dir, config_name=config_name, revision=revision)
        format = annotation_format(path)
        if format is not None:
            return open_annotations(path, format, *draw)
        return open_folder(path, read_types=own_types) if path.is_dir() else open_file(path)
    if not is_hub_id(dataset) or path.suffix.lower() in DOCUMENT_SUFFIXES:
        raise DatasetError(
            must_be(
                "dataset",
                "a folder with a loading script or with train, dev and test files, a file of documents "
                f"({list_names(DOCUMENT_SUFFIXES)}), or a name on the Hub such as USER/NAME",
                f"{dataset!r}, which is not a file or folder here and cannot be the name of a data set on the Hub",
            )
        )
    return open_hub_dataset(
        dataset, data_dir=data_dir, config_name=config_name, token=token, revision=revision, read_types=own_types
    )


def _read(
    source: Source, schema: TypeSchema | None, self_relations: str
) -> tuple[TypeSchema, dict[str, list[Document]]]:
    """Validate the documents of all splits; the types are the given ones, or else those in the training documents."""
    documents: dict[str, list[Document]] = {}
    if schema is None:
        documents["train"] = source.readers["train"](None, self_relations)
        schema = TypeSchema.from_documents(documents["train"], source.name)
    faults: list[LocatedFault] = []
    for split, read in source.readers.items():
        if split in documents:
            continue
        try:
            documents[split] = read(schema, self_relations)
        except DocumentError as error:
            faults += error.faults
    if faults:
        raise DocumentError(faults)
    return schema, documents


def _refuse(dataset: str, what: str, **arguments: str | None) -> None:
    """Refuse arguments that do not apply to this kind of data set."""
    for name, value in arguments.items():
        if value is not None:
            raise DatasetError(must_be(name, f"left out, as {dataset} is {what}", repr(value)))
