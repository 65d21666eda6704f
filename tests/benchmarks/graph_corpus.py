"""A corpus as `extract` would have found it, of any size: names by Zipf's law, surnames, acronyms, sentences."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

MENTIONS_PER_DOCUMENT = 10
DOCUMENTS_PER_SHARD = 10_000
_RELATION_TYPES = ("Work_For", "Live_In", "Located_In", "Kill", "OrgBased_In")
_NAMES = {"Peop": 120_000, "Org": 60_000, "Loc": 30_000}
"""How many names there are, at most as many as mentions."""
_SYLLABLES = ("ba", "del", "mar", "lin", "ko", "sten", "ra", "vi", "ton", "ger", "hal", "mo", "nes", "ri", "pel", "sa")
_WORDS = [
    "the",
    "of",
    "and",
    "to",
    "in",
    "that",
    "said",
    "for",
    "on",
    "with",
    "was",
    "by",
    "at",
    "from",
    "has",
    "will",
    "after",
    "about",
    "new",
    "more",
    "people",
    "government",
    "year",
    "would",
    "which",
    "were",
    "officials",
    "state",
    "against",
    "company",
    "president",
    "over",
    "police",
    "between",
    "talks",
    "report",
    "military",
]

SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("text", pa.string()),
        (
            "entities",
            pa.list_(
                pa.struct(
                    [
                        ("type", pa.string()),
                        ("score", pa.float64()),
                        ("text", pa.string()),
                        ("start", pa.int64()),
                        ("end", pa.int64()),
                        ("token_start", pa.int64()),
                        ("token_end", pa.int64()),
                    ]
                )
            ),
        ),
        (
            "relations",
            pa.list_(
                pa.struct([("type", pa.string()), ("score", pa.float64()), ("head", pa.int64()), ("tail", pa.int64())])
            ),
        ),
        ("error", pa.string()),
    ]
)
"""Of what `extract` writes."""


def write_corpus(folder: Path, mentions: int, seed: int = 42) -> int:
    """Write shards with as many mentions, and as many relations.

    Args:
        folder: gets the shards.
        mentions: how many.
        seed: of chance.

    Returns:
        The number of documents.
    """
    folder.mkdir(parents=True)
    documents = mentions // MENTIONS_PER_DOCUMENT
    random = np.random.default_rng(seed)
    names = {kind: _Names(kind, min(count, mentions), random) for kind, count in _NAMES.items()}
    for shard, first in enumerate(range(0, documents, DOCUMENTS_PER_SHARD)):
        numbers = range(first, min(first + DOCUMENTS_PER_SHARD, documents))
        rows = [_document(number, names, random) for number in numbers]
        pq.write_table(pa.Table.from_pylist(rows, SCHEMA), folder / f"{shard:05}.parquet", compression="zstd")
    return documents


class _Names:
    """Names of a type, which are drawn by Zipf's law."""

    def __init__(self, kind: str, count: int, random: np.random.Generator) -> None:
        self.kind = kind
        self._random = random
        self._names = [_name(kind, random) for _ in range(count)]
        self._count = count

    def draw(self) -> str:
        return self._names[int(self._count ** self._random.random()) - 1]


def _word(random: np.random.Generator) -> str:
    return "".join(_SYLLABLES[place] for place in random.integers(0, len(_SYLLABLES), 3)).capitalize()


def _name(kind: str, random: np.random.Generator) -> str:
    words = {"Peop": 2, "Org": 3, "Loc": 1}[kind]
    name = " ".join(_word(random) for _ in range(words))
    return name.replace("e", "é", 1) if random.random() < 0.03 else name


def _document(number: int, names: dict[str, _Names], random: np.random.Generator) -> dict[str, Any]:
    parts: list[str] = []
    entities: list[dict[str, Any]] = []
    length = tokens = 0
    for text, kind in _pieces(names, random):
        if kind is not None:
            words = text.count(" ") + 1
            entities.append(
                {
                    "type": kind,
                    "score": float(random.random() ** 0.2),
                    "text": text,
                    "start": length,
                    "end": length + len(text),
                    "token_start": tokens,
                    "token_end": tokens + words,
                }
            )
        parts.append(text)
        length += len(text)
        tokens += text.strip().count(" ") + 1
    relations = [
        {
            "type": _RELATION_TYPES[int(random.integers(0, len(_RELATION_TYPES)))],
            "score": float(random.random() ** 0.5),
            "head": place,
            "tail": (place + 1) % len(entities),
        }
        for place in range(len(entities))
    ]
    text = "".join(parts)
    return {"id": f"doc-{number:09}", "text": text, "entities": entities, "relations": relations, "error": None}


def _pieces(names: dict[str, _Names], random: np.random.Generator) -> Iterator[tuple[str, str | None]]:
    """The parts of a text, with the types of those that are mentions."""
    person, company = names["Peop"].draw(), names["Org"].draw()
    for place in range(MENTIONS_PER_DOCUMENT):
        kind = ("Peop", "Org", "Loc")[place % 3]
        if kind == "Peop":
            # Who was named in full goes by the surname.
            name = person if place == 0 else person.split()[-1] if random.random() < 0.5 else names["Peop"].draw()
        elif kind == "Org":
            name = company if place == 1 or random.random() < 0.3 else names["Org"].draw()
        else:
            name = names["Loc"].draw()
        words = [_WORDS[at] for at in random.integers(0, len(_WORDS), 5)]
        yield (f"{words[0].capitalize()} {' '.join(words[1:])} " if place % 2 == 0 else f" {' '.join(words)} "), None
        yield (name.upper() if random.random() < 0.02 else name), kind
        if place == 1 and random.random() < 0.3:
            yield f" ({''.join(word[0] for word in name.split())})", None
        if place % 2:
            yield ". ", None
