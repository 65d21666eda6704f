"""What a run is, where its result lies, and that results of other settings are refused."""

import json
from dataclasses import replace

import pytest

from spert_hf.experiments.runs import encoders_of, plan_runs, read_result, row_settings
from spert_hf.experiments.tables import Row
from spert_hf.training.arguments import SpertTrainingArguments
from tests.experiments.small_table import make_table, put_results


@pytest.fixture
def table(tmp_path):
    return make_table(tmp_path / "data")


def test_rows_with_the_same_settings_share_their_runs(table):
    first, second = (plan_runs(table, row, "some/encoder") for row in table.rows)
    another = replace(table, name="another", rows=(Row("default"),), settings={**table.settings, "logging_steps": 7})
    assert [run.key for run in plan_runs(another, another.rows[0], "some/encoder")] == [run.key for run in first]
    assert len({run.key for run in first + second}) == 4


@pytest.mark.parametrize(
    "changed", [{"learning_rate": 2e-3}, {"eval_split": "test"}, {"encoder": "another/encoder"}, {"bf16": True}]
)
def test_other_settings_are_other_runs(table, changed):
    changes = {"settings": {**table.settings, **changed}, "split": changed.get("eval_split", table.split)}
    other = plan_runs(replace(table, **changes), table.rows[0], changed.get("encoder", "some/encoder"))
    assert not {run.key for run in other} & {run.key for run in plan_runs(table, table.rows[0], "some/encoder")}


def test_names_hold_no_path_of_a_machine(table, tmp_path):
    (tmp_path / "my-encoder").mkdir()
    run = plan_runs(table, table.rows[0], str(tmp_path / "my-encoder"), seeds=[2])[0]
    assert run.key.startswith("data-dev-my-encoder-")
    assert run.key.endswith("/seed-2")
    assert run.arguments.seed == 2
    assert run.arguments.encoder == str(tmp_path / "my-encoder")
    assert str(tmp_path) not in json.dumps(run.group)
    assert run.key == plan_runs(table, table.rows[0], "my-encoder", seeds=[2])[0].key


def test_folds_stand_in_for_seeds(table):
    folded = replace(table, rows=(Row("a", {"dataset_config_name": "fold_{fold}_x"}),), seeds=(0, 3))
    runs = plan_runs(folded, folded.rows[0], "some/encoder")
    assert [run.arguments.dataset_config_name for run in runs] == ["fold_0_x", "fold_3_x"]
    assert {run.arguments.seed for run in runs} == {SpertTrainingArguments.seed}
    assert [run.key.split("/")[1] for run in runs] == ["fold-0", "fold-3"]
    assert len({run.key.split("/")[0] for run in runs}) == 1


def test_a_recipe_gives_all_but_encoder_and_place(table):
    settings = row_settings(table, Row("recipe", recipe="conll04/recipe_minilm.yaml"))
    assert settings["train_on_dev"] is True
    assert settings["dataset"] == table.dataset
    assert not {"encoder", "output_dir", "seed"} & set(settings)


def test_a_result_of_other_settings_is_refused(table, tmp_path):
    run = plan_runs(table, table.rows[0], "some/encoder")[0]
    put_results(table, tmp_path, {"max": [50.0]})
    file = run.result_file(tmp_path)
    assert read_result(file, run)["scores"]["ner"]["micro"]["f1"] == 50.0
    changed = json.loads(file.read_text())
    changed["settings"]["learning_rate"] = 0.5
    file.write_text(json.dumps(changed))
    with pytest.raises(ValueError) as raised:
        read_result(file, run)
    assert f"{file}: learning_rate: 0.5 there, but 0.001 in small: max, seed 1" in str(raised.value)


def test_a_setting_that_came_later_had_its_default(table, tmp_path):
    put_results(table, tmp_path, {"max": [50.0], "mean": [50.0]})
    (run, _), (other, _) = (plan_runs(table, row, "some/encoder") for row in table.rows)
    for one in (run, other):
        result = read_result(one.result_file(tmp_path))
        del result["settings"]["span_pooling"]
        one.result_file(tmp_path).write_text(json.dumps(result))
    assert read_result(run.result_file(tmp_path), run)
    with pytest.raises(ValueError, match="span_pooling: 'max' there, but 'mean'"):
        read_result(other.result_file(tmp_path), other)


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"settings": 1}'])
def test_files_that_are_no_results_are_refused(tmp_path, content):
    (tmp_path / "seed-1.json").write_text(content)
    with pytest.raises(ValueError, match=r"seed-1\.json is not the result of a run"):
        read_result(tmp_path / "seed-1.json")


def test_no_result_is_none(tmp_path):
    assert read_result(tmp_path / "seed-1.json") is None


def test_encoders_that_there_are_results_for(table, tmp_path):
    for encoder in ("z/one", "a/other", "sentence-transformers/all-MiniLM-L6-v2"):
        put_results(table, tmp_path, {"max": [50.0]}, encoder)
    assert encoders_of(tmp_path) == ["sentence-transformers/all-MiniLM-L6-v2", "a/other", "z/one"]


def test_runs_of_the_same_teachers_are_the_same(table):
    """By the teachers' settings and seeds, not by their labels or where they lie."""

    def key(**changes):
        taught = replace(table.rows[1], **{"teachers": table.rows[0], "teacher_seeds": (7, 8), **changes})
        (run,) = plan_runs(table, taught, "some/encoder", seeds=[1])
        assert len(run.teachers) == len(changes.get("teacher_seeds", (7, 8)))
        return run.key

    assert key() == key(teachers=replace(table.rows[0], label="other"))
    others = key(teachers=table.rows[1]), key(teacher_seeds=(7, 9)), key(teacher_seeds=(7,))
    assert len({key(), *others, key(teachers=None, teacher_seeds=())}) == 5
