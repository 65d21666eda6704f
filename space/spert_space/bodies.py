"""Invalid request bodies are refused with one line before Gradio handles them; so are requests that fail anyway.

Gradio does not check that what a body refers to exists, and would write a traceback for every invalid request.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from starlette.responses import JSONResponse

from spert_hf.model.messages import must_be

from .parameters import check_names

if TYPE_CHECKING:
    from gradio import Blocks
    from gradio.block_function import BlockFunction
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

logger = logging.getLogger(__name__)

Check = Callable[[Any], None]
"""Takes the JSON of a body; raises `ValueError` with a one-line message if it is invalid."""

LONGEST_SESSION = 100
_BODY = "the body"


def body_checks(page: Blocks) -> dict[str, Check]:
    """Return the checks of all paths that take JSON.

    Args:
        page: the page whose functions the requests call.

    Returns:
        Checks by path.
    """

    def check_join(body: Any) -> None:
        _check_object(body)
        number, session = body.get("fn_index"), body.get("session_hash")
        function = page.fns.get(number) if type(number) is int else None
        if function is None or function.fn is None:
            raise ValueError(must_be("fn_index", "the number of a function in /config"))
        if not isinstance(session, str) or not 0 < len(session) <= LONGEST_SESSION:
            raise ValueError(must_be("session_hash", f"a string of 1 to {LONGEST_SESSION} characters"))
        _check_data(body.get("data"), function)

    def check_call(body: Any) -> None:
        _check_object(body)
        _check_data(body.get("data"), next(f for f in page.fns.values() if f.api_name == "extract"))

    return {
        "/extract": check_names,
        "/gradio_api/call/v2/extract": check_names,
        "/gradio_api/call/extract": check_call,
        "/gradio_api/queue/join": check_join,
        "/gradio_api/cancel": _check_object,
    }


def _check_object(body: Any) -> None:
    if not isinstance(body, dict):
        raise ValueError(must_be(_BODY, "a JSON object", type(body).__name__))


def _check_data(data: Any, function: BlockFunction) -> None:
    wanted = len(function.inputs)
    if not isinstance(data, list) or len(data) != wanted:
        given = f"{len(data)} values" if isinstance(data, list) else type(data).__name__
        raise ValueError(must_be("data", f"a list of {wanted}", given))


def read_json(body: bytes) -> Any:
    """Parse the JSON of a body.

    Args:
        body: the bytes of the body.

    Raises:
        ValueError: it is not valid JSON, or contains `NaN`, infinities or unpaired surrogates.
    """
    try:
        content = json.loads(body, parse_constant=_refuse_constant)
        json.dumps(content, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        given = f"what is not JSON in UTF-8 ({type(error).__name__})"
        raise ValueError(must_be(_BODY, "a JSON object", given)) from None
    return content


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


class BodyCheckMiddleware:
    """Responds with 400 to bodies that fail a check.

    Args:
        app: handles the others.
        checks: by path.
    """

    def __init__(self, app: ASGIApp, checks: Mapping[str, Check]) -> None:
        self._app = app
        self._checks = checks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        check = self._checks.get(scope["path"]) if scope["type"] == "http" and scope["method"] == "POST" else None
        if check is None:
            await self._app(scope, receive, send)
            return
        body = await _read(receive)
        if body is None:
            return  # the client disconnected
        try:
            check(read_json(body))
        except ValueError as error:
            await JSONResponse({"detail": str(error)}, 400)(scope, receive, send)
            return
        await self._app(scope, _again(body, receive), send)


async def _read(receive: Receive) -> bytes | None:
    parts = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def _again(body: bytes, receive: Receive) -> Receive:
    """A `receive` that replays a body that has been read."""
    given = False

    async def receive_again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again


class OneLineErrorsMiddleware:
    """Responds to failed requests with one line, and logs one line instead of a traceback.

    The model runs in Gradio's queue, outside of this middleware: its failures are logged in full.

    Args:
        app: handles the requests.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False
        held: list[Message] = []  # a response 500 is held back: its exception is raised afterwards

        async def send_or_hold(message: Message) -> None:
            nonlocal started
            if held or message.get("status") == 500:
                held.append(message)
                return
            started = True
            await send(message)

        try:
            await self._app(scope, receive, send_or_hold)
        except Exception as error:
            logger.warning("%s %s: %s", scope["method"], ascii(scope["path"])[:200], type(error).__name__)
            if started:
                await send({"type": "http.response.body", "body": b"", "more_body": False})
            else:
                await JSONResponse({"detail": "the request could not be handled"}, 500)(scope, receive, send)
            return
        for message in held:
            await send(message)
