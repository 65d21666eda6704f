"""The server: the page, its scripts and styles, and the bounds around both."""

from __future__ import annotations

from pathlib import Path

import gradio as gr
from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from .extraction import Extractor
from .limits import LimitMiddleware, RequestLimiter
from .page import VIEW_PATH, build_page
from .settings import Settings

VIEW_FOLDER = Path(__file__).parents[1] / "view"

CONTENT_POLICY = "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; object-src 'none'; base-uri 'self'"
"""Nothing comes from another host. Gradio needs its inline scripts and compiles its templates."""


def build_server(extractor: Extractor, settings: Settings, model_name: str, url: str) -> FastAPI:
    """The application to serve; arguments as for `build_page`."""
    server = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    server.mount(VIEW_PATH, StaticFiles(directory=VIEW_FOLDER))
    server.add_middleware(
        LimitMiddleware,
        limiter=RequestLimiter(settings.requests_per_minute),
        max_body_bytes=settings.max_body_bytes,
        max_upload_bytes=settings.max_upload_bytes,
    )
    gr.mount_gradio_app(
        server,
        build_page(extractor, settings, model_name, url),
        path="/",
        theme=gr.themes.Default(primary_hue="indigo", font=["system-ui", "sans-serif"], font_mono=["monospace"]),
        css_paths=[VIEW_FOLDER / "page.css"],
        footer_links=["gradio", "settings"],
        max_file_size=settings.max_upload_bytes,
        show_error=False,
        ssr_mode=False,
        enable_monitoring=False,
    )
    return server
