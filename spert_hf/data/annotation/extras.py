"""Libraries that only one format needs: imported when it is used."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def import_extra(module: str, format: str, package: str, extra: str) -> Any:
    """Import the library of a format.

    Args:
        module: What is imported.
        format: The format's name, for the message.
        package: What pip installs.
        extra: Our extra that names it.

    Raises:
        ImportError: It is not installed; the message says what to install.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise ImportError(f"format {format!r} needs the package {package}: pip install 'spert-hf[{extra}]'") from error
