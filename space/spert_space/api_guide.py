"""How to call the demo from a program, as the page and the Space's README tell it."""

from __future__ import annotations

from .settings import Settings


def api_guide(url: str, settings: Settings) -> str:
    """Markdown that documents the API at an address."""
    rate = f"{settings.requests_per_minute} requests a minute" if settings.requests_per_minute else "any number"
    return f"""
One call, `/extract`, takes four parameters:

| parameter | default | meaning |
|---|---|---|
| `text` | | up to {settings.max_characters:,} characters |
| `relation_threshold` | the model's own | lowest score of a relation, 0 to 1 |
| `entity_score` | 0 | lowest score of an entity, 0 to 1 |
| `overlap` | the model's own | entities that overlap: `"keep"` all, `"drop"` all, or the `"best"` |

and gives `entities` (`type`, `score`, `text`, character offsets `start` and `end`, word offsets `token_start` and
`token_end`) and `relations` (`type`, `score`, `head` and `tail` as indices into `entities`).

**HTTP** — one request, one answer

```bash
curl -s {url}/extract -H "Content-Type: application/json" \\
  -d '{{"text": "Marian Pell works for Northern Paper.", "overlap": "best"}}'
```

A request that is not valid is answered with 400 and `{{"detail": "…"}}`, one line that says what it must be.

**Python** — `pip install gradio_client`

```python
from gradio_client import Client

client = Client("{url}")
found = client.predict(text="Marian Pell works for Northern Paper.", overlap="best", api_name="/extract")
```

**HTTP, in two steps** — one request enters the queue, a second one waits for the result, as server-sent events

```bash
event=$(curl -s {url}/gradio_api/call/v2/extract -H "Content-Type: application/json" \\
  -d '{{"text": "Marian Pell works for Northern Paper.", "overlap": "best"}}' | sed 's/.*: *"\\(.*\\)"}}/\\1/')
curl -sN {url}/gradio_api/call/extract/$event
```

Requests wait in one queue of {settings.queue_size}; when it is full the answer is 503, and one address may send {rate},
beyond that the answer is 429 (with `Retry-After`). A text that is too long is refused with an error. Whoever hangs up
while waiting gives up the place. What is neither this nor the page's own is answered with 404.
"""
