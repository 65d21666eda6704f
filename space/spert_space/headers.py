"""Security headers of the page."""

PAGE_HEADERS = {
    # Nothing is loaded from other hosts. Gradio needs inline scripts and compiles its templates.
    "Content-Security-Policy": (
        "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; object-src 'none'; base-uri 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
}
