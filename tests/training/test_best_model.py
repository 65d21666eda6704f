"""Which model of a run's evaluations is the best."""

from spert_hf.training.best_model import BEST_FOLDER, forget_best_if_lost, note_score
from spert_hf.training.checkpoints import TrainingState


def test_a_better_score_is_noted_and_an_equal_one_is_not():
    reached = TrainingState()
    assert [note_score(reached, score, "ner_f1") for score in (40.0, 40.0, 30.0, 50.0)] == [True, False, False, True]
    assert (reached.best_score, reached.best_metric, reached.best_measure) == (50.0, 50.0, "ner_f1")


def test_where_none_is_kept_callbacks_are_told_the_best_all_the_same():
    reached = TrainingState()
    assert [note_score(reached, score, None) for score in (40.0, 30.0)] == [False, False]
    assert (reached.best_score, reached.best_metric) == (None, 40.0)


def test_a_best_model_that_is_at_hand_and_comparable_stays(tmp_path):
    (tmp_path / BEST_FOLDER).mkdir()
    reached = TrainingState(best_score=40.0, best_metric=40.0, best_measure="ner_f1")
    assert forget_best_if_lost(reached, "ner_f1", tmp_path) is None
    assert reached.best_score == 40.0
    assert forget_best_if_lost(TrainingState(), "ner_f1", tmp_path) is None


def test_one_that_is_gone_or_was_chosen_otherwise_is_forgotten(tmp_path):
    reached = TrainingState(best_score=40.0, best_metric=40.0, best_measure="ner_f1")
    assert forget_best_if_lost(reached, "ner_f1", tmp_path) == f"{tmp_path} has none"
    assert (reached.best_score, reached.best_metric) == (None, 40.0)
    reached = TrainingState(best_score=40.0, best_metric=40.0, best_measure="ner_f1")
    assert forget_best_if_lost(reached, "rel_f1", tmp_path) == "it was chosen by ner_f1, not by rel_f1"
    assert (reached.best_score, reached.best_metric) == (None, None)
