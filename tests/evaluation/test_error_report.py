import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spert_hf.evaluation import analyse_errors, describe_errors, errors_to_markdown, write_error_markdown
from spert_hf.evaluation.error_report import ERROR_HEADINGS, error_examples, error_rows
from tests.evaluation.evaluation_records import documents_with_predictions, record

TOKENS = ["Marian", "Pell", "of", "Northern", "Paper", "in", "Duluth"]
GOLD = record(("P", 0, 2), ("O", 3, 5), ("L", 6, 7), relations=(("Works", 0, 1), ("Near", 1, 2)))


def _analyse(*pairs, tokens=TOKENS, **settings):
    documents = [{"tokens": tokens, **gold} for gold, _ in pairs]
    return analyse_errors(documents, [predicted for _, predicted in pairs], **settings)


def _with_scores(one, score):
    return {key: [{**item, "score": score} for item in items] for key, items in one.items()}


class TestRows:
    def test_a_row_per_kind_and_their_sum(self):
        pairs = [(record(("P", 0, 1), ("P", 2, 3)), record(("Q", 0, 1), ("P", 5, 6)))]
        assert error_rows(_analyse(*pairs), "ner") == [
            ("wrong type", "1", "33.3", "1", "1", "P → Q 1"),
            ("wrong boundary", "0", "0.0", "0", "0", ""),
            ("wrong boundary and type", "0", "0.0", "0", "0", ""),
            ("repeated mention", "0", "0.0", "0", "0", ""),
            ("spurious", "1", "33.3", "1", "0", "P 1"),
            ("missed", "1", "33.3", "0", "1", "P 1"),
            ("all", "3", "100.0", "2", "2", ""),
        ]

    def test_the_most_frequent_types_come_first_and_the_others_are_summed_up(self):
        names = "ABBCCDEFG"
        analysis = _analyse(*[(record((name, 0, 1)), record()) for name in names])
        assert error_rows(analysis, "ner")[-2][-1] == "B 2, C 2, A 1, D 1, E 1, others 2"


class TestExamples:
    def test_an_entity_is_shown_with_what_is_right_and_what_was_found(self):
        predicted = _with_scores(record(("O", 2, 5)), 0.876)
        (example,) = error_examples(_analyse((record(("O", 3, 5)), predicted)))
        assert str(example) == (
            "NER, wrong boundary (document 1): Marian Pell of [Northern Paper]O in Duluth"
            " | expected: Northern Paper (O) | found: of Northern Paper (O) 0.88"
        )

    def test_a_relation_is_shown_with_its_direction_if_it_has_one(self):
        predicted = {**GOLD, "relations": []}
        analysis = _analyse((GOLD, predicted), symmetric_relation_types=["Near"])
        works, near = error_examples(analysis)
        assert works.expected == "Marian Pell (P) ─ Works → Northern Paper (O)"
        assert works.sentence == "[Marian Pell]P of [Northern Paper]O in Duluth"
        assert works.found == "nothing"
        assert near.expected == "Northern Paper (O) ─ Near ─ Duluth (L)"

    def test_mentions_of_the_prediction_are_marked_where_they_hide_none_of_gold(self):
        predicted = {**GOLD, "relations": [{"type": "Works", "head": 0, "tail": 2}, GOLD["relations"][1]]}
        (example,) = error_examples(_analyse((GOLD, predicted)))
        assert example.sentence == "[Marian Pell]P of [Northern Paper]O in [Duluth]L"

    def test_of_a_long_sentence_what_stands_around_the_mentions_is_quoted(self):
        tokens = [f"w{index}" for index in range(40)]
        (example,) = error_examples(_analyse((record(("P", 20, 21)), record()), tokens=tokens))
        around = " ".join(tokens[12:20]), " ".join(tokens[21:29])
        assert example.sentence == f"… {around[0]} [w20]P {around[1]} …"
        assert example.expected == "w20 (P)"

    def test_kinds_take_turns_the_most_frequent_first(self):
        missed, spurious = (record(("P", 0, 1)), record()), (record(), record(("P", 0, 1)))
        kinds = [example.kind for example in error_examples(_analyse(spurious, missed, missed, missed), 3)]
        assert kinds == ["missed", "spurious", "missed"]

    def test_each_example_is_from_another_document_where_there_is_one(self):
        both = (record(("P", 0, 1)), record(("P", 5, 6)))
        examples = error_examples(_analyse(both, both))
        assert [example.document for example in examples[:2]] == [1, 2]
        assert len(examples) == 4

    def test_documents_without_tokens_are_counted_but_not_quoted(self):
        analysis = analyse_errors([record(("P", 0, 1))], [record()])
        assert error_examples(analysis) == []
        assert len(analysis.errors["ner"]) == 1

    @given(documents_with_predictions(), st.integers(0, 12))
    def test_all_errors_are_examples_up_to_the_limit_and_none_twice(self, pairs, limit):
        analysis = analyse_errors(*pairs)
        examples = error_examples(analysis, limit)
        assert len(examples) == min(limit, sum(map(len, analysis.errors.values())))
        assert examples == error_examples(analysis, limit)
        described = describe_errors(analysis, limit)
        assert described["examples"] == [str(example) for example in examples]
        every = [str(example) for example in error_examples(analysis, 1000)]
        assert len(set(every)) == len(every)


def test_the_description_is_plain_json_with_all_counts():
    analysis = _analyse((GOLD, record(("O", 0, 2))))
    described = json.loads(json.dumps(describe_errors(analysis)))
    assert described["ner"]["errors"] == 3
    assert described["ner"]["kinds"]["wrong type"] == {
        "count": 1,
        "share": pytest.approx(100 / 3),
        "false_positives": 1,
        "false_negatives": 1,
        "by_types": [{"gold": "P", "predicted": "O", "count": 1}],
    }
    assert described["rel_plus"]["kinds"]["missed, argument not found"]["by_types"] == [
        {"gold": "Near", "predicted": None, "count": 1},
        {"gold": "Works", "predicted": None, "count": 1},
    ]


class TestMarkdown:
    def test_tables_and_examples(self, tmp_path):
        analysis = _analyse((GOLD, record(("O", 0, 2))))
        lines = errors_to_markdown(analysis).splitlines()
        assert lines.count(f"| {' | '.join(ERROR_HEADINGS)} |") == 2
        assert "| wrong type | 1 | 33.3 | 1 | 1 | `P → O 1` |" in lines
        assert (
            "- NER, wrong type (document 1): `[Marian Pell]P of Northern Paper in Duluth` — expected "
            "`Marian Pell (P)`, found `Marian Pell (O)`"
        ) in lines
        written = write_error_markdown(tmp_path / "new" / "errors.md", analysis)
        assert written.read_text(encoding="utf-8").splitlines() == lines

    @given(st.text(alphabet="|`\n*<a", min_size=1, max_size=8))
    def test_no_text_from_the_data_ends_a_cell_or_a_line(self, name):
        analysis = _analyse((record((name, 0, 1)), record()), tokens=[name])
        lines = errors_to_markdown(analysis).splitlines()
        rows = [line for line in lines if line.startswith("|")]
        assert {row.replace("\\|", "").count("|") for row in rows} == {len(ERROR_HEADINGS) + 1}
        assert sum(line.startswith("- ") for line in lines) == 1
