"""`POST /extract`: one request, one response, for plain HTTP clients."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from spert_hf.serving.leaving import answer_unless_hung_up
from spert_hf.serving.parameters import check_values

if TYPE_CHECKING:
    from starlette.types import ASGIApp


class PlainCall:
    """Handler of requests whose parameter names have been checked.

    The call waits in the page's queue like every other request.

    Args:
        find_app: returns the application that serves Gradio's `/gradio_api/call`.
        max_characters: the maximum length of a text.
    """

    def __init__(self, find_app: Callable[[], ASGIApp], max_characters: int) -> None:
        self._find_app = find_app
        self._max_characters = max_characters

    async def answer(self, request: Request) -> Response:
        """Handle one request; returns the response."""
        parameters = await request.json()
        try:
            check_values(parameters, self._max_characters)
        except ValueError as error:
            return JSONResponse({"detail": str(error)}, 400)
        return await answer_unless_hung_up(request, self._call(parameters))  # a cancelled call leaves the queue

    async def _call(self, parameters: dict[str, Any]) -> Response:
        transport = httpx.ASGITransport(app=self._find_app(), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://demo", timeout=None) as client:
            entered = await client.post("/gradio_api/call/v2/extract", json=parameters)
            if entered.status_code != httpx.codes.OK:  # the queue is full
                return Response(entered.content, entered.status_code, media_type="application/json")
            events = await client.get(f"/gradio_api/call/extract/{entered.json()['event_id']}")
        event, data = events.text.strip().splitlines()[-2:]
        if event != "event: complete":
            return JSONResponse({"detail": "the extraction failed"}, 500)
        (found,) = json.loads(data.removeprefix("data: "))
        return JSONResponse(found)
