"""The tables: their settings are allowed, and what is measured on dev has seen neither dev nor test."""

import pytest

from spert_hf.experiments.analyses import ANALYSES
from spert_hf.experiments.runs import plan_runs
from spert_hf.experiments.tables import FOLD, TABLES
from tests.support.source_files import MAKERS

TABLE_ROWS = [(table, row) for table in TABLES.values() for row in table.rows]


@pytest.mark.parametrize(("table", "row"), TABLE_ROWS, ids=lambda one: getattr(one, "name", getattr(one, "label", "")))
def test_every_row_can_be_trained(table, row):
    runs = plan_runs(table, row)
    assert len({run.key for run in runs}) == len(table.seeds)
    for run in runs:
        assert run.arguments.eval_split == table.split
        assert run.arguments.train_on_dev == (table.split == "test")
        assert run.arguments.eval_every_epochs == 0
        assert FOLD not in (run.arguments.dataset_config_name or "")


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_rows_differ_and_are_told_apart(table):
    groups = [run.key.split("/")[0] for row in table.rows for run in plan_runs(table, row)[:1]]
    assert len(set(groups)) == len(table.rows) == len({row.label for row in table.rows})


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_what_a_table_names_is_there(table):
    assert table.dataset in MAKERS
    assert table.analysis is None or table.analysis in ANALYSES
    assert table.axis is None or all(row.position is not None for row in table.rows)
    if table.finding:
        labels = {row.label for row in table.rows}
        assert set(table.finding.ahead) < labels - set(table.finding.beside)
        assert set(table.finding.beside) < labels
        assert table.finding.column in table.columns
    for published in table.published:
        assert set(published.scores) <= {column.key for column in table.columns}
        assert published.source


def test_the_ablations_share_the_runs_of_their_base():
    names = ("context", "pooling", "negative-spans", "negative-pairs", "negatives", "size-embedding", "threshold")
    shared = [{run.key for row in TABLES[name].rows for run in plan_runs(TABLES[name], row)} for name in names]
    assert len(set.intersection(*shared)) == len(TABLES["threshold"].seeds)
