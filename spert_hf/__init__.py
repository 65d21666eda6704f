"""spert-hf: span-based joint entity and relation extraction, native to the Hugging Face Hub.

Importing the package registers its config, model and pipeline with transformers: they are known by name, and what is
saved carries their code, so that it can be used without this package.
"""

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from transformers import AutoConfig, AutoModel
from transformers.pipelines import PIPELINE_REGISTRY

from .model.configuration_spert import TASK, SpertConfig
from .model.modeling_spert import SpertModel, SpertOutput
from .model.pipeline_spert import SpertPipeline
from .model.processing_spert import SpertProcessor
from .model.text_reading_spert import TextReading

if TYPE_CHECKING:
    from .loading import load
    from .results.data_frame import to_dataframe
    from .results.display import display
    from .results.knowledge_graph import to_networkx
    from .results.triples import triples

try:
    __version__ = version("spert-hf")
except PackageNotFoundError:  # run from a checkout that was not installed
    __version__ = "0+unknown"

__all__ = [
    "SpertConfig",
    "SpertModel",
    "SpertOutput",
    "SpertPipeline",
    "SpertProcessor",
    "TextReading",
    "__version__",
    "display",
    "load",
    "to_dataframe",
    "to_networkx",
    "triples",
]

_LAZY = {
    "display": "results.display",
    "load": "loading",
    "to_dataframe": "results.data_frame",
    "to_networkx": "results.knowledge_graph",
    "triples": "results.triples",
}
"""Names whose modules are imported when they are first asked for."""


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value = getattr(import_module(f".{_LAZY[name]}", __name__), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _register_with_transformers() -> None:
    """Make `AutoConfig`, `AutoModel` and `pipeline("spert-extraction")` know SpERT without `trust_remote_code`."""
    AutoConfig.register(SpertConfig.model_type, SpertConfig, exist_ok=True)
    AutoModel.register(SpertConfig, SpertModel, exist_ok=True)
    if TASK not in PIPELINE_REGISTRY.get_supported_tasks():
        PIPELINE_REGISTRY.register_pipeline(TASK, pipeline_class=SpertPipeline, pt_model=AutoModel, type="text")
    SpertConfig.register_for_auto_class(AutoConfig)
    SpertModel.register_for_auto_class(AutoModel)


_register_with_transformers()
