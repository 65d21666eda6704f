"""Which requests are answered at all: the page's own and those of the documented API, and no other.

Gradio serves far more than this page needs: a second way to call each function that passes its queue by, a proxy,
recordings, an editor of its code. What is not listed here is not there, so that an update of Gradio opens nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from starlette.responses import JSONResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send


class AllowedRoute(NamedTuple):
    """A way to ask and what may be asked so."""

    methods: tuple[str, ...]
    path: re.Pattern[str]


READ = ("GET", "HEAD")

ALLOWED_ROUTES = tuple(
    AllowedRoute(methods, re.compile(path))
    for methods, path in (
        # The page and what it loads.
        (READ, "/"),
        (READ, r"/(theme\.css|favicon\.ico|robots\.txt)"),
        (READ, "/(assets|static|view)/.+"),
        # Its functions, by the queue; Gradio's clients call these, too.
        (("POST",), "/gradio_api/queue/join"),
        (("GET",), "/gradio_api/queue/data"),
        (("POST",), "/gradio_api/cancel"),
        # Files up and down. Gradio would fetch addresses of other hosts, too.
        (("POST",), "/gradio_api/upload"),
        (("GET",), "/gradio_api/upload_progress"),
        (READ, "/gradio_api/file=(?!(?i:https?:)).+"),
        # The documented API, and what Gradio's clients read before they call it.
        (("POST",), "/extract"),
        (("POST",), "/gradio_api/call/(v2/)?extract"),
        (("GET",), "/gradio_api/call/(v2/)?extract/[^/]+"),
        (("GET",), "/(config|gradio_api/info)"),
    )
)


def is_allowed(method: str, path: str) -> bool:
    """Whether a request is answered; a browser may ask beforehand (`OPTIONS`) about each that is."""
    return any(
        route.path.fullmatch(path) and (method in route.methods or method == "OPTIONS") for route in ALLOWED_ROUTES
    )


class AllowedRoutesMiddleware:
    """Answers 404 to whatever is not in `ALLOWED_ROUTES`.

    Args:
        app: what handles the rest.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] == "lifespan" or (scope["type"] == "http" and is_allowed(scope["method"], scope["path"])):
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await JSONResponse({"detail": "not found"}, 404)(scope, receive, send)
        else:  # a web socket: nothing here speaks with one
            await send({"type": "websocket.close", "code": 1008})
