"""Annotated sentences as running text: joined, extracted from, and scored by the tokens that they were given in."""

import json
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

from spert_hf.evaluation.spert_metric.scoring import EvaluationResult, score_documents

Record = dict[str, Any]


def read_gold(path: Path) -> list[Record]:
    """Documents of a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


def score_sentences(pipe: Any, gold: Sequence[Record]) -> EvaluationResult:
    """Scores where each sentence is given by itself, as its tokens."""
    found = pipe([record["tokens"] for record in gold])
    return score_documents(gold, found, symmetric_relation_types=pipe.model.config.symmetric_relation_types)


def score_running_text(pipe: Any, gold: Sequence[Record], group_size: int) -> EvaluationResult:
    """Scores where groups of sentences are given as one string each, with spaces between all tokens."""
    groups = [joined(gold[first : first + group_size]) for first in range(0, len(gold), group_size)]
    found = pipe([" ".join(group["tokens"]) for group in groups])
    predictions = [in_tokens(result, group["tokens"]) for result, group in zip(found, groups, strict=True)]
    return score_documents(groups, predictions, symmetric_relation_types=pipe.model.config.symmetric_relation_types)


def joined(records: Sequence[Record]) -> Record:
    """One document of the records' tokens, entities and relations."""
    whole: Record = {"tokens": [], "entities": [], "relations": []}
    for record in records:
        words, entities = len(whole["tokens"]), len(whole["entities"])
        whole["tokens"] += record["tokens"]
        whole["entities"] += [
            {"type": e["type"], "start": words + e["start"], "end": words + e["end"]} for e in record["entities"]
        ]
        whole["relations"] += [
            {"type": r["type"], "head": entities + r["head"], "tail": entities + r["tail"]} for r in record["relations"]
        ]
    return whole


def in_tokens(result: Record, tokens: Sequence[str]) -> Record:
    """A result for the tokens joined by spaces, in offsets of tokens: an entity has every token that it is in."""
    starts = [0, *accumulate(len(token) + 1 for token in tokens)]
    entities = [
        {
            "type": entity["type"],
            "start": bisect_right(starts, entity["start"]) - 1,
            "end": bisect_left(starts, entity["end"]),
        }
        for entity in result["entities"]
    ]
    spans = [(entity["start"], entity["end"]) for entity in entities]
    # Two entities in the same tokens are one there, which has no relation to itself.
    relations = [one for one in result["relations"] if spans[one["head"]] != spans[one["tail"]]]
    return {"entities": entities, "relations": relations}
