"""What is known of a shard that processes have died of: from this, the record that kills them is found."""

from __future__ import annotations

from collections import Counter

from .extraction import Caution

_TOGETHER = 2
"""Deaths with a record among others, after which it is predicted by itself: a process may have died of anything."""

_AT_ALL = 3
"""Deaths with a record, the last one with no other, after which it is not tried again."""

_UNEXPLAINED = 5
"""Deaths outside of any record, after which the shard is given up."""

POISON = "the process that computed this record died each time"


class Attempts:
    """The attempts at one shard.

    A process tells which records it is about to predict. When it dies of the same ones again, each of them is predicted
    by itself in the next attempt; one that a process dies of even then is left out, with an error.
    """

    def __init__(self) -> None:
        self.deaths = 0
        self._deaths_with: Counter[int] = Counter()
        self._poison: dict[int, str] = {}
        self._unexplained = 0

    @property
    def caution(self) -> Caution:
        """How the next attempt is to be made."""
        alone = frozenset(record for record, deaths in self._deaths_with.items() if deaths >= _TOGETHER)
        return Caution(alone=alone, poison=dict(self._poison))

    @property
    def is_hopeless(self) -> bool:
        """Whether processes keep dying of something that is no record."""
        return self._unexplained >= _UNEXPLAINED

    def died(self, records: tuple[int, int] | None) -> None:
        """Note that the process of an attempt has died.

        Args:
            records: The numbers `[start, stop)` of those it was predicting, if that is known.
        """
        self.deaths += 1
        if records is None:
            self._unexplained += 1
            return
        start, stop = records
        self._deaths_with.update(range(start, stop))
        if stop - start == 1 and self._deaths_with[start] >= _AT_ALL:
            self._poison[start] = POISON
