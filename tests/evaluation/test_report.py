import json

from hypothesis import given
from hypothesis import strategies as st

from spert_hf.evaluation import format_table, score_documents, to_json
from spert_hf.evaluation.report import _cells, compare_with_text
from tests.evaluation.evaluation_records import GOLDEN_CASES, GOLDEN_DOCUMENTS, SYMMETRIC, record

RESULT = score_documents(GOLDEN_DOCUMENTS, GOLDEN_CASES["model"]["predictions"], symmetric_relation_types=SYMMETRIC)


def test_the_table_shows_averages_and_types_of_all_three_tasks():
    lines = format_table(RESULT).splitlines()
    assert lines[0] == "Scores in percent: 10 documents, overlapping entities scored"
    rows = [line.split() for line in lines]
    assert ["micro", "52.17", "85.71", "64.86", "28", "24", "22", "4"] in rows
    assert ["Works_For", "16.00", "66.67", "25.81", "6", "4", "21", "2"] in rows
    assert [line.split(":")[0] for line in lines if ": " in line][1:] == ["NER", "REL", "REL+"]


def test_scores_of_text_say_so():
    lines = format_table(RESULT, as_text=True).splitlines()
    assert "read as text" in lines[1]
    assert lines[2:] == format_table(RESULT).splitlines()[1:]
    assert json.loads(to_json(RESULT, as_text=True)) == {**json.loads(to_json(RESULT)), "as_text": True}


def test_scores_on_text_and_on_tokens_in_one_line():
    nothing = score_documents([], [])
    assert compare_with_text(RESULT, nothing) == (
        "Read as text, as users give it: NER, REL, REL+ 0.0, 0.0, 0.0 (micro F1; on tokens "
        f"{RESULT.ner.micro.f1:.1f}, {RESULT.rel.micro.f1:.1f}, {RESULT.rel_plus.micro.f1:.1f})"
    )


@given(st.text(min_size=1, max_size=60))
def test_the_table_is_aligned_and_fits_80_columns_whatever_the_types_are_called(name):
    result = score_documents([record((name, 0, 1))], [record((name, 0, 1))])
    lines = format_table(result).removesuffix("\n").split("\n")
    widths = [_cells(line) for line in lines]
    assert max(widths) <= 80
    scored = [width for line, width in zip(lines, widths, strict=True) if "100.00" in line]
    assert len(scored) == 3
    assert len(set(scored)) == 1


def test_a_name_of_any_length_is_cut():
    (line,) = [
        line
        for line in format_table(score_documents([record(("x" * 100_000, 0, 1))], [record()])).split("\n")
        if "xx" in line
    ][:1]
    assert "…" in line


def test_json_holds_everything():
    assert json.loads(to_json(RESULT)) == RESULT.to_dict()
    assert json.loads(to_json(RESULT))["rel_plus"]["per_type"]["Partner_Of"]["support"] == 2
