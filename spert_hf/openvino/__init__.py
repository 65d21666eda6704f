"""The encoder by OpenVINO, which on a processor is quicker than torch, most of all with 8-bit integers.

An extra, `pip install "spert-hf[openvino]"`; nothing here imports it before it is asked for.
"""

from .encoder import PRECISIONS, OpenVinoEncoder, use_openvino
from .quantization import (
    CALIBRATION_SENTENCES,
    copy_quantized_encoder,
    quantize_encoder,
    write_quantized_encoder,
)

__all__ = [
    "CALIBRATION_SENTENCES",
    "PRECISIONS",
    "OpenVinoEncoder",
    "copy_quantized_encoder",
    "quantize_encoder",
    "use_openvino",
    "write_quantized_encoder",
]
