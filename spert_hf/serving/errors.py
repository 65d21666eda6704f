"""Failed requests become one line, for whoever sent them and in the log."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

logger = logging.getLogger(__name__)

STOPPING = "the server is stopping"


class OneLineErrorsMiddleware:
    """Responds to failed requests with one line, and logs one line instead of a traceback.

    The model runs outside of this middleware: its failures are logged in full.

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
        except (Exception, asyncio.CancelledError) as error:  # the latter when a server that stops waits no longer
            logger.warning("%s %s: %s", scope["method"], ascii(scope["path"])[:200], type(error).__name__)
            stopping = isinstance(error, asyncio.CancelledError)
            if started:
                await send({"type": "http.response.body", "body": b"", "more_body": False})
            else:
                detail = STOPPING if stopping else "the request could not be handled"
                await JSONResponse({"detail": detail}, 503 if stopping else 500)(scope, receive, send)
            return
        for message in held:
            await send(message)
