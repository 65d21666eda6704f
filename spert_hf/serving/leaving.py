"""Requests whose client leaves while they wait."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

if TYPE_CHECKING:
    from starlette.types import Receive

HUNG_UP = 499
"""Conventional status of a request whose client disconnected; nobody receives it."""


async def answer_unless_hung_up(request: Request, call: Coroutine[Any, Any, Response]) -> Response:
    """Await a response for as long as the client does.

    Args:
        request: the request, whose body has been read.
        call: gives the response; it is cancelled when the client disconnects.

    Returns:
        The response.
    """
    answering = asyncio.create_task(call)
    leaving = asyncio.create_task(until_hung_up(request.receive))
    try:
        await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
        return answering.result() if answering.done() else Response(status_code=HUNG_UP)
    finally:
        answering.cancel()
        leaving.cancel()


async def until_hung_up(receive: Receive) -> None:
    """Wait until a client disconnects."""
    while (await receive())["type"] != "http.disconnect":
        pass
