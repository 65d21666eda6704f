"""Imports of OpenVINO and NNCF, which are optional and whose usage reports are disabled."""

import os
import sys
from importlib import import_module
from typing import Any


def import_openvino() -> Any:
    """Import OpenVINO.

    Raises:
        ImportError: if it is not installed; the message says what to install.
    """
    return _import_silent("openvino")


def openvino_core() -> Any:
    """The one `openvino.Core` of this process, which compiles and reads models.

    It is kept until the process ends. With its first model, OpenVINO gives the thread that compiles a stack for signal
    handlers, and frees that with the last object of its CPU plugin, in whatever thread that is: if in another one, the
    process would crash at the next signal.

    Raises:
        ImportError: as for [`import_openvino`].
    """
    openvino, process = import_openvino(), os.getpid()
    if process not in _cores:  # that of the parent of a forked process has no threads here
        _cores.setdefault(process, openvino.Core())
    return _cores[process]


_cores: dict[int, Any] = {}
"""By process, as those of parents are not to be freed in their children, either."""


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
