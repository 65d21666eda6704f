"""ONNX: export of a model, and extraction without torch and transformers. The names are imported when they are used."""

from typing import TYPE_CHECKING

from ..lazy_names import lazy_names

if TYPE_CHECKING:
    from .export import export_onnx
    from .extractor import OnnxExtractor, load_onnx

__all__ = ["OnnxExtractor", "export_onnx", "load_onnx"]

__getattr__, __dir__ = lazy_names(
    __name__, {"OnnxExtractor": "extractor", "export_onnx": "export", "load_onnx": "extractor"}
)
