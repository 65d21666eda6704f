"""Imports of OpenVINO and NNCF, which are optional and whose usage reports are disabled."""

import sys
from importlib import import_module
from typing import Any


def import_openvino() -> Any:
    """Import OpenVINO.

    Raises:
        ImportError: if it is not installed; the message says what to install.
    """
    return _import_silent("openvino")


def import_nncf() -> Any:
    """Import NNCF, which quantizes OpenVINO models, and limit its logging to errors.

    Raises:
        ImportError: if it is not installed; the message says what to install.
    """
    nncf = _import_silent("nncf")
    nncf.set_log_level("ERROR")
    return nncf


def _import_silent(name: str) -> Any:
    # Both tell Google Analytics when they are imported and what they are used for, unless their user has opted out.
    # They do without where the package that tells can't be imported.
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    try:
        return import_module(name)
    except ImportError as error:
        raise ImportError(f'{name} is not installed: pip install "spert-hf[openvino]" ({error})') from error
