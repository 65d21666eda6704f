"""A backend for Label Studio: it asks for predictions while people annotate.

It answers the few requests of Label Studio's machine learning protocol: `health`, `setup`, `predict`, `versions`,
`webhook`. Which of a task's fields is the text, and what the controls are called, is taken from the project's labelling
interface, which comes with each request.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..data.annotation.label_studio_interface import LABELS, TEXT, labelling_interface
from ..data.annotation.label_studio_writer import Tasks
from ..data.annotation.options import WritingOptions
from ..data.annotation.report import Report
from ..data.faults import is_text, list_names, short_repr
from ..model.messages import must_be
from ..model.pipeline_spert import SpertPipeline
from .predictions import annotate

LARGEST_BODY = 100_000_000
"""Bytes of a request."""


class InterfaceError(ValueError):
    """A labelling interface whose texts can't be annotated with entities."""


@dataclass(frozen=True, slots=True)
class Controls:
    """What a project's labelling interface calls things.

    Attributes:
        labels: The control with the entity types.
        text: The text that it labels.
        key: The field of a task's data that the text shows.
    """

    labels: str = LABELS
    text: str = TEXT
    key: str = TEXT

    @classmethod
    def of(cls, interface: str) -> Controls:
        """Find them in a labelling interface.

        Raises:
            InterfaceError: It is no XML, or has no text with labels.
        """
        if "<!" in interface.replace("<!--", ""):
            raise InterfaceError(must_be("the labelling interface", "XML without declarations", "one with them"))
        try:
            root = ElementTree.fromstring(interface)
        except ElementTree.ParseError as error:
            raise InterfaceError(must_be("the labelling interface", "XML", str(error))) from error
        texts = {each.get("name"): each.get("value", "") for each in root.iter("Text")}
        for each in root.iter("Labels"):
            name, of_text = each.get("name"), each.get("toName")
            if name and of_text in texts and texts[of_text].startswith("$"):
                return cls(name, str(of_text), texts[of_text][1:])
        tags = list_names(sorted({each.tag for each in root.iter()}))
        raise InterfaceError(must_be("the labelling interface", "one with <Labels> of a <Text>", f"one with {tags}"))


class Backend:
    """Predicts tasks.

    Args:
        pipe: The model.
        model_version: What Label Studio shows as the source of the predictions.
        settings: Of each call of the pipeline.
    """

    def __init__(self, pipe: SpertPipeline, model_version: str, settings: Mapping[str, Any] | None = None) -> None:
        self.model_version = model_version
        self._pipe = pipe
        self._settings = dict(settings or {})
        config = pipe.model.config
        self._options = WritingOptions(tuple(config.entity_types), tuple(config.relation_types), model_version)

    @property
    def interface(self) -> str:
        """A labelling interface with the model's types."""
        return labelling_interface(self._options.entity_types, self._options.relation_types)

    def predict(self, tasks: Sequence[Any], controls: Controls) -> list[dict[str, Any]]:
        """The prediction of each task, in order.

        Raises:
            ValueError: A task has no text.
        """
        records = [{"text": _text_of(task, number, controls.key)} for number, task in enumerate(tasks)]
        form = Tasks(self._options, Report())
        return [_renamed(form.prediction(text), controls) for text in annotate(self._pipe, records, **self._settings)]


def make_app(backend: Backend) -> Starlette:
    """The server's application."""

    async def health(request: Request) -> Response:
        return JSONResponse({"status": "UP", "model_class": type(backend).__name__})

    async def setup(request: Request) -> Response:
        return JSONResponse({"model_version": backend.model_version})

    async def versions(request: Request) -> Response:
        return JSONResponse({"versions": [backend.model_version]})

    async def webhook(request: Request) -> Response:
        return JSONResponse({"result": "nothing is trained here"}, 201)

    async def predict(request: Request) -> Response:
        try:
            asked = await _object_of(request)
            tasks = asked.get("tasks")
            if not isinstance(tasks, list):
                raise ValueError(must_be("tasks", "a list of tasks", short_repr(tasks)))
            controls = Controls.of(str(asked["label_config"])) if asked.get("label_config") else Controls()
            results = await run_in_threadpool(backend.predict, tasks, controls)
        except ValueError as error:
            return JSONResponse({"detail": str(error)}, 400)
        return JSONResponse({"results": results, "model_version": backend.model_version})

    return Starlette(
        routes=[
            Route("/", health),
            Route("/health", health),
            Route("/setup", setup, methods=["POST"]),
            Route("/predict", predict, methods=["POST"]),
            Route("/versions", versions, methods=["GET", "POST"]),
            Route("/webhook", webhook, methods=["POST"]),
        ]
    )


async def _object_of(request: Request) -> Mapping[str, Any]:
    """The JSON object of a request's body.

    Raises:
        ValueError: It is something else, or too long.
    """
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_BODY:
            raise ValueError(must_be("the body", f"at most {LARGEST_BODY:,} bytes", "more"))
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ValueError(must_be("the body", "a JSON object", str(error)[:200])) from error
    if not isinstance(value, dict):
        raise ValueError(must_be("the body", "a JSON object", short_repr(value)))
    return value


def _text_of(task: Any, number: int, key: str) -> str:
    data = task.get("data") if isinstance(task, Mapping) else None
    text = data.get(key) if isinstance(data, Mapping) else None
    if not is_text(text):
        raise ValueError(must_be(f"tasks[{number}].data.{key}", "a string of valid Unicode", short_repr(text)))
    return str(text)


def _renamed(prediction: dict[str, Any], controls: Controls) -> dict[str, Any]:
    """A prediction with the project's names of the controls."""
    names = {"from_name": controls.labels, "to_name": controls.text}
    result = [{**each, **names} if "from_name" in each else each for each in prediction["result"]]
    return {**prediction, "result": result}
