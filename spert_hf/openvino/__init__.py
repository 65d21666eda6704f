"""The OpenVINO runtime, which is faster than torch on a CPU, especially in INT8.

It is an optional dependency, `pip install "spert-hf[openvino]"`, and imported only when it is used. The names below are
imported when they are first used.
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
"""The module of each name."""

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
