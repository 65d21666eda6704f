"""Names of a package that are imported when they are used: whoever wants one is not kept waiting for all."""

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from .without_torch import HOW_TO_GET_TORCH


def lazy_names(package: str, modules: Mapping[str, str]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Make `__getattr__` and `__dir__` of a package.

    Args:
        package: its name.
        modules: by name, the module of the package that has it.
    """

    def get(name: str) -> Any:
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        try:
            value = getattr(import_module(f".{modules[name]}", package), name)
        except ModuleNotFoundError as error:
            if error.name not in ("torch", "transformers"):
                raise
            raise ImportError(f"{package}.{name} needs torch, {HOW_TO_GET_TORCH}") from error
        setattr(sys.modules[package], name, value)
        return value

    def names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *modules})

    return get, names
