"""Bodies that cannot be meant are refused in one line, before Gradio sees them; what fails all the same is, too.

Gradio looks up what a body names without asking whether it is there, and the server then writes a traceback for
whatever anybody sends.
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
"""Takes a body's JSON; raises ValueError with one line that says what is wrong with it."""

LONGEST_SESSION = 100
_BODY = "the body"


def body_checks(page: Blocks) -> dict[str, Check]:
    """The check of each path that takes JSON.

    Args:
        page: whose functions the bodies call.
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
    """The JSON of a body.

    Raises:
        ValueError: it is not JSON, or has numbers (`NaN`) or halves of characters that JSON does not have.
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
    """Answers 400 to bodies that a check refuses.

    Args:
        app: what handles the others.
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
            return  # whoever asked is gone
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
    """A `receive` that gives a body that was read already."""
    given = False

    async def receive_again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again


class OneLineErrorsMiddleware:
    """Answers what fails with one line, and logs one line in place of a traceback.

    What the model does runs in Gradio's queue and does not pass here: its failures are logged in full.

    Args:
        app: what may fail.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False
        held: list[Message] = []  # an answer 500 waits: the error that it is about comes after it

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
