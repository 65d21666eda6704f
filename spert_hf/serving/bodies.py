"""Request bodies: read in bounded memory and time, and refused with one line if they are invalid."""

from __future__ import annotations

import asyncio
import json
import math
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

DISCARDED = 10
"""How many times the maximum of a body is read and discarded before it is refused: a client that still sends when the
connection is closed may never see the response."""

_BODY = "the body"

_JSON_TYPES = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", type(None): "null"}


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
        raise ValueError(must_be(_BODY, "a JSON object", json_type(body)))


def json_type(value: Any) -> str:
    """Return what JSON calls a value."""
    return _JSON_TYPES.get(type(value), "a number")


def read_json(body: bytes) -> Any:
    """Parse the JSON of a body.

    Args:
        body: the bytes of the body.

    Raises:
        ValueError: it is not valid JSON, or contains what can't be computed with: `NaN`, infinities, unpaired
            surrogates, integers of thousands of digits, or arrays nested a thousand deep.
    """
    try:
        content = json.loads(body.decode("utf-8-sig"), parse_constant=_refuse_constant)
        json.dumps(content, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise ValueError(must_be(_BODY, "a JSON object", _reason(error))) from None
    return content


def _reason(error: Exception) -> str:
    """Say in JSON's words why a body could not be parsed."""
    if isinstance(error, _ConstantError):
        return f"{error}, which is not JSON"
    if isinstance(error, RecursionError):
        return "one that is nested too deep"
    if isinstance(error, UnicodeDecodeError):
        return f"what is not UTF-8, at byte {error.start}"
    if isinstance(error, UnicodeEncodeError):
        return "one with half of a surrogate pair"
    if isinstance(error, json.JSONDecodeError):
        return f"what is not JSON, at character {error.pos}"
    return "one with a number of too many digits"


class _ConstantError(ValueError):
    """A constant that Python's parser takes, and JSON does not have."""


def _refuse_constant(name: str) -> NoReturn:
    raise _ConstantError(name)


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
        headers = Headers(scope=scope)
        given = headers.get("content-length", "")
        length = int(given) if given.isdecimal() else 0
        most = math.inf if self._most is None else self._most
        # Nor is it read from a client that waits for leave to send it (`Expect: 100-continue`).
        if length > DISCARDED * most or (length > most and "expect" in headers):
            raise self._too_large(f"{length:,}")
        parts = bytearray()
        try:
            # Not `asyncio.timeout`, which Python 3.10 lacks.
            is_whole = await asyncio.wait_for(self._collect(receive, parts, most), self._seconds)
        except asyncio.TimeoutError:
            wanted = f"arrive within {self._seconds:g} s"
            raise RefusedBodyError(must(_BODY, wanted, f"{len(parts):,} bytes until then"), 408) from None
        if len(parts) > most:
            raise self._too_large(f"{length:,}" if length else "more")
        return bytes(parts) if is_whole else None

    async def _collect(self, receive: Receive, parts: bytearray, most: float) -> bool:
        """Collect a body; what is beyond the maximum is discarded. Returns whether the client is still there."""
        read = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return False
            part = message.get("body", b"")
            read += len(part)
            if len(parts) <= most:
                parts += part
            if not message.get("more_body", False) or read > DISCARDED * most:
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
