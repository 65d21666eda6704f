"""Settings: from flags, YAML and recipes, and what is refused."""

import re

import pytest
import yaml

from spert_hf.cli.parsers.train import parse_arguments
from spert_hf.model.settings import KINDS
from spert_hf.training.arguments import GROUPS, SETTINGS, SpertTrainingArguments, read_recipe, settings_deciding


def test_the_quickstart_has_its_own_recipe():
    settings = parse_arguments([])
    assert settings.dataset == "quickstart"
    assert settings.optim == "adamw"
    assert settings.num_train_epochs < 20


def test_named_data_sets_are_trained_as_in_the_paper():
    settings = parse_arguments(["--dataset", "somebody/conll04"])
    assert (settings.num_train_epochs, settings.per_device_train_batch_size) == (20, 2)
    assert (settings.learning_rate, settings.warmup_ratio, settings.weight_decay) == (5e-5, 0.1, 0.01)
    assert (settings.negative_spans, settings.negative_pairs, settings.relation_threshold) == (100, 100, 0.4)
    assert settings.optim == "adamw_no_bias_correction"


def test_flags_go_before_the_file_and_the_file_before_the_recipe(tmp_path):
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("num_train_epochs: 7\nlearning-rate: 5e-6\nseed: 3\n")
    settings = parse_arguments(["--config", str(recipe), "--seed", "9"])
    assert (settings.num_train_epochs, settings.learning_rate, settings.seed) == (7, 5e-6, 9)
    assert settings.head_learning_rate == 1e-3  # the quickstart's


def test_the_file_may_name_the_data_set(tmp_path):
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("dataset: somebody/scierc\n")
    assert parse_arguments(["--config", str(recipe)]).num_train_epochs == 20


def test_dashes_are_accepted():
    arguments = ["--output-dir", "x", "--per-device-train-batch-size=3", "--push-to-hub", "--hub-model-id", "a/b"]
    settings = parse_arguments(arguments)
    assert (settings.output_dir, settings.per_device_train_batch_size) == ("x", 3)
    assert (settings.push_to_hub, settings.hub_model_id) == (True, "a/b")


def test_help_names_every_setting_once_in_groups(capsys):
    with pytest.raises(SystemExit) as left:
        parse_arguments(["--help"])
    assert left.value.code == 0
    shown = capsys.readouterr().out
    options = re.findall(r"^  (--[\w-]+)", shown, re.MULTILINE)
    names = [name.replace("_", "-") for name in SpertTrainingArguments.__dataclass_fields__]
    assert sorted(options) == sorted(f"--{name}" for name in [*names, "config", "recipe"])
    headings = re.findall(r"^(\S.*):$", shown, re.MULTILINE)
    assert {"data", "model", "optimisation", "evaluation and logging", "saving and resuming", "Hub"} <= set(headings)
    assert "(default: 20)" in shown


def test_all_of_a_setting_stands_in_its_declaration():
    assert sorted(SETTINGS) == sorted(SpertTrainingArguments.__dataclass_fields__)
    for name, declared in SETTINGS.items():
        assert declared.kind in KINDS, name
        assert declared.group in GROUPS, name
        assert declared.help.endswith("."), name
        assert set(declared.decides) <= {"steps", "model", "scores"}, name
        declared.check(declared.default)


def test_a_path_may_be_given_for_a_folder(tmp_path):
    assert SpertTrainingArguments(output_dir=tmp_path).output_dir == str(tmp_path)


DECIDE_STEPS = """
    bf16 classifier_dropout fp16 freeze_embeddings gradient_accumulation_steps group_by_length
    head_learning_rate learn_signatures learning_rate letter_case_embeddings lower_case_copies lr_scheduler_type
    max_grad_norm max_span_size negative_pairs negative_spans num_train_epochs optim overlap
    per_device_train_batch_size relation_context relation_threshold seed size_embedding_dim span_pooling
    strong_negatives upper_case_copies warmup_ratio weight_decay
"""
"""What the first version compared before it resumed, and its checkpoints name."""


def test_a_run_resumes_only_with_the_settings_that_decide_its_steps():
    assert set(settings_deciding("steps")) >= set(DECIDE_STEPS.split())
    free = {"dataset", "encoder", "data_dir", "eval_split", "output_dir", "save_steps", "cpu_threads", "hub_token"}
    assert not free & set(settings_deciding("steps"))
    assert SpertTrainingArguments(seed=3).decisive_settings()["seed"] == 3


def test_a_command_trains_another_model_only_with_what_decides_it():
    assert {"dataset", "encoder", "seed", "load_best_model_at_end", "text_reading"} <= set(settings_deciding("model"))
    assert not {"eval_split", "data_dir", "logging_steps", "push_to_hub"} & set(settings_deciding("model"))


@pytest.mark.parametrize("flag", ["--no-strong-negatives", "--no_strong_negatives", "--strong-negatives=no"])
def test_what_is_on_by_default_can_be_switched_off(flag):
    assert not parse_arguments([flag]).strong_negatives
    assert parse_arguments(["--strong-negatives", "--bf16", "true"]).bf16


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"epochs": 3}, "epochs is not a setting"),
        ({"learning_rat": 3}, "learning_rat is not a setting (did you mean 'learning_rate"),
        ({"num_train_epochs": "three"}, "num_train_epochs must be a value of type int, got 'three'"),
        ({"bf16": 1}, "bf16 must be a value of type bool, got 1"),
        ({"seed": True}, "seed must be a value of type int, got True"),
        (["seed"], "must be a mapping of settings to values, got list"),
    ],
)
def test_wrong_recipes_are_refused(tmp_path, content, message):
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(yaml.safe_dump(content))
    with pytest.raises(ValueError) as raised:
        read_recipe(recipe)
    assert str(recipe) in str(raised.value)
    assert message in str(raised.value)


def test_a_value_out_of_range_is_told_with_the_file_that_gave_it(tmp_path):
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("num_train_epochs: 0\n")
    with pytest.raises(ValueError) as raised:
        parse_arguments(["--config", str(recipe)])
    assert str(raised.value) == f"{recipe}: num_train_epochs must be an integer of 1 or more, got 0"
    with pytest.raises(ValueError) as raised:
        parse_arguments(["--config", str(recipe), "--num-train-epochs", "-1"])
    assert str(raised.value) == "num_train_epochs must be an integer of 1 or more, got -1"
    own = tmp_path / "letters" / "recipe.yaml"
    own.parent.mkdir()
    recipe.rename(own)
    with pytest.raises(ValueError) as raised:
        parse_arguments(["--dataset", str(own.parent)])
    assert str(raised.value) == f"{own}: num_train_epochs must be an integer of 1 or more, got 0"


def test_names_of_settings_are_not_cut_short(capsys):
    with pytest.raises(SystemExit):
        parse_arguments(["--num_train_ep", "3"])
    assert "--num_train_ep" in capsys.readouterr().err


def test_a_recipe_that_is_no_yaml(tmp_path):
    (tmp_path / "recipe.yaml").write_text("a: [")
    with pytest.raises(ValueError, match="is not valid YAML"):
        read_recipe(tmp_path / "recipe.yaml")


def test_a_misspelt_setting_is_named_with_the_nearest():
    with pytest.raises(TypeError, match=r"^learning_rat is not a setting of .*Arguments \(did you mean 'learning_rate"):
        SpertTrainingArguments(learning_rat=1e-4)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"num_train_epochs": 0}, "num_train_epochs must be an integer of 1 or more, got 0"),
        ({"learning_rate": -1.0}, "learning_rate must be a number of 0 or more, got -1.0"),
        ({"learning_rate": float("nan")}, "learning_rate must be a number of 0 or more, got nan"),
        ({"optim": "sgd"}, "optim must be 'adamw' or 'adamw_no_bias_correction', got 'sgd'"),
        ({"warmup_ratio": 2.0}, "warmup_ratio must be a number from 0 to 1, got 2.0"),
        ({"lower_case_copies": 1.5}, "lower_case_copies must be a number from 0 to 1, got 1.5"),
        ({"upper_case_copies": -0.5}, "upper_case_copies must be a number from 0 to 1, got -0.5"),
        ({"seed": "one"}, "seed must be an integer of 0 or more, got 'one'"),
        ({"max_span_size": 2000}, "max_span_size must be an integer from 1 to 1000, got 2000"),
        ({"bf16": 1}, "bf16 must be True or False, got 1"),
        ({"dataset": None}, "dataset must be a string, got None"),
        ({"hub_token": 12345}, "hub_token must be a string, got an object of type int"),
        ({"bf16": True, "fp16": True}, "bf16 and fp16 exclude each other"),
        ({"random_encoder": True, "random_layers": True}, "random_encoder and random_layers exclude each other"),
        ({"eval_split": "valid"}, "eval_split must be 'auto', 'train', 'dev' or 'test', got 'valid'"),
        (
            {"eval_split": "dev", "train_on_dev": True},
            "eval_split must be 'auto', 'train' or 'test' with train_on_dev, got 'dev'",
        ),
    ],
)
def test_wrong_settings_are_refused(settings, message):
    with pytest.raises(ValueError) as raised:
        SpertTrainingArguments(**settings)
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("dataset", "folder"),
    [("quickstart", "quickstart"), ("my/letters/", "letters"), ("docs.json", "docs"), ("ada/x", "x")],
)
def test_the_output_folder_is_named_after_the_data_set(dataset, folder):
    assert SpertTrainingArguments(dataset=dataset).output_dir == f"checkpoints/{folder}"


def test_the_output_folder_of_a_data_set_in_the_current_folder(tmp_path, monkeypatch):
    inner = tmp_path / "letters" / "raw"
    inner.mkdir(parents=True)
    monkeypatch.chdir(inner)
    assert SpertTrainingArguments(dataset=".").output_dir == "checkpoints/raw"
    assert SpertTrainingArguments(dataset="..").output_dir == "checkpoints/letters"
    (inner / "link").symlink_to(tmp_path, target_is_directory=True)
    assert SpertTrainingArguments(dataset="link").output_dir == "checkpoints/link"


def test_the_hub_repository_is_named_after_the_folder():
    assert SpertTrainingArguments(push_to_hub=True, output_dir="runs/my-spert").hub_model_id == "my-spert"


def test_an_impossible_name_on_the_hub_is_refused_before_training():
    with pytest.raises(ValueError, match=r"hub_model_id must be a repository's name .*, got 'my model v1'"):
        SpertTrainingArguments(push_to_hub=True, output_dir="runs/my model v1")
