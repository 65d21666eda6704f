"""The relation threshold with the best REL+."""

import pytest
from transformers import AutoTokenizer

from spert_hf import SpertModel, SpertProcessor
from spert_hf.evaluation.spert_metric.scoring import score_of_counts
from spert_hf.evaluation.threshold_search import best_threshold, score_thresholds
from tests.support.predictions import annotate_in_part, predict_documents, score_predictions
from tests.support.tiny_models import SENTENCES


@pytest.mark.parametrize("batch_size", [1, 32])
def test_figures_are_those_of_the_metric(tiny_checkpoint, batch_size):
    model = SpertModel.from_pretrained(tiny_checkpoint).eval()
    processor = SpertProcessor.for_config(AutoTokenizer.from_pretrained(tiny_checkpoint), model.config)
    documents = annotate_in_part(model, processor, SENTENCES)
    thresholds = [0.05, 0.4, 0.99, 0.9999]
    scores = score_thresholds(model, processor, documents, thresholds, batch_size)
    assert [one.threshold for one in scores] == thresholds
    for one in scores:
        found = predict_documents(model, processor, documents, relation_threshold=one.threshold)
        expected = score_predictions(model, documents, found).rel_plus
        assert (one.micro.tp, one.micro.fp, one.micro.fn) == (expected.micro.tp, expected.micro.fp, expected.micro.fn)
        assert one.micro.precision == pytest.approx(expected.micro.precision)
        assert one.micro.recall == pytest.approx(expected.micro.recall)
        assert one.micro.f1 == pytest.approx(expected.micro.f1)
        for name, counts in one.by_type.items():
            assert counts.f1 == pytest.approx(expected.per_type[name].f1 if name in expected.per_type else 0)
    assert len({one.micro.f1 for one in scores}) > 1


def test_of_equally_good_thresholds_the_nearest_to_the_models_own_is_the_best():
    good, bad = score_of_counts(2, 1, 1), score_of_counts(1, 2, 1)
    assert best_threshold({0.2: good, 0.4: bad, 0.5: good, 0.9: good}, own=0.4) == 0.5
    assert best_threshold({0.2: good, 0.4: good, 0.5: good}, own=0.4) == 0.4
    assert best_threshold({0.25: good, 0.75: good}, own=0.5) == 0.25
    assert best_threshold(dict.fromkeys((0.2, 0.4), score_of_counts(0, 0, 0)), own=0.4) == 0.4
