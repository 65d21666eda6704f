"""spert-hf: span-based joint entity and relation extraction, native to the Hugging Face Hub.

Importing the package registers its config, model and pipeline with transformers: they are known by name, and what is
saved carries their code, so that it can be used without this package. `SpertModel.from_encoder` then finds encoders
that are installed as packages.
"""

from importlib.metadata import PackageNotFoundError, version

from transformers import AutoConfig, AutoModel
from transformers.pipelines import PIPELINE_REGISTRY

from .model.configuration_spert import TASK, SpertConfig
from .model.modeling_spert import SpertModel, SpertOutput
from .model.pipeline_spert import SpertPipeline
from .model.processing_spert import SpertProcessor
from .model.text_reading_spert import TextReading
from .training.encoders import find_encoder

try:
    __version__ = version("spert-hf")
except PackageNotFoundError:  # run from a checkout that was not installed
    __version__ = "0+unknown"

__all__ = ["SpertConfig", "SpertModel", "SpertOutput", "SpertPipeline", "SpertProcessor", "TextReading", "__version__"]


def _register_with_transformers() -> None:
    """Make `AutoConfig`, `AutoModel` and `pipeline("spert-extraction")` know SpERT without `trust_remote_code`."""
    AutoConfig.register(SpertConfig.model_type, SpertConfig, exist_ok=True)
    AutoModel.register(SpertConfig, SpertModel, exist_ok=True)
    if TASK not in PIPELINE_REGISTRY.get_supported_tasks():
        PIPELINE_REGISTRY.register_pipeline(TASK, pipeline_class=SpertPipeline, pt_model=AutoModel, type="text")
    SpertModel.find_encoder = staticmethod(find_encoder)
    SpertConfig.register_for_auto_class(AutoConfig)
    SpertModel.register_for_auto_class(AutoModel)


_register_with_transformers()
