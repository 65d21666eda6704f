"""Request bodies: read in bounded memory and time, and refused with one line if they are invalid."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from starlette.datastructures import Headers
from starlette.responses import JSONResponse

from ..model.messages import must, must_be

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

Check = Callable[[Any], None]
"""Takes the JSON of a body; raises `ValueError` with a one-line message if it is invalid."""

BODY_SECONDS = 20.0
"""Time for a body to arrive, unless said otherwise."""

_BODY = "the body"


class RefusedBodyError(ValueError):
    """A body that is refused before it was read as a whole.

    Args:
        message: what is wrong with it.
        status: of the response.
    """

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


def check_object(body: Any) -> None:
    """Check that a body is a JSON object.

    Raises:
        ValueError: it is not.
    """
    if not isinstance(body, dict):
        raise ValueError(must_be(_BODY, "a JSON object", type(body).__name__))


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
    """Responds with 400 to bodies that fail a check, with 413 to large ones and with 408 to slow ones.

    Args:
        app: handles the others, and finds the parsed JSON in `request.state.body`.
        checks: by path.
        most: maximum number of bytes; `None` if another middleware limits it.
        seconds: time for a body to arrive.
    """

    def __init__(
        self, app: ASGIApp, checks: Mapping[str, Check], most: int | None = None, seconds: float = BODY_SECONDS
    ) -> None:
        self._app = app
        self._checks = checks
        self._most = most
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        check = self._checks.get(scope["path"]) if scope["type"] == "http" and scope["method"] == "POST" else None
        if check is None:
            await self._app(scope, receive, send)
            return
        try:
            body = await self._read(scope, receive)
            if body is None:
                return  # the client disconnected
            content = read_json(body)
            check(content)
        except ValueError as error:
            status, headers = 400, {}
            if isinstance(error, RefusedBodyError):  # the rest of it is not read
                status, headers = error.status, {"Connection": "close"}
            await JSONResponse({"detail": str(error)}, status, headers)(scope, receive, send)
            return
        scope.setdefault("state", {})["body"] = content
        await self._app(scope, _again(body, receive), send)

    async def _read(self, scope: Scope, receive: Receive) -> bytes | None:
        """Read a body; `None` if the client disconnects.

        Raises:
            RefusedBodyError: it is too large or too slow.
        """
        given = Headers(scope=scope).get("content-length", "")
        if self._most is not None and given.isdecimal() and int(given) > self._most:
            raise self._too_large(f"{int(given):,}")
        parts = bytearray()
        try:
            # Not `asyncio.timeout`, which Python 3.10 lacks.
            is_whole = await asyncio.wait_for(self._collect(receive, parts), self._seconds)
        except asyncio.TimeoutError:
            wanted = f"arrive within {self._seconds:g} s"
            raise RefusedBodyError(must(_BODY, wanted, f"{len(parts):,} bytes until then"), 408) from None
        return bytes(parts) if is_whole else None

    async def _collect(self, receive: Receive, parts: bytearray) -> bool:
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return False
            parts += message.get("body", b"")
            if self._most is not None and len(parts) > self._most:
                raise self._too_large("more")
            if not message.get("more_body", False):
                return True

    def _too_large(self, given: str) -> RefusedBodyError:
        return RefusedBodyError(must_be(_BODY, f"at most {self._most:,} bytes", given), 413)


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
