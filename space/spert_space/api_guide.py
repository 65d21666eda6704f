"""The API documentation shown on the page."""

from __future__ import annotations

from spert_hf.serving.parameters import describe_parameters

from .settings import Settings


def api_guide(url: str, settings: Settings) -> str:
    """Return Markdown that documents the API.

    Args:
        url: the address of the demo.
        settings: the limits to document.
    """
    rate = (
        f"An address may send {settings.requests_per_minute} requests per minute; beyond that, the response is 429 "
        "with a `Retry-After` header."
        if settings.requests_per_minute
        else "The number of requests from an address is not limited."
    )
    parameters = "\n".join(
        f"| `{one.name}` | {one.default} | {one.description} |" for one in describe_parameters(settings.max_characters)
    )
    return f"""
The endpoint `/extract` has four parameters:

| parameter | default | description |
|---|---|---|
{parameters}

It returns `entities` (`type`, `score`, `text`, character offsets `start` and `end`, word offsets `token_start` and
`token_end`) and `relations` (`type`, `score`, `head` and `tail` as indices into `entities`).

**HTTP** — one request, one response

```bash
curl -s {url}/extract -H "Content-Type: application/json" \\
  -d '{{"text": "Marian Pell works for Northern Paper.", "overlap": "best"}}'
```

The response to an invalid request is 400 with `{{"detail": "…"}}`, a one-line error message.

**Python** — `pip install gradio_client`

```python
from gradio_client import Client

client = Client("{url}")
found = client.predict(text="Marian Pell works for Northern Paper.", overlap="best", api_name="/extract")
```

**HTTP, in two steps** — the first request enters the queue, the second one waits for the result (server-sent events)

```bash
event=$(curl -s {url}/gradio_api/call/v2/extract -H "Content-Type: application/json" \\
  -d '{{"text": "Marian Pell works for Northern Paper.", "overlap": "best"}}' | sed 's/.*: *"\\(.*\\)"}}/\\1/')
curl -sN {url}/gradio_api/call/extract/$event
```

Requests wait in a queue of {settings.queue_size}; if it is full, the response is 503. {rate} Requests whose client
disconnects leave the queue. All other paths, except those of the page, return 404.
"""
