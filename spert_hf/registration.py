"""Registration with transformers, put off until its parts are imported: to import them for it would take seconds."""

import sys
from collections.abc import Callable
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any, NamedTuple

from wrapt import register_post_import_hook

from . import model

_CONFIGS = "transformers.models.auto.configuration_auto"
_MODELS = "transformers.models.auto.modeling_auto"
_PIPELINES = "transformers.pipelines"


def register_when_imported() -> None:
    """Make `AutoConfig`, `AutoModel` and `pipeline("spert-extraction")` know SpERT without `trust_remote_code`.

    What belongs to a part of transformers is imported and registered right after that part, or now if it is there.
    """
    own = {f"{model.__name__}.{one.name}" for one in iter_modules(model.__path__)}
    for name in own | {name for part in _PARTS for name in part.needs}:
        register_post_import_hook(_note_imported, name)


def _register_config(module: Any) -> None:
    from transformers import AutoConfig

    AutoConfig.register(module.SpertConfig.model_type, module.SpertConfig, exist_ok=True)
    module.SpertConfig.register_for_auto_class(AutoConfig)


def _register_model(module: Any) -> None:
    from transformers import AutoModel

    from .encoders import find_encoder

    AutoModel.register(module.SpertConfig, module.SpertModel, exist_ok=True)
    module.SpertModel.find_encoder = staticmethod(find_encoder)
    module.SpertModel.register_for_auto_class(AutoModel)


def _register_pipeline(module: Any) -> None:
    from transformers import AutoModel
    from transformers.pipelines import PIPELINE_REGISTRY

    from .model.configuration_spert import TASK

    PIPELINE_REGISTRY.register_pipeline(TASK, pipeline_class=module.SpertPipeline, pt_model=AutoModel, type="text")


class _Part(NamedTuple):
    """A module of ours, what must have been imported whole before it, and what registers it."""

    module: str
    needs: tuple[str, ...]
    register: Callable[[Any], None]


_PARTS = (
    _Part("spert_hf.model.configuration_spert", (_CONFIGS,), _register_config),
    # Transformers imports its auto classes in the middle of `modeling_utils`, which the model needs whole.
    _Part("spert_hf.model.modeling_spert", (_CONFIGS, _MODELS, "transformers.modeling_utils"), _register_model),
    _Part("spert_hf.model.pipeline_spert", (_MODELS, _PIPELINES), _register_pipeline),
)
_whole: set[str] = set()
_registered: set[str] = set()


def _note_imported(module: ModuleType) -> None:
    """Register what can be now that a module has been imported."""
    _whole.add(module.__name__)
    for part in _PARTS:
        if part.module in _registered or not _whole.issuperset(part.needs) or _is_being_imported():
            continue
        own = import_module(part.module)
        if part.module not in _registered:  # its import may have come here
            _registered.add(part.module)
            part.register(own)


def _is_being_imported() -> bool:
    """Whether the import of one of the model's modules has begun and goes on, which a part may need whole."""
    return any(name.startswith(f"{model.__name__}.") and name not in _whole for name in [*sys.modules])
