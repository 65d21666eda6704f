"""Limits of the demo."""

from __future__ import annotations

from dataclasses import dataclass

from spert_hf.serving.settings import ServiceLimits


@dataclass(frozen=True, slots=True)
class Settings(ServiceLimits):
    """Limits of the demo, in addition to those of every service.

    Attributes:
        requests_per_minute: maximum number of requests from one address, 0 for no limit.
        max_documents: maximum number of documents in an uploaded file.
        max_upload_bytes: maximum size of an uploaded file.
        max_relations: maximum number of relations of a text that are sent to the page for each overlap policy, with an
            equal share for each type.
        score_floor: minimum score of a relation that the page can show; its slider starts here.
    """

    requests_per_minute: int = 120
    max_documents: int = 1_000
    max_upload_bytes: int = 5_000_000
    max_relations: int = 2_000
    score_floor: float = 0.05
