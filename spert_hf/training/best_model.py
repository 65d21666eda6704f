"""The best model of a run's evaluations, which is kept beside its checkpoints."""

from pathlib import Path

from .checkpoints import TrainingState

BEST_FOLDER = "best"


def note_score(reached: TrainingState, score: float, measure: str | None) -> bool:
    """Note the score of an evaluation.

    Args:
        reached: how far the run is.
        score: by the metric that decides.
        measure: what models are chosen by, `None` if the best is not to be kept.

    Returns:
        Whether the model is to be kept as the best so far.
    """
    if reached.best_metric is None or score > reached.best_metric:
        reached.best_metric = score
    if measure is None or (reached.best_score is not None and score <= reached.best_score):
        return False
    reached.best_score, reached.best_measure = score, measure
    return True


def forget_best_if_lost(reached: TrainingState, measure: str, output_dir: Path) -> str | None:
    """Begin the search for the best model anew where that of a resumed run is not at hand or not comparable.

    Returns:
        Why, if so.
    """
    if reached.best_score is None:
        return None
    if reached.best_measure != measure:
        reason = f"it was chosen by {reached.best_measure}, not by {measure}"
        reached.best_metric = None
    elif not (output_dir / BEST_FOLDER).is_dir():
        reason = f"{output_dir} has none"
    else:
        return None
    reached.best_score = None
    return reason
