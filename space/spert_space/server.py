"""The server: the page, its scripts and styles, and the middleware that limits requests."""

from __future__ import annotations

from pathlib import Path

import gradio as gr
from fastapi import FastAPI
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.staticfiles import StaticFiles

from spert_hf.serving.bodies import BodyCheckMiddleware
from spert_hf.serving.errors import OneLineErrorsMiddleware
from spert_hf.serving.headers import HeadersMiddleware
from spert_hf.serving.limits import RateLimitMiddleware, RequestLimiter

from .bodies import body_checks
from .extraction import Extractor
from .headers import PAGE_HEADERS
from .page import VIEW_PATH, build_page
from .plain_call import PlainCall
from .routes import AllowedRoutesMiddleware
from .settings import Settings

VIEW_FOLDER = Path(__file__).parents[1] / "view"

FORM_BYTES = 10_000
"""The maximum size of an upload request in addition to the file."""


def _theme() -> gr.themes.Base:
    """Gradio's default theme with system fonts and contrast ratios of at least 4.5:1."""
    theme = gr.themes.Default(primary_hue="indigo", font=["system-ui", "sans-serif"], font_mono=["monospace"])
    return theme.set(
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_hover="*primary_700",
        color_accent="*primary_600",
        body_text_color_subdued="*neutral_600",
        body_text_color_subdued_dark="*neutral_300",
    )


def build_server(extractor: Extractor, settings: Settings, model_name: str, url: str) -> FastAPI:
    """Build the application to serve.

    Args:
        extractor: runs the model.
        settings: limits of the service.
        model_name: the name shown to visitors.
        url: the address shown in the API guide.

    Returns:
        The application.
    """
    server = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    page = build_page(extractor, settings, model_name, url)
    server.mount(VIEW_PATH, StaticFiles(directory=VIEW_FOLDER))
    # The middleware added last handles a request first.
    server.add_middleware(BodyCheckMiddleware, checks=body_checks(page))
    server.add_middleware(RequestBodyLimitMiddleware, max_body_size=settings.max_upload_bytes + FORM_BYTES)
    server.add_middleware(RateLimitMiddleware, limiter=RequestLimiter(settings.requests_per_minute))
    server.add_middleware(AllowedRoutesMiddleware)
    server.add_middleware(OneLineErrorsMiddleware)
    server.add_middleware(HeadersMiddleware, headers=PAGE_HEADERS)
    # `page.app` is set by `mount_gradio_app` below.
    server.add_route("/extract", PlainCall(lambda: page.app, settings.max_characters).answer, methods=["POST"])
    gr.mount_gradio_app(
        server,
        page,
        path="/",
        theme=_theme(),
        css_paths=[VIEW_FOLDER / "page.css"],
        footer_links=["gradio", "settings"],
        max_file_size=settings.max_upload_bytes,
        show_error=False,
        ssr_mode=False,
        enable_monitoring=False,
    )
    return server
