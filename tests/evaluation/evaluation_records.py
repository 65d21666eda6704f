"""Records for the evaluation tests: the golden ones, and random ones with many overlaps and duplicates."""

import json
from pathlib import Path

from hypothesis import strategies as st

GOLDEN = Path(__file__).parent / "golden"
SYMMETRIC = ("Partner_Of",)

GOLDEN_DOCUMENTS = json.loads((GOLDEN / "documents.json").read_text(encoding="utf-8"))
GOLDEN_CASES = json.loads((GOLDEN / "evaluation.json").read_text(encoding="utf-8"))

_TOKENS = 6


@st.composite
def annotations(draw) -> dict:
    """A record over six tokens: so few places that random records often share items."""
    entities = []
    for _ in range(draw(st.integers(0, 6))):
        start = draw(st.integers(0, _TOKENS - 1))
        end = draw(st.integers(start + 1, _TOKENS))
        entities.append({"type": draw(st.sampled_from("ABC")), "start": start, "end": end})
    index = st.integers(0, len(entities) - 1)
    relation = st.fixed_dictionaries({"type": st.sampled_from(["R", "S"]), "head": index, "tail": index})
    relations = draw(st.lists(relation, max_size=6)) if entities else []
    return {"entities": entities, "relations": relations}


@st.composite
def documents_with_predictions(draw) -> tuple[list[dict], list[dict]]:
    """Annotated documents and a prediction for each, which is sometimes the annotation itself."""
    documents = draw(st.lists(annotations(), max_size=5))
    predictions = [document if draw(st.integers(0, 3)) == 0 else draw(annotations()) for document in documents]
    tokens = [f"w{index}" for index in range(_TOKENS)]
    return [{"tokens": tokens, **document} for document in documents], predictions


def record(*entities: tuple[str, int, int], relations: tuple[tuple[str, int, int], ...] = ()) -> dict:
    """A record from (type, start, end) and (type, head, tail)."""
    return {
        "entities": [{"type": name, "start": start, "end": end} for name, start, end in entities],
        "relations": [{"type": name, "head": head, "tail": tail} for name, head, tail in relations],
    }
