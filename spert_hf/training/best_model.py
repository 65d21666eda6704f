"""The best model of a run, which is kept beside its checkpoints."""

from pathlib import Path

from .checkpoints import TrainingState

BEST_FOLDER = "best"


def note_score(reached: TrainingState, score: float, measure: str | None) -> bool:
    """Record the score of an evaluation.

    Args:
        reached: the state of the run, which is updated.
        score: the model's score by the measure.
        measure: name of the measure that decides; `None` if the best model is not kept.

    Returns:
        Whether the model is the best so far, and has to be kept.
    """
    if reached.best_metric is None or score > reached.best_metric:
        reached.best_metric = score
    if measure is None or (reached.best_score is not None and score <= reached.best_score):
        return False
    reached.best_score, reached.best_measure = score, measure
    return True


def forget_best_if_lost(reached: TrainingState, measure: str, output_dir: Path) -> str | None:
    """Restart the search for the best model if that of a resumed run is missing or not comparable.

    Args:
        reached: the state of the run, which is updated.
        measure: name of the measure that decides.
        output_dir: the run's output folder.

    Returns:
        The reason, or `None` if the search goes on.
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
