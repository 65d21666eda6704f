"""The handler of a Hugging Face Inference Endpoint: it extracts with the model and the code in this repository.

`spert-hf publish model --handler` puts this file into a model's repository, where it needs nothing but transformers.
"""

from collections.abc import Mapping
from typing import Any

from transformers import pipeline

PARAMETERS = (
    "batch_size",
    "entities",
    "entity_threshold",
    "entity_types",
    "errors",
    "overlap",
    "relation_threshold",
    "relation_types",
    "sequences",
    "with_text",
    "words",
)
"""Arguments of the pipeline's call that a request may give."""

_TASK: Any = "spert-extraction"  # registered by the repository's code, so that no type of transformers names it


class EndpointHandler:
    """Extracts entities and relations; the endpoint makes one and calls it with the body of each request.

    Args:
        path: folder of the repository.
    """

    def __init__(self, path: str = "") -> None:
        self._extract = pipeline(_TASK, model=path, trust_remote_code=True)

    def __call__(self, data: Mapping[str, Any]) -> Any:
        """Extract from the texts of a request.

        Args:
            data: `inputs`, a text, an object with `text` or `tokens`, or a list of them, and optionally `parameters`,
                an object with arguments of the pipeline's call, those in `PARAMETERS`.

        Returns:
            The result for a text, or a list of one for each text; see the model card.

        Raises:
            ValueError: something is invalid; the endpoint responds with the message, which is one line.
        """
        inputs, parameters = data.get("inputs"), data.get("parameters")
        if not isinstance(inputs, str | dict | list):
            allowed = "a text, an object with text or tokens, or a list of them"
            raise ValueError(f"inputs must be {allowed}, got {_kind_of(inputs)}")
        if parameters is None:
            parameters = {}
        if not isinstance(parameters, dict):
            raise ValueError(f"parameters must be an object, got {_kind_of(parameters)}")
        unknown = [name for name in parameters if name not in PARAMETERS]
        if unknown:
            raise ValueError(f"parameters must be among {', '.join(PARAMETERS)}, got {ascii(unknown[0])[:40]}")
        return self._extract(inputs, **parameters)


def _kind_of(value: Any) -> str:
    return "none" if value is None else type(value).__name__
