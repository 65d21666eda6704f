"""Results as metadata for the Hub: a `model-index` with an entry for each row of the tables on test splits."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import yaml
from huggingface_hub import DatasetCard, EvalResult
from huggingface_hub.repocard_data import eval_results_to_model_index

from ..data.named_datasets import data_card_of
from ..evaluation.report import TASK_NAMES
from ..hub.training_record import FIGURES, HUB_TASKS
from .summary import RowResults, TableResults


def render_model_index(found: Iterable[TableResults]) -> str:
    """Return the means of all rows with runs as YAML, without figures that were not measured."""
    entries = [
        entry
        for results in found
        if results.table.split == "test"
        for row in results.rows
        if row.results
        for entry in eval_results_to_model_index(
            f"SpERT over {Path(results.encoder).name}: {results.table.title}, {row.row.label}",
            list(_eval_results(results, row)),
        )
    ]
    return yaml.safe_dump({"model-index": entries}, sort_keys=False, allow_unicode=True)


def _eval_results(results: TableResults, row: RowResults) -> Iterator[EvalResult]:
    table = results.table
    card = data_card_of(table.dataset)
    title = (card and DatasetCard.load(card).data.pretty_name) or table.dataset
    for column in table.columns:
        score = row.score(column)
        if score is None:
            continue
        task_type, task_name = HUB_TASKS[column.task]
        yield EvalResult(
            task_type=task_type,
            task_name=task_name,
            dataset_type=table.dataset,
            dataset_name=title,
            dataset_split=table.split,
            metric_type=column.figure,
            metric_name=f"{TASK_NAMES[column.task]} {column.average} {FIGURES[column.figure]} (%), "
            + ("mean over folds" if table.by_fold else "mean over seeds"),
            metric_value=round(score.mean, 2),
            metric_args={"average": column.average, "runs": score.count}
            | ({} if score.deviation is None else {"standard_deviation": round(score.deviation, 2)}),
        )
