"""Publishing on the Hub in one commit, after checks, so that a failed upload can simply be repeated."""

from .dataset import publish_dataset
from .metric import publish_metric
from .model import publish_model
from .repository import PublishingError
from .space import build_static_space, publish_space, publish_static_space

__all__ = [
    "PublishingError",
    "build_static_space",
    "publish_dataset",
    "publish_metric",
    "publish_model",
    "publish_space",
    "publish_static_space",
]
