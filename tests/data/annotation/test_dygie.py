"""DyGIE++'s and SciERC's files: tokens become text in which mentions stand where they stood."""

import copy
import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spert_hf.data.annotation.alignment import Aligner, AlignmentSettings
from spert_hf.data.annotation.annotated_text import TextEntity, TextRelation
from spert_hf.data.annotation.formats import FORMATS
from tests.support import growth
from tests.support.annotation_files import FILES
from tests.support.annotation_reading import left_out, messages, read_as, recognised, write_lines
from tests.support.annotation_strategies import assert_sound, spoilt

RECORD = {
    "doc_key": "d1",
    "dataset": "invented",
    "sentences": [
        ["Mira", "Voss", "(", "32", ")", "left", "."],
        ["She", "founded", "Kestrel", "Labs", "'s", "rival", "."],
    ],
    "ner": [[[0, 1, "PER"]], [[7, 7, "PER"], [9, 10, "ORG"]]],
    "relations": [[], [[7, 7, 9, 10, "knows"], [9, 10, 7, 7, "is-near"]]],
    "clusters": [[[0, 1], [7, 7]]],
}


def changed(**values):
    return copy.deepcopy(RECORD) | values


def test_tokens_become_a_line_of_text_for_each_sentence(tmp_path):
    path = write_lines(tmp_path / "f.jsonl", RECORD)
    (text,), report = read_as("dygie", path)
    assert text.text == "Mira Voss (32) left.\nShe founded Kestrel Labs's rival."
    assert text.entities == [TextEntity("PER", 0, 9), TextEntity("PER", 21, 24), TextEntity("ORG", 33, 45)]
    assert text.relations == [TextRelation("knows", 1, 2), TextRelation("is-near", 2, 1)]
    assert (text.id, text.extra, report.faults) == ("d1", {"dataset": "invented"}, [])
    assert recognised(path) == "dygie"


def test_fields_that_are_not_read_are_named_once(tmp_path):
    events = changed(doc_key="d2", events=[[], [[[9, "Sale"]]]], predicted_ner=[[], []], clusters=[])
    _, report = read_as("dygie", write_lines(tmp_path / "f.jsonl", RECORD, events))
    assert report.notes == ["f.jsonl: not read, as there is no place for it: clusters, events, predicted_ner"]
    _, report = read_as("dygie", write_lines(tmp_path / "f.jsonl", changed(clusters=[])))
    assert report.notes == []


def test_predictions_beside_a_mention_and_texts_without_annotations_are_read(tmp_path):
    scored = changed(ner=[[[0, 1, "PER", 3.5, 0.9]], []], relations=[[[0, 1, 0, 1, "R", 1.0, 0.5]], []])
    bare = {"doc_key": "d3", "sentences": [["Mira"], [], ["left"]]}
    texts, report = read_as("dygie", write_lines(tmp_path / "f.jsonl", scored, bare, {"sentences": []}))
    assert texts[0].entities == [TextEntity("PER", 0, 9)]
    assert texts[0].relations == [TextRelation("R", 0, 0)]
    assert [text.text for text in texts[1:]] == ["Mira\n\nleft", ""]
    assert report.faults == []


def test_relations_of_what_is_no_mention_are_left_out_and_counted(tmp_path):
    record = changed(relations=[[], [[7, 7, 8, 8, "knows"], [7, 7, 9, 10, "knows"]]])
    (text,), report = read_as("dygie", write_lines(tmp_path / "f.jsonl", record))
    assert text.relations == [TextRelation("knows", 1, 2)]
    assert left_out(report) == ["left out: 1 relation: its head or tail is no mention"]


def test_relations_of_a_mention_at_fault_are_dropped(tmp_path):
    record = changed(ner=[[[0, 1, "PER"]], [[7, 7, ""], [9, 10, 5]]])
    (text,), report = read_as("dygie", write_lines(tmp_path / "f.jsonl", record))
    assert text.relations == []
    assert left_out(report) == []
    assert len(report.faults) == 1


def test_every_fault_of_a_file_is_told_at_once(tmp_path):
    ner = [
        [[0, 7, "X"], [-1, 0, "X"], ["0", 1, "X"], [1, 0, "X"], [0, 1], "x", [0, 0, []]],
        [[6, 7, "X"], [0.0, 1, "X"]],
    ]
    relations = [[[0, 1, 0, 99, "R"], [0, 1, 0, 1, 7], [0, 1]], {}]
    path = write_lines(
        tmp_path / "f.jsonl",
        RECORD,
        RECORD,
        changed(doc_key=None, ner=ner, relations=relations),
        changed(doc_key=3, ner=[[]]),
        changed(doc_key=4, sentences=[["a", "", 5], "b"]),
        changed(doc_key=[]),
        changed(doc_key="d6", sentences=[[], ["a"]], ner=[[[0, 0, "X"]], []], relations={}),
        {"text": "a", "entities": []},
        "7",
        '{"sentences',
    )
    texts, report = read_as("dygie", path)
    assert len(texts) == 4
    parts = [
        "record 2 (line 2): doc_key must be one that no other text of the file has, got 'd1', as in record 1",
        "record 3 (line 3): ner[0][0][1] must be an integer from 0 to 6, a token of its sentence, got 7",
        "ner[0][1][0] must be an integer from 0 to 6, a token of its sentence, got -1",
        "ner[0][2][0] must be an integer from 0 to 6, a token of its sentence, got '0'",
        "ner[0][3][1] must be the first token, 1, or one behind it, got 0",
        "ner[0][4] must be a list: its first token, its last one and its type, got [0, 1]",
        "ner[0][5] must be a list: its first token, its last one and its type, got 'x'",
        "ner[0][6][2] must be the name of a type, got []",
        "ner[1][0][0] must be an integer from 7 to 13, a token of its sentence, got 6",
        "ner[1][1][0] must be an integer from 7 to 13, a token of its sentence, got 0.0",
        "relations[0][0][3] must be an integer from 0 to 6, a token of its sentence, got 99",
        "relations[0][1][4] must be the name of a type, got 7",
        "relations[0][2] must be a list: the head's first and last token, the tail's, and the type, got [0, 1]",
        "relations[1] must be a list, got {}",
        "record 4 (line 4): ner must be a list for each of the 2 sentences, got a list of 1",
        "record 5 (line 5): sentences[0][1] must be a token, with something to be seen, got ''",
        "record 5 (line 5): sentences[0][2] must be a token, with something to be seen, got 5",
        "record 5 (line 5): sentences[1] must be a list of tokens, got 'b'",
        "record 6 (line 6): doc_key must be a string, got []",
        "record 7 (line 7): ner[0][0] must be absent, as its sentence has no tokens, got [0, 0, 'X']",
        "record 7 (line 7): relations must be a list, got {}",
        "record 8 (line 8): sentences must be a list of lists of tokens, got nothing",
        "record 9 (line 9): must be a JSON object with sentences, ner and relations, got 7",
        "record 10 (line 10, column 2): must be a JSON object with sentences, ner and relations",
    ]
    found = messages(report)
    assert len(found) == len(parts), found
    for message, part in zip(found, parts, strict=True):
        assert part in message


def test_no_file_of_another_tool_is_recognised_and_the_format_is_read_only():
    assert [path for path in FILES.rglob("*") if recognised(path) == "dygie"] == []
    assert not FORMATS["dygie"].written


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(line=spoilt(RECORD))
def test_whatever_a_line_holds_there_are_only_faults(tmp_path, line):
    path = write_lines(tmp_path / "f.jsonl", line, changed(doc_key="another"))
    assert_sound(*read_as("dygie", path))
    recognised(path)


tokens = st.text(st.characters(exclude_categories=["Cs", "Zs", "Zl", "Zp", "Cc"]), min_size=1, max_size=4).filter(
    str.strip
)
sentences = st.lists(st.lists(tokens | st.sampled_from(["(", ")", "'s", '"', ".", "🪐"]), max_size=5), max_size=4)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sentences=sentences, data=st.data())
def test_every_mention_is_its_tokens_whatever_is_between_them(tmp_path, sentences, data):
    ner, relations, expected, first = [], [], [], 0
    for sentence in sentences:
        spans = data.draw(st.lists(st.tuples(*[st.integers(0, len(sentence) - 1)] * 2), max_size=3)) if sentence else []
        spans = [*dict.fromkeys((min(span), max(span)) for span in spans)]
        ner.append([[first + start, first + last, "T"] for start, last in spans])
        relations.append([[*one[:2], *other[:2], "R"] for one in ner[-1] for other in ner[-1]])
        expected += ["".join(sentence[start : last + 1]) for start, last in spans]
        first += len(sentence)
    record = {"sentences": sentences, "ner": ner, "relations": relations}
    (text,), report = read_as("dygie", write_lines(tmp_path / "f.jsonl", record))
    assert report.faults == []
    assert ["".join(text.text[one.start : one.end].split()) for one in text.entities] == [
        "".join(mention.split()) for mention in expected
    ]
    assert len(text.relations) == sum(map(len, relations))


@pytest.mark.e2e
def test_time_grows_in_proportion_to_the_text(tmp_path):
    def work(count):
        ner = [[[number, number, "X"] for number in range(count)]]
        relations = [[[number, number, 0, 0, "R"] for number in range(count)]]
        record = {"sentences": [["Mira"] * count], "ner": ner, "relations": relations}
        path = write_lines(tmp_path / f"{count}.jsonl", record)
        return lambda: read_as("dygie", path)

    assert growth.exponent(work, largest=5_000) < growth.BELOW_THE_SQUARE


LOSSES = {"train": (5598, 3219, 2), "dev": (811, 455, 0), "test": (1685, 974, 4)}
"""Of SciERC's splits: mentions, relations, and relations whose ends the rules for sentences put apart."""


@pytest.mark.skipif(not os.environ.get("SPERT_SHARED_DATA"), reason="SciERC is not here")
@pytest.mark.parametrize("split", LOSSES)
def test_scierc_loses_next_to_nothing_on_its_way_through_text(split):
    """So the rules for text serve these files, too: what tokens and sentences they bring is not needed."""
    path = Path(os.environ["SPERT_SHARED_DATA"]) / "scierc" / f"{split}.json"
    mentions, relations, apart = LOSSES[split]
    texts, report = read_as("dygie", path)
    align = Aligner(AlignmentSettings(), report)
    documents = [align(text) for text in texts]
    repeated = 4 if split == "train" else 0
    assert (report.faults, report.adds_up()) == ([], True)
    assert (report.count_read("entities"), report.written["entities"]) == (mentions, mentions)
    assert (report.count_read("relations"), report.written["relations"]) == (relations, relations - apart - repeated)
    assert not any(line.startswith("changed") for line in report.lines())
    given = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    together = {"".join("".join(sentence).split()) for record in given for sentence in record["sentences"]}
    kept = sum("".join(document.tokens) in together for of_text in documents for document in of_text)
    assert kept / sum(len(record["sentences"]) for record in given) > 0.98
