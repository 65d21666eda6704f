"""Predictions that a bad text costs itself only."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..model.extraction import BATCHES_READ_AHEAD

_NUMBER = re.compile(r"^input \d+:? ?")
_LONGEST_MESSAGE = 1000

Predict = Callable[[Sequence[Any]], list[dict[str, Any]]]


def predictor(pipe: Any, settings: Mapping[str, Any]) -> Predict:
    """What predicts a list of texts with a pipeline, in the batches of a stream of them."""

    def predict(texts: Sequence[Any]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = pipe(list(texts), batches_ahead=BATCHES_READ_AHEAD, **settings)
        return found

    return predict


def predict_each(predict: Predict, texts: Sequence[Any]) -> list[dict[str, Any]]:
    """Predictions of texts; where that fails, of each half of them, down to the text that it fails with.

    Running out of memory counts as failing; being interrupted does not.

    Returns:
        `entities` and `relations` of each; those that it fails with have none, and an `error`.
    """
    if not texts:
        return []
    try:
        return predict(texts)
    except Exception as error:  # whatever a library raises, other texts are worth trying
        message = one_line(error)
    # Outside of the handler, whose traceback keeps tensors alive.
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()
    if len(texts) == 1:
        return [failed(message)]
    middle = len(texts) // 2
    return predict_each(predict, texts[:middle]) + predict_each(predict, texts[middle:])


def failed(message: str) -> dict[str, Any]:
    """The result of a text in which nothing could be looked for."""
    return {"entities": [], "relations": [], "error": message}


def one_line(error: BaseException) -> str:
    """What an error says, in a line."""
    message = _NUMBER.sub("", " ".join(str(error).split()))[:_LONGEST_MESSAGE]
    return f"{type(error).__name__}: {message}" if message else type(error).__name__
