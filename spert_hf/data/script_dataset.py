"""Data sets with a loading script.

Since version 4, ``load_dataset`` of ``datasets`` no longer runs such scripts, but their builder classes still work.
"""

from __future__ import annotations

import importlib.util
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal

from .named_datasets import is_shipped
from .schema import TypeSchema
from .sources import DatasetError, Origin, Source, described, row_readers

if TYPE_CHECKING:
    import datasets


def find_script(folder: Path) -> Path | None:
    """Return the loading script of a folder (``NAME/NAME.py``), if it has one."""
    script = folder / f"{folder.resolve().name}.py"
    return script if script.is_file() else None


@dataclass(frozen=True, slots=True)
class BuiltConfiguration:
    """The data that a loading script's builder made for one of its configurations.

    Attributes:
        name: The configuration's name.
        info: Its information in ``datasets``: features, and the sizes of its splits.
        rows: The rows of each split, in their order.
        schema: The types; None if they were not read.
    """

    name: str
    info: datasets.DatasetInfo
    rows: dict[str, list[dict[str, Any]]]
    schema: TypeSchema | None


def configuration_names(script: Path) -> list[str]:
    """Return the names of a loading script's configurations, the default one first.

    Raises:
        DatasetError: If the script fails, or has no builder.
    """
    import datasets

    builder_class = _builder_class(script, datasets.GeneratorBasedBuilder)
    names = [config.name for config in builder_class.BUILDER_CONFIGS] or ["default"]
    default = builder_class.DEFAULT_CONFIG_NAME
    return sorted(names, key=lambda name: name != default)  # stable, so that the others keep their order


def build_script(
    script: Path,
    *,
    data_dir: Path | None = None,
    config_name: str | None = None,
    token: str | None = None,
    read_types: bool = True,
) -> BuiltConfiguration:
    """Run a loading script's builder.

    This runs the script's code. Downloads are cached by ``datasets``; the data itself is built anew each time, since a
    cached build would not show that its files have changed.

    Args:
        script: A file with one subclass of ``datasets.GeneratorBasedBuilder`` whose attribute or method
            ``spert_types`` gives the content of a types file.
        data_dir: A folder that the builder reads instead of downloading.
        config_name: One of the builder's configurations.
        token: A token for files on the Hub.
        read_types: Whether to use ``spert_types``.

    Raises:
        DatasetError: If the script or its builder fails, or the script has no builder or types.
        SchemaError: If the types are not valid.
    """
    import datasets  # takes seconds, and other sources of documents do not need it

    builder_class = _builder_class(script, datasets.GeneratorBasedBuilder)
    with tempfile.TemporaryDirectory(prefix="spert-hf-") as cache_dir:
        try:
            builder = builder_class(
                cache_dir=cache_dir,
                config_name=config_name,
                data_dir=None if data_dir is None else str(data_dir.resolve()),
                base_path=str(script.parent.resolve()),
                token=token,
            )
            downloads = datasets.DownloadConfig(cache_dir=str(datasets.config.DOWNLOADED_DATASETS_PATH), token=token)
            builder.download_and_prepare(download_config=downloads)
            rows = {str(split): part.to_list() for split, part in builder.as_dataset().items()}
        except Exception as error:  # a script may raise anything
            raise DatasetError(f"{script}: building the data set failed: {described(error)}") from error
        schema = _schema_of(builder, script) if read_types else None
    return BuiltConfiguration(builder.config.name, builder.info, rows, schema)


def open_script(
    script: Path,
    *,
    data_dir: Path | None = None,
    config_name: str | None = None,
    token: str | None = None,
    read_types: bool = True,
) -> Source:
    """Open a loading script as a data set; see [`build_script`] for arguments and errors."""
    built = build_script(script, data_dir=data_dir, config_name=config_name, token=token, read_types=read_types)
    name = script.parent.resolve().name
    kind: Literal["package", "local"] = "package" if is_shipped(script) else "local"
    return Source(name, built.schema, row_readers(name, built.rows), Origin(kind, built.name))


def _builder_class(script: Path, base: type) -> Any:
    module = _import_script(script)
    classes = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, base) and value.__module__ == module.__name__
    ]
    if len(classes) != 1:
        names = ", ".join(found.__name__ for found in classes) or "none"
        raise DatasetError(f"{script} must define one subclass of datasets.GeneratorBasedBuilder; it has {names}")
    return classes[0]


def _import_script(script: Path) -> ModuleType:
    # The builder is named after the last part of its module's name, by which `datasets` finds the module.
    name = f"spert_hf_scripts.{script.stem}"
    spec = importlib.util.spec_from_file_location(name, script)
    assert spec is not None and spec.loader is not None  # always so for a .py file
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # a script may raise anything
        del sys.modules[name]
        raise DatasetError(f"{script}: the loading script cannot be imported: {described(error)}") from error
    return module


def _schema_of(builder: Any, script: Path) -> TypeSchema:
    types = getattr(builder, "spert_types", None)
    if types is None:
        raise DatasetError(
            f"{script}: {type(builder).__name__} has no attribute or method spert_types, which gives the content of a "
            "types file; add it, or name a types file"
        )
    try:
        types = types() if callable(types) else types
    except Exception as error:  # a script may raise anything
        raise DatasetError(f"{script}: spert_types failed: {described(error)}") from error
    return TypeSchema.from_dict(types, f"{script}, spert_types")
