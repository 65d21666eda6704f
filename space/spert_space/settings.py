"""What whoever runs the demo may set, and what bounds a visitor's requests."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """Bounds of the service.

    Attributes:
        max_characters: of one text.
        max_documents: of one uploaded file.
        max_upload_bytes: of one uploaded file.
        max_relations: of one text that are sent to the page for each overlap policy, by share of each type.
        score_floor: lowest score of a relation that the page can show; its slider starts here.
        queue_size: requests that may wait; the next one is told that the queue is full.
        requests_per_minute: of one address, 0 for any number.
    """

    max_characters: int = 20_000
    max_documents: int = 1_000
    max_upload_bytes: int = 5_000_000
    max_relations: int = 2_000
    score_floor: float = 0.05
    queue_size: int = 64
    requests_per_minute: int = 120
