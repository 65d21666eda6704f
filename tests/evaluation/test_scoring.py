import ast
import copy
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spert_hf.evaluation import score_documents
from spert_hf.evaluation.spert_metric import scoring
from spert_hf.evaluation.spert_metric.scoring import drop_overlapping, read_record
from tests.evaluation.evaluation_records import (
    GOLDEN_CASES,
    GOLDEN_DOCUMENTS,
    SYMMETRIC,
    annotations,
    documents_with_predictions,
    record,
)

GOLDEN_TASKS = {"ner": "ner", "rel": "rel", "rel_plus": "rel_nec"}
GOLDEN_FIGURES = {"precision": "prec", "recall": "rec", "f1": "f1"}


@pytest.mark.parametrize("setting", ["overlapping", "no_overlapping"])
@pytest.mark.parametrize("case", GOLDEN_CASES)
def test_scores_are_those_of_the_published_implementation(case, setting):
    expected = GOLDEN_CASES[case]["scores"][setting]
    result = score_documents(
        GOLDEN_DOCUMENTS,
        GOLDEN_CASES[case]["predictions"],
        no_overlapping=setting == "no_overlapping",
        symmetric_relation_types=SYMMETRIC,
    )
    for task, golden_task in GOLDEN_TASKS.items():
        for average in ("micro", "macro"):
            score = getattr(result.tasks[task], average)
            for figure, golden_figure in GOLDEN_FIGURES.items():
                golden = expected[golden_task][f"{golden_figure}_{average}"]
                assert getattr(score, figure) == pytest.approx(golden, abs=1e-9), (task, average, figure)


def _sklearn_micro_macro(gold: list[list[tuple]], predicted: list[list[tuple]]) -> list[float]:
    """Item by item through label lists, as it is usually done."""
    from sklearn.metrics import precision_recall_fscore_support

    gold_labels, predicted_labels = [], []
    for gold_items, predicted_items in zip(gold, predicted, strict=True):
        for item in set(gold_items) | set(predicted_items):
            gold_labels.append(item[-1] if item in gold_items else "none")
            predicted_labels.append(item[-1] if item in predicted_items else "none")
    types = sorted({*gold_labels, *predicted_labels} - {"none"})
    if not types:
        return [0.0] * 6
    figures = []
    for average in ("micro", "macro"):
        scores = precision_recall_fscore_support(
            gold_labels, predicted_labels, labels=types, average=average, zero_division=0
        )
        figures.extend(100 * score for score in scores[:3])
    return figures


@given(documents_with_predictions(), st.booleans())
def test_scores_agree_with_sklearn(pairs, no_overlapping):
    pytest.importorskip("sklearn")
    documents, predictions = pairs
    result = score_documents(documents, predictions, no_overlapping=no_overlapping, symmetric_relation_types=["S"])
    sides = []
    for records in pairs:
        read = [read_record(one, "record", symmetric=frozenset("S")) for one in records]
        sides.append([drop_overlapping(*items) for items in read] if no_overlapping else read)
    gold, predicted = sides
    tasks = {
        "ner": [[entities for entities, _ in side] for side in (gold, predicted)],
        "rel": [
            [[(h[:2], t[:2], name) for h, t, name in relations] for _, relations in side] for side in (gold, predicted)
        ],
        "rel_plus": [[relations for _, relations in side] for side in (gold, predicted)],
    }
    for task, (gold_items, predicted_items) in tasks.items():
        scores = result.tasks[task]
        ours = [getattr(score, f) for score in (scores.micro, scores.macro) for f in GOLDEN_FIGURES]
        assert ours == pytest.approx(_sklearn_micro_macro(gold_items, predicted_items), abs=1e-9)


@given(annotations())
def test_overlapping_entities_are_those_of_the_quadratic_search(annotation):
    entities, relations = read_record(annotation, "record")
    kept, _ = drop_overlapping(entities, relations)

    def overlaps(first, second):
        return first != second and first[0] < second[1] and second[0] < first[1]

    assert kept == [one for one in entities if not any(overlaps(one, other) for other in entities)]


@given(documents_with_predictions())
def test_perfect_predictions_score_100_and_inputs_stay_as_they_are(pairs):
    documents, _ = pairs
    before = copy.deepcopy(documents)
    result = score_documents(documents, documents, symmetric_relation_types=["R"])
    assert documents == before
    for scores in result.tasks.values():
        expected = 100.0 if scores.per_type else 0.0
        assert (scores.micro.f1, scores.macro.f1) == (expected, expected)


def test_symmetric_relations_are_put_in_text_order_in_gold_and_prediction():
    forward = record(("P", 0, 1), ("P", 2, 3), relations=(("With", 0, 1),))
    backward = record(("P", 0, 1), ("P", 2, 3), relations=(("With", 1, 0),))
    for gold, predicted in ((forward, backward), (backward, forward)):
        assert score_documents([gold], [predicted]).rel.micro.f1 == 0
        assert score_documents([gold], [predicted], symmetric_relation_types=["With"]).rel.micro.f1 == 100
    both = record(("P", 0, 1), ("P", 2, 3), relations=(("With", 1, 0), ("With", 0, 1)))
    assert score_documents([both], [forward], symmetric_relation_types=["With"]).rel_plus.micro.support == 1


def test_symmetric_arguments_that_start_together_keep_their_order():
    gold = record(("P", 0, 1), ("P", 0, 2), relations=(("With", 0, 1),))
    predicted = record(("P", 0, 1), ("P", 0, 2), relations=(("With", 1, 0),))
    assert score_documents([gold], [gold], symmetric_relation_types=["With"]).rel.micro.f1 == 100
    assert score_documents([gold], [predicted], symmetric_relation_types=["With"]).rel.micro.f1 == 0


def test_rel_plus_asks_for_the_entity_types_and_rel_does_not():
    gold = record(("P", 0, 1), ("Q", 2, 3), relations=(("R", 0, 1),))
    predicted = record(("P", 0, 1), ("P", 2, 3), relations=(("R", 0, 1),))
    result = score_documents([gold], [predicted])
    assert (result.ner.micro.f1, result.rel.micro.f1, result.rel_plus.micro.f1) == (50, 100, 0)


def test_duplicates_count_once():
    once = record(("P", 0, 1), ("Q", 2, 3), relations=(("R", 0, 1),))
    twice = record(("P", 0, 1), ("Q", 2, 3), ("P", 0, 1), relations=(("R", 0, 1), ("R", 2, 1)))
    for no_overlapping in (False, True):
        result = score_documents([once], [twice], no_overlapping=no_overlapping)
        assert result.ner.micro.tp == 2
        assert result.rel_plus.micro.tp == 1
        assert [scores.micro.fp for scores in result.tasks.values()] == [0, 0, 0]


def test_without_overlaps_all_parties_go_but_a_relation_stays_unless_its_own_arguments_overlap():
    gold = record(("P", 0, 2), ("Q", 0, 1), ("Q", 3, 4), relations=(("R", 0, 2), ("R", 0, 1)))
    kept_entities, kept_relations = drop_overlapping(*read_record(gold, "record"))
    assert kept_entities == [(3, 4, "Q")]
    assert kept_relations == [((0, 2, "P"), (3, 4, "Q"), "R")]


def test_without_overlaps_a_relation_of_an_entity_with_itself_stays():
    relations = [((0, 1, "P"), (0, 1, "P"), "R"), ((0, 1, "P"), (0, 1, "Q"), "R")]
    assert drop_overlapping([], relations)[1] == relations[:1]


def test_two_types_on_one_span_overlap_and_neighbours_do_not():
    entities, _ = read_record(record(("P", 0, 1), ("Q", 0, 1), ("P", 1, 2), ("P", 2, 4)), "record")
    assert drop_overlapping(entities, [])[0] == [(1, 2, "P"), (2, 4, "P")]


def test_macro_f1_is_the_mean_over_types_seen_on_either_side():
    gold = record(("P", 0, 1), ("Q", 1, 2))
    predicted = record(("P", 0, 1), ("S", 3, 4))
    result = score_documents([gold], [predicted])
    assert list(result.ner.per_type) == ["P", "Q", "S"]
    assert result.ner.macro.f1 == pytest.approx(100 / 3)
    assert result.ner.micro.f1 == 50
    assert result.ner.per_type["Q"].to_dict() == {
        "precision": 0.0, "recall": 0.0, "f1": 0.0, "tp": 0, "fp": 0, "fn": 1, "support": 1,
    }  # fmt: skip


def test_nothing_at_all_scores_zero():
    for documents in ([], [record()]):
        result = score_documents(documents, documents)
        assert result.documents == len(documents)
        assert set(result.to_flat_dict().values()) == {0.0}


def test_token_offsets_of_the_pipeline_take_precedence_over_its_character_offsets():
    gold = {"tokens": ["New", "York"], **record(("Place", 0, 2))}
    entity = {"type": "Place", "start": 0, "end": 8, "token_start": 0, "token_end": 2, "score": 0.9, "text": "New York"}
    assert score_documents([gold], [{"entities": [entity], "relations": []}]).ner.micro.f1 == 100


def test_integers_of_other_libraries_are_integers():
    numpy = pytest.importorskip("numpy")
    start, end = numpy.int64(0), numpy.int32(1)
    predicted = {"entities": [{"type": "P", "start": start, "end": end}], "relations": []}
    assert score_documents([record(("P", 0, 1))], [predicted]).ner.micro.f1 == 100


GOOD = {"tokens": ["a", "b"], **record(("P", 0, 1), ("P", 1, 2), relations=(("R", 0, 1),))}


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("entities",), None, r"predictions\[1\].entities must be a list of mappings.*given None"),
        (("relations",), {"type": ["R"]}, r"predictions\[1\].relations must be a list of mappings"),
        (("entities", 1), "P", r"predictions\[1\].entities\[1\] must be a mapping"),
        (("entities", 1, "type"), 3, r"predictions\[1\].entities\[1\].type must be a string, given 3"),
        (("entities", 1, "start"), 1.0, r"predictions\[1\].entities\[1\].start must be an integer, given 1.0"),
        (("entities", 1, "end"), True, r"predictions\[1\].entities\[1\].end must be an integer, given True"),
        (("entities", 1, "end"), 1, r"predictions\[1\].entities\[1\]: .*given start=1, end=1"),
        (("entities", 0, "start"), -1, r"predictions\[1\].entities\[0\]: .*given start=-1, end=1"),
        (("entities", 1, "end"), 3, r"end <= 2 \(the number of tokens\), given start=1, end=3"),
        (("relations", 0, "tail"), 2, r"predictions\[1\].relations\[0\].tail must be an index .* 2 entities.*given 2"),
        (("relations", 0, "head"), -1, r"predictions\[1\].relations\[0\].head must be an index .*given -1"),
        (("tokens",), ["a", "c"], r"predictions\[1\].tokens must be the document's tokens"),
    ],
)
def test_a_malformed_record_is_named(path, value, message):
    bad = copy.deepcopy(GOOD)
    target = bad
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = value
    with pytest.raises(ValueError, match=message):
        score_documents([GOOD, GOOD], [GOOD, bad])


def test_missing_fields_are_named():
    with pytest.raises(ValueError, match=r"documents\[0\].relations .*only the fields \['entities'\]"):
        score_documents([{"entities": []}], [GOOD])
    with pytest.raises(ValueError, match=r"predictions\[0\] must be a mapping .*given 'x'"):
        score_documents([GOOD], ["x"])


def test_lists_of_different_length_or_no_lists_are_refused():
    with pytest.raises(ValueError, match="given 1 predictions and 2 documents"):
        score_documents([GOOD, GOOD], [GOOD])
    with pytest.raises(ValueError, match="predictions must be a list of records, given dict"):
        score_documents([GOOD], GOOD)


@pytest.mark.parametrize("names", ["With", None, [1]])
def test_symmetric_types_must_be_a_list_of_names(names):
    with pytest.raises(ValueError, match="symmetric_relation_types must be a list of names"):
        score_documents([GOOD], [GOOD], symmetric_relation_types=names)


def test_scoring_needs_nothing_but_the_standard_library():
    tree = ast.parse(Path(scoring.__file__).read_text(encoding="utf-8"))
    modules = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            modules.add(node.module or "")
    assert {module.split(".")[0] for module in modules} <= set(sys.stdlib_module_names)
