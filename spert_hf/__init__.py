"""spert-hf: span-based joint entity and relation extraction, native to the Hugging Face Hub.

Importing the package registers its config, model and pipeline with transformers: they are known by name, and what is
saved carries their code, so that it can be used without this package. `SpertModel.from_encoder` then finds encoders
that are installed as packages, too. The names below are imported when they are used.
"""

from importlib.util import find_spec
from typing import TYPE_CHECKING

from .lazy_names import lazy_names

if TYPE_CHECKING:
    from .data.loading import load_documents
    from .evaluating import evaluate_model
    from .loading import load
    from .model.configuration_spert import SpertConfig
    from .model.modeling_spert import SpertModel
    from .model.output import SpertOutput, SpertScores
    from .model.pipeline_spert import SpertPipeline
    from .model.processing_spert import SpertProcessor
    from .model.text_reading import TextReading
    from .results.data_frame import to_dataframe
    from .results.display import display
    from .results.knowledge_graph import to_networkx
    from .results.triples import triples
    from .training.arguments import SpertTrainingArguments
    from .training.trainer import SpertTrainer
    from .version import __version__


_MODULES = {
    "SpertConfig": "model.configuration_spert",
    "SpertModel": "model.modeling_spert",
    "SpertOutput": "model.output",
    "SpertScores": "model.output",
    "SpertPipeline": "model.pipeline_spert",
    "SpertProcessor": "model.processing_spert",
    "SpertTrainer": "training.trainer",
    "SpertTrainingArguments": "training.arguments",
    "TextReading": "model.text_reading",
    "__version__": "version",
    "display": "results.display",
    "evaluate_model": "evaluating",
    "load": "loading",
    "load_documents": "data.loading",
    "to_dataframe": "results.data_frame",
    "to_networkx": "results.knowledge_graph",
    "triples": "results.triples",
}
"""Where the public names are."""

__all__ = [
    "SpertConfig",
    "SpertModel",
    "SpertOutput",
    "SpertPipeline",
    "SpertProcessor",
    "SpertScores",
    "SpertTrainer",
    "SpertTrainingArguments",
    "TextReading",
    "__version__",
    "display",
    "evaluate_model",
    "load",
    "load_documents",
    "to_dataframe",
    "to_networkx",
    "triples",
]


__getattr__, __dir__ = lazy_names(__name__, _MODULES)

if find_spec("transformers") is not None:  # not needed for extraction with ONNX exports
    from .registration import register_when_imported

    register_when_imported()
