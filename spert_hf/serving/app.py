"""The application of `spert-hf serve`: the demo's API without its page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..model.messages import must_be
from .batching import Batcher, RefusedError
from .bodies import BodyCheckMiddleware
from .calls import Call
from .errors import OneLineErrorsMiddleware
from .headers import HeadersMiddleware
from .leaving import answer_unless_hung_up
from .limits import RateLimitMiddleware, RequestLimiter
from .metrics import CONTENT_TYPE, Metrics, MetricsMiddleware
from .openapi import describe_api
from .parameters import check_names, check_values
from .settings import ServerLimits

EXTRACT = "/extract"


def make_app(batcher: Batcher, limits: ServerLimits, model: str, metrics: Metrics) -> Starlette:
    """Make the application.

    Args:
        batcher: predicts.
        limits: of the service.
        model: the name of the model.
        metrics: what is counted.

    Returns:
        The application.
    """
    document = describe_api(limits, model)

    def check_call(body: Any) -> None:
        check_names(body)
        check_values(body, limits.max_characters)

    async def extract(request: Request) -> Response:
        return await answer_unless_hung_up(request, _answer(batcher, Call.of(request.state.body)))

    async def health(request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def ready(request: Request) -> Response:
        is_ready = batcher.is_ready
        return JSONResponse({"status": "ready" if is_ready else "not ready"}, 200 if is_ready else 503)

    async def show_metrics(request: Request) -> Response:
        return Response(metrics.render(), media_type=CONTENT_TYPE)

    async def openapi(request: Request) -> Response:
        return JSONResponse(document)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        batcher.start()
        yield

    routes = [
        Route(EXTRACT, extract, methods=["POST"]),
        Route("/health", health),
        Route("/ready", ready),
        Route("/metrics", show_metrics),
        Route("/openapi.json", openapi),
    ]
    middleware = [  # the first one handles a request first
        Middleware(MetricsMiddleware, metrics=metrics, paths=[route.path for route in routes], timed=EXTRACT),
        Middleware(HeadersMiddleware),
        Middleware(OneLineErrorsMiddleware),
        Middleware(RateLimitMiddleware, limiter=RequestLimiter(limits.requests_per_minute)),
        Middleware(
            BodyCheckMiddleware, checks={EXTRACT: check_call}, most=limits.max_body_bytes, seconds=limits.body_seconds
        ),
    ]
    app = Starlette(
        routes=routes, middleware=middleware, exception_handlers={HTTPException: _refuse}, lifespan=lifespan
    )
    app.router.redirect_slashes = False
    return app


async def _answer(batcher: Batcher, call: Call) -> Response:
    try:
        return JSONResponse(await batcher.extract(call))
    except RefusedError as error:
        headers = None if error.retry_after is None else {"Retry-After": str(error.retry_after)}
        return JSONResponse({"detail": error.detail}, error.status, headers)


async def _refuse(request: Request, error: Exception) -> Response:
    """Respond to a path or a method that there is not."""
    assert isinstance(error, HTTPException)
    detail = error.detail.lower()
    if error.headers and "Allow" in error.headers:
        detail = must_be("the method", error.headers["Allow"], ascii(request.method)[1:-1][:20])
    return JSONResponse({"detail": detail}, error.status_code, error.headers)
