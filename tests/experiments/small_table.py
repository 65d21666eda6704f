"""A table whose runs take seconds, on a folder of a few documents."""

from dataclasses import replace
from pathlib import Path

from spert_hf.experiments.running import write_result
from spert_hf.experiments.runs import Run, plan_runs, result_settings
from spert_hf.experiments.tables import NER, REL_PLUS, Row, Table
from tests.support.documents import make_dataset_folder

SMALL = {"num_train_epochs": 2, "eval_every_epochs": 0, "learning_rate": 1e-3}


def make_table(folder: Path, **changes) -> Table:
    """A table of two rows and two seeds on documents in a folder, which is made."""
    folder.mkdir()
    make_dataset_folder(folder)
    table = Table(
        name="small",
        title="Small",
        claim="Whether it runs.",
        dataset=str(folder),
        split="dev",
        rows=(Row("max", {"span_pooling": "max"}), Row("mean", {"span_pooling": "mean"})),
        columns=(NER, REL_PLUS),
        seeds=(1, 2),
        settings=SMALL,
        analysis="sentence_lengths",
    )
    return replace(table, **changes)


def make_result(run: Run, f1: float) -> dict:
    """What a run might leave: every score is the given one, and so is what the analyses found."""
    score = {"precision": f1, "recall": f1, "f1": f1}
    return {
        "settings": result_settings(run.arguments),
        "scores": {task: {"micro": score, "macro": score} for task in ("ner", "rel", "rel_plus")},
        "seconds": 60.0 * f1,
        "resumed_at_step": 0,
        "device": "cpu",
        "threads": 1,
        "versions": {"torch": "2.13.0"},
        "analyses": {
            "sentence_lengths": [{"tokens": "1–20", "documents": 4, "relations": 6, "f1": f1}],
            "thresholds": [{"threshold": threshold, **score} for threshold in (0.3, 0.4)],
        },
    }


def put_results(table: Table, results_dir: Path, scores: dict[str, list[float]], encoder: str = "some/encoder") -> None:
    """Write results of the first seeds of rows, by their labels."""
    for row in table.rows:
        for run, f1 in zip(plan_runs(table, row, encoder), scores.get(row.label, []), strict=False):
            write_result(run.result_file(results_dir), make_result(run, f1))
