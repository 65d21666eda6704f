"""Merging by DuckDB is what a slow and obvious version does, whatever the order of the rows and files."""

from collections import defaultdict
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from spert_hf.graph.building import build_graph
from spert_hf.graph.rules import MERGES, is_short_form, normalise, surname_in
from tests.graph.found_records import found, rows, write_lines

TEXTS = ("Ada Byron", "Byron", "Al Byron", "BYRON", "Mr. Byron", "Bo Stone's", "stone", "An Bo Cy", "ABC", "the ABC")
TYPES = ("Peop", "Org")
MENTIONS = st.tuples(st.sampled_from(TEXTS), st.sampled_from(TYPES), st.sampled_from(["", " (ABC)"]))
DOCUMENTS = st.lists(st.tuples(st.integers(0, 2), st.lists(MENTIONS, max_size=5)), min_size=1, max_size=5)


def make_records(documents):
    for place, (name, mentions) in enumerate(documents):
        marked = " and ".join(f"[{text}|{type_}]{behind}" for text, type_, behind in mentions)
        relations = [("R", n, n + 1, 0.25 + n / 8) for n in range(len(mentions) - 1)]
        yield found(f"{marked} {place}", *relations, id=f"d{name}")


def slowly(documents, rules):
    """By type and class, the mentions and documents; and the triples of classes."""
    mentions_of = defaultdict(list)
    for name, mentions in documents:
        mentions_of[name] += mentions

    def class_of(name, text, type_):
        person = type_ == "Peop"
        key = normalise(text, rules, person)
        same = [(long, behind) for long, kind, behind in mentions_of[name] if kind == type_]
        if "acronym" in rules:
            longs = {
                normalise(long, rules, person)
                for long, behind in same
                if behind and is_short_form("ABC", long) and normalise("ABC", rules, person) == key
            } - {key}
            if len(longs) == 1:
                return longs.pop()
        if "surname" in rules and person and surname_in(key) is None:
            keys = {normalise(long, rules, person) for long, _ in same}
            full = {long for long in keys if surname_in(long) == key}
            if len(full) == 1:
                return full.pop()
        return key

    counts, within, triples = defaultdict(int), defaultdict(set), defaultdict(set)
    for name, mentions in documents:
        classes = [(type_, class_of(name, text, type_)) for text, type_, _ in mentions]
        for one in classes:
            counts[one] += 1
            within[one].add(name)
        for head, tail in pairwise(classes):
            if head != tail:
                triples[head, tail].add(name)
    entities = {one: (counts[one], len(within[one])) for one in counts}
    return entities, {ends: len(names) for ends, names in triples.items()}


@settings(max_examples=12)
@given(DOCUMENTS, st.sets(st.sampled_from(list(MERGES))), st.randoms(use_true_random=False))
def test_merging(tmp_path_factory, documents, rules, random):
    if not any(mentions for _, mentions in documents):
        return
    folder = tmp_path_factory.mktemp("graph")
    records = list(make_records(documents))
    options = {"merge": sorted(rules), "threads": 1}
    build_graph(write_lines(folder / "a.jsonl", *records), folder / "one", **options)
    random.shuffle(records)
    half = len(records) // 2
    write_lines(folder / "two" / "b.jsonl", *records[:half])
    write_lines(folder / "two" / "a.jsonl", *records[half:])
    build_graph(folder / "two", folder / "other", **options)
    for table in ("entities", "relations", "evidence"):
        assert rows(folder / "one", table) == rows(folder / "other", table)
    entities = rows(folder / "one", "entities")
    classes = [(row["type"], normalise(row["name"], rules, row["type"] == "Peop")) for row in entities]
    found_entities = {one: (row["mentions"], row["documents"]) for one, row in zip(classes, entities, strict=True)}
    found_triples = {
        (classes[row["head"]], classes[row["tail"]]): row["documents"] for row in rows(folder / "one", "relations")
    }
    assert (found_entities, found_triples) == slowly(documents, rules)
