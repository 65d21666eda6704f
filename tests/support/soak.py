"""Many documents through one call after another, watching order, failures and memory."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from tests.support import growth


@dataclass
class SoakReport:
    """What was seen.

    Args:
        documents: that gave a result.
        memory: what was held after each round, in bytes.
    """

    documents: int = 0
    memory: list[int] = field(default_factory=list)

    def growth_a_document(self, warm_up: float = 0.3) -> float:
        """Bytes by which memory grows with each document, by least squares over the rounds after the warm-up."""
        settled = self.memory[int(len(self.memory) * warm_up) :]
        return growth.slope(settled) * len(self.memory) / self.documents


def soak(
    call: Callable[[list[Any]], list[Any]],
    documents: Iterable[Any],
    check: Callable[[Any, Any], None],
    round_size: int,
    memory: Callable[[], int] = growth.resident_bytes,
) -> SoakReport:
    """Send documents round by round.

    Args:
        call: gives one result a document, in order.
        documents: to send.
        check: raises if a result is not one of its document.
        round_size: documents in a call.
        memory: bytes that are held now; by default by the whole process.
    """
    report = SoakReport()
    remaining = iter(documents)
    while part := list(islice(remaining, round_size)):
        report.documents += len(part)
        _check_round(part, call, check)
        del part
        report.memory.append(memory())
    return report


def _check_round(part: list[Any], call: Callable[[list[Any]], list[Any]], check: Callable[[Any, Any], None]) -> None:
    """Send a round; in a function of its own, so that none of its results live on when memory is measured."""
    for document, result in zip(part, call(part), strict=True):
        check(document, result)
