"""An allow-list of routes: those that the page and the documented API need, and no others.

Gradio serves many more: a way to call each function that bypasses the queue, a proxy, recordings, a code editor. With
an allow-list, an update of Gradio cannot expose new ones.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from starlette.responses import JSONResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send


class AllowedRoute(NamedTuple):
    """HTTP methods and the paths for which they are allowed."""

    methods: tuple[str, ...]
    path: re.Pattern[str]


READ = ("GET", "HEAD")

ALLOWED_ROUTES = tuple(
    AllowedRoute(methods, re.compile(path))
    for methods, path in (
        # The page and its assets.
        (READ, "/"),
        (READ, r"/(theme\.css|favicon\.ico|robots\.txt)"),
        (READ, "/(assets|static|view)/.+"),
        # Its functions, through the queue; Gradio's clients call these, too.
        (("POST",), "/gradio_api/queue/join"),
        (("GET",), "/gradio_api/queue/data"),
        (("POST",), "/gradio_api/cancel"),
        # Uploads and downloads. Gradio would also fetch URLs of other hosts.
        (("POST",), "/gradio_api/upload"),
        (("GET",), "/gradio_api/upload_progress"),
        (READ, "/gradio_api/file=(?!(?i:https?:)).+"),
        # The documented API, and what Gradio's clients request before calling it.
        (("POST",), "/extract"),
        (("POST",), "/gradio_api/call/(v2/)?extract"),
        (("GET",), "/gradio_api/call/(v2/)?extract/[^/]+"),
        (("GET",), "/(config|gradio_api/info)"),
    )
)


def is_allowed(method: str, path: str) -> bool:
    """Whether a request is allowed; so is a preflight request (`OPTIONS`) for every allowed path."""
    return any(
        route.path.fullmatch(path) and (method in route.methods or method == "OPTIONS") for route in ALLOWED_ROUTES
    )


class AllowedRoutesMiddleware:
    """Responds with 404 to requests that are not in `ALLOWED_ROUTES`.

    Args:
        app: handles the others.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] == "lifespan" or (scope["type"] == "http" and is_allowed(scope["method"], scope["path"])):
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await JSONResponse({"detail": "not found"}, 404)(scope, receive, send)
        else:  # a WebSocket, which nothing here uses
            await send({"type": "websocket.close", "code": 1008})
