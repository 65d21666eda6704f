"""The encoder by OpenVINO, which on a CPU is quicker than torch, most of all in INT8.

An extra, `pip install "spert-hf[openvino]"`; nothing here imports it before it is asked for. The names below are
imported when they are used.
"""

from typing import TYPE_CHECKING

from ..lazy_names import lazy_names

if TYPE_CHECKING:
    from .quantization import copy_quantized_encoder, quantize_encoder, write_quantized_encoder
    from .runtime import OpenVinoRuntime, use_openvino
    from .settings import CALIBRATION_SENTENCES, PRECISIONS

_MODULES = {
    "CALIBRATION_SENTENCES": "settings",
    "OpenVinoRuntime": "runtime",
    "PRECISIONS": "settings",
    "copy_quantized_encoder": "quantization",
    "quantize_encoder": "quantization",
    "use_openvino": "runtime",
    "write_quantized_encoder": "quantization",
}
"""Where the names are."""

__all__ = [
    "CALIBRATION_SENTENCES",
    "PRECISIONS",
    "OpenVinoRuntime",
    "copy_quantized_encoder",
    "quantize_encoder",
    "use_openvino",
    "write_quantized_encoder",
]

__getattr__, __dir__ = lazy_names(__name__, _MODULES)
