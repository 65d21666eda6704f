"""Hypothesis strategies for records in SpERT's JSON form."""

from hypothesis import strategies as st

ENTITY_TYPES = ("Loc", "Org", "Peop")
RELATION_TYPES = ("Live_In", "Work_For")

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
words = texts.filter(str.strip)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts, lambda inner: st.lists(inner, max_size=2), max_leaves=4
)


@st.composite
def entities(draw, token_count):
    start = draw(st.integers(0, token_count - 1))
    return {
        "type": draw(st.sampled_from(ENTITY_TYPES)),
        "start": start,
        "end": draw(st.integers(start + 1, token_count)),
    }


@st.composite
def records(draw, min_relations=0):
    """A valid record without repetitions."""
    least = 2 if min_relations else 0
    tokens = draw(st.lists(words, min_size=max(1, least), max_size=8))
    found = draw(
        st.lists(
            entities(len(tokens)),
            min_size=least,
            max_size=5,
            unique_by=lambda item: tuple(sorted(item.items(), key=str)),
        )
    )
    pairs = [(head, tail) for head in range(len(found)) for tail in range(len(found)) if head != tail]
    triples = st.tuples(st.sampled_from(RELATION_TYPES), st.sampled_from(pairs)) if pairs else st.nothing()
    chosen = draw(st.lists(triples, unique=True, min_size=min_relations, max_size=4)) if pairs else []
    relations = [{"type": name, "head": head, "tail": tail} for name, (head, tail) in chosen]
    extra = draw(st.dictionaries(st.sampled_from(["orig_id", "id", "prediction", "source"]), json_values))
    return {"tokens": tokens, "entities": found, "relations": relations, **extra}


# What may not stand where an index or offset belongs, whatever the sentence.
NO_INDEX = ("0", 1.0, True, None, [], -1, 10**6)
NO_NAME = ("", "  \t", 5, None, ["Loc"], "\ud800")
NO_TOKEN = ("", 5, None, ["Loc"], "\ud800")


@st.composite
def corrupted(draw):
    """A record with exactly one fault, and the path of the value that is wrong."""
    record = draw(records(min_relations=1))
    kind = draw(st.sampled_from(["tokens", "token", "list", "item", "missing", "type", "start", "end", "head", "tail"]))
    if kind == "tokens":
        record["tokens"] = draw(st.sampled_from(["a word", None, [], {}, 3, [" ", "\n"]]))
        if record["tokens"] == [" ", "\n"]:  # else offsets would be wrong, too
            record |= {"entities": [], "relations": []}
        return record, "tokens"
    if kind == "token":
        i = draw(st.integers(0, len(record["tokens"]) - 1))
        record["tokens"][i] = draw(st.sampled_from(NO_TOKEN))
        return record, f"tokens[{i}]"
    of_entities = kind in ("start", "end") or (kind not in ("head", "tail") and draw(st.booleans()))
    group = "entities" if of_entities else "relations"
    if kind == "list":
        record[group] = draw(st.sampled_from([None, "x", {}, 3]))
        return record, group
    i = draw(st.integers(0, len(record[group]) - 1))
    if kind == "item":
        record[group][i] = draw(st.sampled_from([None, "x", [], 3]))
        return record, f"{group}[{i}]"
    item = record[group][i]
    if kind == "missing":
        name = draw(st.sampled_from(sorted(item)))
        del item[name]
        return record, f"{group}[{i}].{name}"
    wrong = list(NO_INDEX)
    if kind == "type":
        wrong = [*NO_NAME, "Unknown"]
    elif kind == "start":
        wrong.append(len(record["tokens"]))
    elif kind == "end":
        wrong += [item["start"], 0, len(record["tokens"]) + 1]
    else:
        wrong.append(len(record["entities"]))
    item[kind] = draw(st.sampled_from(wrong))
    return record, f"{group}[{i}].{kind}"
