"""Which texts to annotate next: those that a model would learn most from."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple, TypeVar

from ..model.inference import DEFAULT_BATCH_SIZE
from ..model.messages import integer, must_be
from ..model.pipeline_spert import SpertPipeline
from ..model.selection import Threshold
from ..model.setting_checks import check_choice
from ..progress import Progress
from .diversity import check_clustering, cluster
from .near_duplicates import are_near_duplicates, digest_of, words_of
from .predictions import text_of
from .strategies import DEFAULT_STRATEGY, STRATEGIES
from .uncertainty import SOFTENING, TextScores, score_texts

CANDIDATES_PER_TEXT = 4
"""The least sure texts that are kept for each one that is wanted, to choose different ones from."""

MOST_CLUSTERED = 5000
"""Of a larger pool, `diversity` looks at so many texts, drawn at random, or at `CANDIDATES_PER_TEXT` for each one that
is wanted if those are more: bounds its time and memory."""


_LARGEST_SEED = 2**32 - 1
"""The clustering takes no larger one."""


class Suggestion(NamedTuple):
    """A text to annotate.

    Attributes:
        position: Its place in the pool, from 0.
        score: How unsure the model is of it; `None` where chance chooses, and no model is asked.
    """

    position: int
    score: float | None


@dataclass(frozen=True)
class Doubt:
    """How a text's score is made of what the model is unsure of.

    Attributes:
        relations: Weight of pairs; that of spans is 1.
        spans: Weight of spans.
        per_word: Power of the number of words that the sum is divided by: 0 prefers long texts with much in them, of
            which each costs an annotator more; 1 has the mean.
        temperature: What logits are divided by before they are made to probabilities.
    """

    relations: float = 1.0
    spans: float = 1.0
    per_word: float = 0.0
    temperature: float = SOFTENING

    def __call__(self, scores: TextScores) -> float:
        """The score of one text."""
        total = self.spans * scores.entities + self.relations * scores.relations
        return total / max(scores.words, 1) ** self.per_word


DEFAULT_DOUBT = Doubt()


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A text of a pool that chance has drawn."""

    position: int
    record: Mapping[str, Any]
    words: frozenset[str]


@dataclass(order=True, slots=True)
class Candidate:
    """A text that may be chosen; sorted by its score, and of equal ones the earlier is the better."""

    score: float
    precedence: int
    record: Mapping[str, Any] = field(compare=False)
    scores: TextScores = field(compare=False)
    words: frozenset[str] = field(compare=False)

    @property
    def index(self) -> int:
        """Its place in the pool."""
        return -self.precedence


_Text = TypeVar("_Text", _Drawn, Candidate)


def suggest(
    pipe: SpertPipeline,
    texts: Iterable[Any],
    budget: int,
    strategy: str = DEFAULT_STRATEGY,
    seed: int = 42,
    *,
    doubt: Doubt = DEFAULT_DOUBT,
    batch_size: int = DEFAULT_BATCH_SIZE,
    relation_threshold: Threshold = None,
    show_progress: bool = False,
) -> list[Suggestion]:
    """Choose texts to annotate, in memory that grows with the budget; of the other texts of the pool a digest is kept.

    ```python
    >>> suggest(pipe, ["Marian Pell works for Northern Paper.", "It rained.", …], budget=50)
    [Suggestion(position=0, score=2.71), …]
    ```

    Args:
        pipe: What has been learnt so far.
        texts: The pool: strings, or mappings with `text` or `tokens`. A generator is read once.
        budget: How many are wanted. Fewer are given where the pool has not so many, or where of the best
            [`CANDIDATES_PER_TEXT`] × `budget` not so many are left without near-duplicates.
        strategy: One of [`STRATEGIES`].
        seed: Of chance and of the clustering.
        doubt: How a text's score is made.
        batch_size: Texts that are computed at once.
        relation_threshold: Lowest score of a relation, near which the model is unsure. Default: the pipeline's own.
        show_progress: Tell on standard error how many texts were read.

    Returns:
        The texts, those first that are most worth.

    Raises:
        ValueError: If an argument has a wrong value, a text is none, or the library that `both` and `diversity` need is
            not installed.
    """
    records = (text if isinstance(text, Mapping) else {"text": text} for text in texts)
    chosen = choose(
        pipe,
        records,
        budget,
        strategy,
        seed,
        doubt=doubt,
        batch_size=batch_size,
        relation_threshold=relation_threshold,
        show_progress=show_progress,
    )
    return [suggestion for suggestion, _ in chosen]


def choose(
    pipe: SpertPipeline,
    records: Iterable[Mapping[str, Any]],
    budget: int,
    strategy: str = DEFAULT_STRATEGY,
    seed: int = 42,
    *,
    doubt: Doubt = DEFAULT_DOUBT,
    batch_size: int = DEFAULT_BATCH_SIZE,
    relation_threshold: Threshold = None,
    show_progress: bool = False,
) -> list[tuple[Suggestion, Mapping[str, Any]]]:
    """Do what [`suggest`] does, and give the records, too, which a stream would not give again."""
    check_choice("strategy", strategy, STRATEGIES)
    if isinstance(budget, bool) or not isinstance(budget, int) or budget < 1:
        raise ValueError(must_be("budget", integer(1), repr(budget)))
    check_seed(seed)
    progress = Progress("reading", "texts", active=show_progress)
    if strategy == "random":
        drawn = draw_sample(_different(progress.follow(records)), CANDIDATES_PER_TEXT * budget, random.Random(seed))
        return [(Suggestion(one.position, None), one.record) for one in islice(_without_near_duplicates(drawn), budget)]
    if strategy != "uncertainty":
        check_clustering(strategy)
    scored = progress.follow(score_texts(pipe, records, batch_size, relation_threshold, doubt.temperature))
    return [
        (Suggestion(one.index, one.score), one.record) for one in select(scored, budget, strategy, seed, doubt=doubt)
    ]


def check_seed(seed: object) -> None:
    """Check the seed of chance and of the clustering.

    Raises:
        ValueError: Saying what is allowed.
    """
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed <= _LARGEST_SEED:
        raise ValueError(must_be("seed", integer(0, _LARGEST_SEED), repr(seed)))


def select(
    scored: Iterable[tuple[Mapping[str, Any], TextScores]],
    budget: int,
    strategy: str = DEFAULT_STRATEGY,
    seed: int = 42,
    *,
    doubt: Doubt = DEFAULT_DOUBT,
) -> list[Candidate]:
    """Choose among texts that were scored; any strategy but `random`, see [`suggest`]."""
    candidates = _without_repetitions(scored, doubt)
    few = CANDIDATES_PER_TEXT * budget
    if strategy == "diversity":
        kept = draw_sample(candidates, max(few, MOST_CLUSTERED), random.Random(seed))
    else:
        kept = heapq.nlargest(few, candidates)
    order = _RANKINGS[strategy](sorted(kept, reverse=True), budget, seed)
    return [*islice(_without_near_duplicates(order), budget)]


def draw_sample(items: Iterable[Any], count: int, draw: random.Random) -> list[Any]:
    """Draw so many of a stream's items, each set of them as likely as any other, in an order that is chance, too."""
    kept: list[Any] = []
    for number, item in enumerate(items):
        if len(kept) < count:
            kept.append(item)
        elif (place := draw.randrange(number + 1)) < count:
            kept[place] = item
    draw.shuffle(kept)
    return kept


def _different(records: Iterable[Mapping[str, Any]]) -> Iterator[_Drawn]:
    """The texts that are not blank, the first of those that have the same words."""
    seen: set[bytes] = set()
    for index, record in enumerate(records):
        words = _new_words(record, seen) if text_of(record).strip() else None
        if words is not None:
            yield _Drawn(index, record, words)


def _without_repetitions(scored: Iterable[tuple[Mapping[str, Any], TextScores]], doubt: Doubt) -> Iterator[Candidate]:
    """The texts as candidates, the first of those that have the same words."""
    seen: set[bytes] = set()
    for index, (record, scores) in enumerate(scored):
        words = _new_words(record, seen) if scores.words else None
        if words is not None:
            yield Candidate(doubt(scores), -index, record, scores, words)


def _new_words(record: Mapping[str, Any], seen: set[bytes]) -> frozenset[str] | None:
    """The words of a text, which are noted; `None` if a text before it has the same."""
    words = words_of(record)
    digest = digest_of(words)
    if digest in seen:
        return None
    seen.add(digest)
    return words


def _without_near_duplicates(candidates: Iterable[_Text]) -> Iterator[_Text]:
    """The candidates that are no near-duplicates of those before them."""
    given: list[_Text] = []
    for candidate in candidates:
        if not any(are_near_duplicates(candidate.words, one.words) for one in given):
            given.append(candidate)
            yield candidate


def _least_sure_first(candidates: list[Candidate], budget: int, seed: int) -> list[Candidate]:
    return candidates


def _least_sure_of_each_group(candidates: list[Candidate], budget: int, seed: int) -> list[Candidate]:
    """The least sure of each group, then the second of each, and so on; within such a round the least sure first."""
    groups, _ = cluster([one.scores.vector for one in candidates], budget, seed, "both")
    return _by_rounds(candidates, groups)


def _central_of_each_group(candidates: list[Candidate], budget: int, seed: int) -> list[Candidate]:
    """The text nearest to each group's centre, then the second of each, and so on."""
    groups, distances = cluster([one.scores.vector for one in candidates], budget, seed, "diversity")
    order = sorted(range(len(candidates)), key=lambda place: distances[place])
    return _by_rounds([candidates[place] for place in order], [groups[place] for place in order])


def _by_rounds(candidates: list[Candidate], groups: list[int]) -> list[Candidate]:
    """The first candidate of each group, then the second of each, and so on."""
    met: dict[int, int] = {}
    rounds = []
    for group in groups:
        rounds.append(met.get(group, 0))
        met[group] = rounds[-1] + 1
    return [candidates[place] for place in sorted(range(len(candidates)), key=lambda place: rounds[place])]


_RANKINGS: Mapping[str, Callable[[list[Candidate], int, int], list[Candidate]]] = {
    "uncertainty": _least_sure_first,
    "diversity": _central_of_each_group,
    "both": _least_sure_of_each_group,
}
