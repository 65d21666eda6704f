"""What is known of a shard that processes have died of: from this, the record that kills them is found."""

from __future__ import annotations

from collections import Counter

from .extraction import Caution

_AT_ONCE = 2
"""Deaths after which a shard is tried with care: until then its process may have died of anything."""

_ALONE = 2
"""Deaths of a record that is predicted by itself, after which it is not tried again."""

_UNEXPLAINED = 5
"""Deaths with care outside of any record, after which the shard is given up."""

POISON = f"the process that computed this record died, {_ALONE} times with no other record in it"


class Attempts:
    """The attempts at one shard.

    With care a process tells which records it is about to predict. When it dies of several, each of them is predicted
    by itself in the next attempt; one that a process dies of repeatedly is left out, with an error.
    """

    def __init__(self) -> None:
        self.deaths = 0
        self._alone: set[int] = set()
        self._poison: dict[int, str] = {}
        self._deaths_of: Counter[int] = Counter()
        self._unexplained = 0

    @property
    def caution(self) -> Caution | None:
        """How the next attempt is to be made; `None` for no care."""
        if self.deaths < _AT_ONCE:
            return None
        return Caution(alone=frozenset(self._alone), poison=dict(self._poison))

    @property
    def is_hopeless(self) -> bool:
        """Whether processes keep dying of something that is no record."""
        return self._unexplained >= _UNEXPLAINED

    def died(self, records: tuple[int, int] | None) -> None:
        """Note that the process of an attempt has died.

        Args:
            records: The numbers `[start, stop)` of those it was predicting, if that is known.
        """
        was_careful = self.caution is not None
        self.deaths += 1
        if not was_careful:
            return
        if records is None:
            self._unexplained += 1
        elif records[1] - records[0] > 1:
            self._alone.update(range(*records))
        else:
            self._note_death_of(records[0])

    def _note_death_of(self, record: int) -> None:
        self._alone.add(record)
        self._deaths_of[record] += 1
        if self._deaths_of[record] >= _ALONE:
            self._poison[record] = POISON
