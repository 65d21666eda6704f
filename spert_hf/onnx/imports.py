"""Imports of optional libraries, with errors that say what to install."""

import os
from importlib import import_module
from typing import Any


def import_onnxruntime() -> Any:
    """Import onnxruntime.

    Raises:
        ImportError: it is not installed.
    """
    return _import("onnxruntime", "onnx")


def import_onnx() -> Any:
    """Import onnx.

    Raises:
        ImportError: it is not installed.
    """
    return _import("onnx", "onnx-export")


def import_exporter() -> None:
    """Import what torch needs for an export, and onnxruntime, which quantization needs.

    Raises:
        ImportError: a part of it is not installed.
    """
    for name in ("onnx", "onnxscript", "onnxruntime"):
        _import(name, "onnx-export")


def _import(name: str, extra: str) -> Any:
    # From version 1.29 on, onnxruntime reports its use to Microsoft unless it is told not to before it is imported.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    try:
        return import_module(name)
    except ImportError as error:
        raise ImportError(f'{name} is not installed: pip install "spert-hf[{extra}]" ({error})') from error
