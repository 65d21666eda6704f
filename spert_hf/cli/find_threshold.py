"""`spert-hf find-threshold`: find the relation threshold with the best REL+ F1 on a split."""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from ..evaluation.spert_metric.scoring import Score
from ..evaluation.threshold_search import ThresholdScores, best_threshold, score_thresholds
from ..files.atomic import RUN_FILE, write_atomically
from ..files.model_folder import model_output
from ..model.messages import must_be
from .options import load_documents, load_pipeline


def run(options: argparse.Namespace) -> int:
    """Run the command; return its exit code."""
    folder = Path(options.model)
    if options.save and not folder.is_dir():
        raise ValueError(must_be("--model", "a folder with --save", options.model))
    with ExitStack() as stack:
        if options.save:
            stack.enter_context(model_output("--save", folder, overwrite=False, own=folder))
        pipe = load_pipeline(options)
        own = pipe.model.config.relation_threshold
        if not pipe.model.config.relation_types:
            raise ValueError(f"--model: {options.model} has no relation types, so it has no relation threshold")
        (documents,) = load_documents(options, pipe.model.config, {"--split": options.split})
        thresholds = sorted({*_grid(options.step), own})
        scores = score_thresholds(pipe.model, pipe.spert_processor, documents, thresholds, options.batch_size)
        result = _describe(scores, own, options)
        sys.stdout.write((json.dumps(result, indent=2) if options.json else "\n".join(_table(result))) + "\n")
        if options.save:
            _save(folder, result["best_threshold"], own)
    return 0


def _grid(step: float) -> Iterator[float]:
    """Return the thresholds from 0 to 1."""
    for number in range(1, round(1 / step) + 1):
        threshold = round(number * step, 6)
        if threshold < 1:
            yield threshold


def _describe(scores: Sequence[ThresholdScores], own: float, options: argparse.Namespace) -> dict[str, Any]:
    """Return the result as JSON."""
    result: dict[str, Any] = {
        "split": options.split,
        "own_threshold": own,
        "best_threshold": best_threshold({one.threshold: one.micro for one in scores}, own),
        "thresholds": [{"threshold": one.threshold, **_figures(one.micro)} for one in scores],
    }
    if options.by_type:
        result["by_type"] = {}
        for name in scores[0].by_type:
            scores_of_type = {one.threshold: one.by_type[name] for one in scores}
            best = best_threshold(scores_of_type, own)
            result["by_type"][name] = {
                "best_threshold": best,
                "best": _figures(scores_of_type[best]),
                "own": _figures(scores_of_type[own]),
                "support": scores_of_type[own].support,
            }
    return result


def _figures(score: Score) -> dict[str, float]:
    return {"precision": score.precision, "recall": score.recall, "f1": score.f1}


def _table(result: dict[str, Any]) -> Iterator[str]:
    """Format the result as text, with at most 80 columns."""
    own, best = result["own_threshold"], result["best_threshold"]
    yield f"REL+ (micro, in percent) on the {result['split']} split, by relation threshold"
    yield f"  {'threshold':>9}{'precision':>12}{'recall':>9}{'F1':>9}"
    for row in result["thresholds"]:
        marks = [mark for mark, at in (("best", best), ("the model's own", own)) if row["threshold"] == at]
        yield f"  {row['threshold']:>9.4g}{_cells(row)}{'  ' if marks else ''}{', '.join(marks)}"
    if "by_type" not in result:
        return
    yield ""
    yield "By relation type: the best threshold, its F1, and F1 at the model's threshold"
    width = max(len(name) for name in ("", *result["by_type"]))
    yield f"  {'':<{width}}{'support':>9}{'threshold':>11}{'F1':>9}{'own F1':>9}"
    for name, row in result["by_type"].items():
        figures = f"{row['best']['f1']:>9.2f}{row['own']['f1']:>9.2f}"
        yield f"  {name:<{width}}{row['support']:>9}{row['best_threshold']:>11.4g}{figures}"
    yield ""
    given = {name: row["best_threshold"] for name, row in result["by_type"].items() if row["support"]}
    yield f"In Python: pipe(text, relation_threshold={given})"


def _cells(row: dict[str, float]) -> str:
    return f"{row['precision']:>12.2f}{row['recall']:>9.2f}{row['f1']:>9.2f}"


def _save(folder: Path, best: float, own: float) -> None:
    """Write the threshold to the checkpoint's config, and remove scores that no longer apply."""
    if best == own:
        sys.stderr.write(f"{folder} already has the best threshold: nothing is written\n")
        return
    path = folder / "config.json"
    settings = json.loads(path.read_text(encoding="utf-8"))
    write_atomically(path, [json.dumps(settings | {"relation_threshold": best}, indent=2) + "\n"])
    record = folder / RUN_FILE
    removed = f"; {RUN_FILE} with the scores at {own:.4g} is removed" if record.is_file() else ""
    record.unlink(missing_ok=True)
    sys.stderr.write(f"relation_threshold {best:.4g} (before {own:.4g}) saved in {path}{removed}\n")
