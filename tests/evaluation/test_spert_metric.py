from pathlib import Path

import pytest

import spert_hf.evaluation
from spert_hf.evaluation import SpertMetric, score_documents
from tests.evaluation.evaluation_records import GOLDEN_CASES, GOLDEN_DOCUMENTS, SYMMETRIC, record

FOLDER = Path(spert_hf.evaluation.__file__).parent / "spert_metric"
PREDICTIONS = GOLDEN_CASES["model"]["predictions"]


@pytest.fixture
def metric(tmp_path):
    return SpertMetric(cache_dir=str(tmp_path))


@pytest.mark.parametrize("no_overlapping", [False, True])
def test_figures_are_those_of_score_documents(metric, no_overlapping):
    settings = {"no_overlapping": no_overlapping, "symmetric_relation_types": SYMMETRIC}
    scores = metric.compute(predictions=PREDICTIONS, references=GOLDEN_DOCUMENTS, **settings)
    result = score_documents(GOLDEN_DOCUMENTS, PREDICTIONS, **settings)
    per_type = scores.pop("per_type")
    assert scores == result.to_flat_dict()
    assert set(scores) == {
        f"{task}_{average}{figure}"
        for task in ("ner", "rel", "rel_plus")
        for average in ("", "macro_")
        for figure in ("precision", "recall", "f1")
    }
    assert per_type["rel_plus"]["Works_For"] == result.rel_plus.per_type["Works_For"].to_dict()


def test_batches_and_single_records_add_up(metric):
    metric.add_batch(predictions=PREDICTIONS[:4], references=GOLDEN_DOCUMENTS[:4])
    for prediction, document in zip(PREDICTIONS[4:], GOLDEN_DOCUMENTS[4:], strict=True):
        metric.add(prediction=prediction, reference=document)
    assert metric.compute()["ner_f1"] == score_documents(GOLDEN_DOCUMENTS, PREDICTIONS).ner.micro.f1


def test_a_refused_call_costs_no_records_added_before(metric):
    metric.add_batch(predictions=PREDICTIONS, references=GOLDEN_DOCUMENTS)
    with pytest.raises(ValueError, match="got 1 predictions and 0 references"):
        metric.add_batch(predictions=[record()], references=[])
    with pytest.raises(ValueError, match=r"predictions\[0\].entities\[0\].end must be an integer"):
        metric.add_batch(predictions=[record(("P", 0, "one"))], references=[record()])
    with pytest.raises(ValueError, match="symmetric_relation_types"):
        metric.compute(symmetric_relation_types="Partner_Of")
    with pytest.raises(ValueError, match="no_overlapping must be True or False, got 'no'"):
        metric.compute(no_overlapping="no")
    assert metric.compute()["ner_f1"] == score_documents(GOLDEN_DOCUMENTS, PREDICTIONS).ner.micro.f1


@pytest.mark.parametrize("documents", [[], [record()], [record(), record(("P", 0, 1))]])
def test_empty_lists_are_accepted(metric, documents):
    scores = metric.compute(predictions=[record() for _ in documents], references=documents)
    assert scores["ner_f1"] == 0


def test_other_fields_are_ignored_and_may_differ_between_records(metric):
    entity = {"type": "P", "start": 0, "end": 1, "score": 0.5, "text": "Ada"}
    predictions = [{"entities": [entity], "relations": [], "time": 3.0}, record()]
    references = [{"tokens": ["Ada"], "orig_id": 7, **record(("P", 0, 1))}, {"tokens": None, **record()}]
    assert metric.compute(predictions=predictions, references=references)["ner_f1"] == 100


def test_both_sides_are_needed(metric):
    with pytest.raises(ValueError, match="references are missing"):
        metric.compute(predictions=[record()])


def test_offsets_are_checked_against_the_references_tokens(metric):
    with pytest.raises(ValueError, match=r"predictions\[0\].entities\[0\]: .*<= 1 \(the number of tokens\)"):
        metric.compute(predictions=[record(("P", 0, 2))], references=[{"tokens": ["Ada"], **record()}])


def test_it_can_be_kept_in_memory():
    scores = SpertMetric(keep_in_memory=True).compute(predictions=PREDICTIONS, references=GOLDEN_DOCUMENTS)
    assert scores["ner_f1"] == score_documents(GOLDEN_DOCUMENTS, PREDICTIONS).ner.micro.f1


LOAD_FROM_FOLDER = """
metric = evaluate.load(folder)
"""
# evaluate asks the Hub for one file at a time: a folder answers in its place.
LOAD_FROM_HUB = """
import evaluate.loading as loading

loading.increase_load_count = lambda *args, **kwargs: None
loading.cached_path = lambda url, **kwargs: os.path.join(folder, url.rsplit("/", 1)[1])
metric = evaluate.load("somebody/spert_metric")
"""
STANDALONE = """
import os, re, sys
sys.modules["spert_hf"] = None  # not installed
import evaluate
folder = sys.argv[1]
{load}
readme = open(os.path.join(folder, "README.md"), encoding="utf-8").read()
example = re.search("```python\\n(.*?)```", readme, re.DOTALL).group(1)
lines = [line for line in example.splitlines() if "evaluate" not in line]
names = {{"spert_metric": metric}}
exec("\\n".join(lines), names)
scores = names["scores"]
assert (scores["ner_f1"], scores["rel_f1"], scores["rel_plus_f1"]) == (50.0, 100.0, 0.0), scores
"""


@pytest.mark.e2e
@pytest.mark.parametrize("load", [LOAD_FROM_FOLDER, LOAD_FROM_HUB], ids=["folder", "hub"])
def test_its_folder_works_alone_and_its_readme_tells_the_truth(warm_python, load, tmp_path):
    finished = warm_python.run(["-c", STANDALONE.format(load=load), FOLDER], tmp_path, {})
    assert finished.returncode == 0, finished.stderr


def test_its_card_is_a_space_of_the_hub():
    import yaml

    _, header, _ = (FOLDER / "README.md").read_text(encoding="utf-8").split("---\n", 2)
    card = yaml.safe_load(header)
    assert {"evaluate", "metric"} <= set(card["tags"])
    assert (FOLDER / card["app_file"]).is_file()
