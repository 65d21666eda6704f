"""Adapters: trained in place of all weights, resumed, saved as few weights, and loaded over their base."""

import json
import shutil

import pytest
import torch
from safetensors.torch import load_file
from transformers import pipeline

import spert_hf
from spert_hf import SpertModel
from spert_hf.training.adapters import adapted_model, add_adapters, save_weights
from spert_hf.training.arguments import SpertTrainingArguments
from spert_hf.training.trainer import SpertTrainer
from tests.support.documents import make_dataset_folder
from tests.support.tiny_models import make_encoder_folder

peft = pytest.importorskip("peft")

TEXT = "Marian Pell works for Northern Paper Co. in Duluth , Minn. , where she was born ."
HEADS = ["entity_classifier", "relation_classifier", "size_embeddings"]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return make_dataset_folder(tmp_path_factory.mktemp("documents"))


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    return make_encoder_folder("bert", tmp_path_factory.mktemp("encoder"))


@pytest.fixture(scope="module")
def train(dataset, encoder):
    """Run a small training of adapters with some settings changed."""

    def run(folder, **settings):
        settings = {
            "num_train_epochs": 3,
            "learning_rate": 1e-2,
            "lora_r": 4,
            "logging_steps": 1,
            "cpu_threads": 1,
            **({} if "model" in settings else {"encoder": str(encoder)}),
            "output_dir": str(folder),
            **settings,
        }
        args = SpertTrainingArguments(dataset=str(dataset), **settings)
        return SpertTrainer(args=args, train_dataset=str(dataset), show_progress=False).train()

    return run


@pytest.fixture(scope="module")
def trained(train, tmp_path_factory):
    return train(tmp_path_factory.mktemp("adapter") / "run", letter_case_embeddings=True)


def same_weights(one, other):
    left, right = one.state_dict(), other.state_dict()
    return left.keys() == right.keys() and all(torch.equal(left[name], right[name]) for name in left)


def test_adapters_and_classifiers_are_trained_and_saved_and_nothing_else(trained, encoder):
    assert not (trained.output_dir / "model.safetensors").exists()
    names = load_file(trained.output_dir / "adapter_model.safetensors").keys()
    plain = {name.removeprefix("base_model.model.") for name in names}
    heads = {f"{head}.weight" for head in [*HEADS, "letter_case_embeddings"]}
    assert {name for name in plain if not name.startswith("encoder.")} == heads | {
        "entity_classifier.bias",
        "relation_classifier.bias",
    }
    assert all(".lora_A." in name or ".lora_B." in name for name in plain - heads if name.startswith("encoder."))
    assert "encoder.encoder.layer.0.attention.self.query.lora_A.weight" in plain
    base = spert_hf.SpertModel.from_encoder(str(encoder)).encoder.state_dict()
    learned = trained.model.encoder.state_dict()
    changed = {name for name in base if not torch.equal(base[name], learned[name])}
    assert changed == {
        name for name in base if name.endswith("weight") and base[name].dim() == 2 and "embed" not in name
    }


def test_a_folder_is_loaded_over_its_base(trained):
    model = SpertModel.from_pretrained(trained.output_dir)
    assert type(model) is SpertModel
    assert not model.training
    assert same_weights(model, trained.model)
    found = pipeline("spert-extraction", model=str(trained.output_dir))(TEXT)
    assert found == spert_hf.load(trained.output_dir)(TEXT)
    assert found["entities"] or trained.scores.ner.micro.f1 == 0


def test_it_learns(train, tmp_path):
    result = train(tmp_path / "run", num_train_epochs=30, learning_rate=2e-2, optim="adamw", lora_r=8)
    assert result.scores.ner.micro.f1 > 60


def test_precision_is_that_of_the_encoder_alone(trained):
    model = SpertModel.from_pretrained(trained.output_dir, dtype=torch.bfloat16)
    assert model.encoder.encoder.layer[0].output.dense.weight.dtype == torch.bfloat16
    assert model.entity_classifier.weight.dtype == torch.float32


def test_what_is_loaded_is_saved_as_a_plain_checkpoint(trained, tmp_path):
    SpertModel.from_pretrained(trained.output_dir).save_pretrained(tmp_path / "plain")
    assert not (tmp_path / "plain" / "adapter_config.json").exists()
    assert same_weights(SpertModel.from_pretrained(tmp_path / "plain"), trained.model)


def test_peft_loads_the_folder_and_merges_to_the_same_checkpoint(trained, encoder, tmp_path):
    config = spert_hf.SpertConfig.from_pretrained(trained.output_dir)
    base = SpertModel.from_encoder(str(encoder), config=config)
    merged = peft.PeftModel.from_pretrained(base, str(trained.output_dir)).merge_and_unload()
    merged.save_pretrained(tmp_path / "merged")
    loaded, ours = SpertModel.from_pretrained(tmp_path / "merged").state_dict(), trained.model.state_dict()
    assert loaded.keys() == ours.keys()
    for name in ours:
        torch.testing.assert_close(loaded[name], ours[name], rtol=1e-5, atol=1e-6)


def test_a_run_that_was_interrupted_ends_with_the_same_weights(train, tmp_path):
    whole = train(tmp_path / "whole", save_steps=2, lora_dropout=0.1)
    checkpoint = str(_first(tmp_path / "whole"))
    resumed = train(tmp_path / "resumed", save_steps=2, lora_dropout=0.1, resume_from_checkpoint=checkpoint)
    assert same_weights(resumed.model, whole.model)


def _first(folder):
    return sorted(folder.glob("checkpoint-*"))[0]


def test_a_run_does_not_go_on_with_other_adapters_or_another_base(train, encoder, tmp_path):
    train(tmp_path / "run", save_steps=2, num_train_epochs=1)
    checkpoint = str(_first(tmp_path / "run"))
    with pytest.raises(ValueError, match="lora_r must be 4, as in the checkpoint's run, got 8"):
        train(tmp_path / "other", num_train_epochs=1, lora_r=8, resume_from_checkpoint=checkpoint)
    moved = shutil.copytree(encoder, tmp_path / "moved")
    with pytest.raises(
        ValueError, match=r"base_model_name_or_path must be .*, as in the checkpoint's run, got '.*moved'"
    ):
        train(tmp_path / "other", num_train_epochs=1, encoder=str(moved), resume_from_checkpoint=checkpoint)


def test_the_best_model_is_kept_as_adapter(train, tmp_path):
    result = train(tmp_path / "run", load_best_model_at_end=True)
    assert same_weights(SpertModel.from_pretrained(result.output_dir), result.model)
    assert not (result.output_dir / "best").exists()
    assert not (result.output_dir / "model.safetensors").exists()


@pytest.fixture(scope="module")
def whole(train, tmp_path_factory):
    """A trained model, all of whose weights are its own."""
    return train(tmp_path_factory.mktemp("whole") / "run", lora_r=0, num_train_epochs=1).output_dir


def test_adapters_over_a_trained_model(train, whole, tmp_path):
    result = train(tmp_path / "run", model=str(whole), num_train_epochs=1)
    settings = json.loads((result.output_dir / "adapter_config.json").read_text())
    assert settings["base_model_name_or_path"] == str(whole.absolute())
    assert same_weights(SpertModel.from_pretrained(result.output_dir), result.model)
    again = train(tmp_path / "again", model=str(result.output_dir), lora_r=0, num_train_epochs=1)
    assert (again.output_dir / "model.safetensors").is_file()
    with pytest.raises(ValueError, match=r"lora_r needs a whole model to continue from, got the adapter "):
        train(tmp_path / "more", model=str(result.output_dir), num_train_epochs=1)


def peft_model(model, **settings):
    settings = {"r": 2, "target_modules": ["query", "value"], "modules_to_save": HEADS, **settings}
    return peft.get_peft_model(model, peft.LoraConfig(**settings))


def test_what_peft_itself_saves_is_loaded_over_a_trained_model(whole, tmp_path):
    """A folder without a config and a tokenizer: they are the base's."""
    model = peft_model(SpertModel.from_pretrained(whole), init_lora_weights=False)
    model.save_pretrained(tmp_path / "saved")
    assert not (tmp_path / "saved" / "config.json").exists()
    loaded = SpertModel.from_pretrained(tmp_path / "saved")
    merged = model.merge_and_unload().state_dict()
    for name, weight in loaded.state_dict().items():
        torch.testing.assert_close(weight, merged[name], rtol=1e-5, atol=1e-6)
    found = spert_hf.load(tmp_path / "saved")(TEXT)
    assert found == pipeline("spert-extraction", model=str(tmp_path / "saved"))(TEXT)
    assert loaded.config.entity_types == spert_hf.SpertConfig.from_pretrained(whole).entity_types


def test_a_model_of_peft_is_saved_as_ours(whole, tmp_path):
    inner = adapted_model(peft_model(SpertModel.from_pretrained(whole), init_lora_weights=False))
    assert isinstance(inner, SpertModel)
    save_weights(inner, tmp_path / "saved")
    loaded = SpertModel.from_pretrained(tmp_path / "saved")
    inner.eval()
    inputs = {
        "input_ids": torch.tensor([[2, 7, 8, 9, 3]]),
        "attention_mask": torch.ones(1, 5, dtype=torch.long),
        "word_offsets": torch.tensor([[1, 2, 3, 4]]),
    }
    with torch.no_grad():
        for ours, theirs in zip(loaded(**inputs, return_dict=False), inner(**inputs, return_dict=False), strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


def test_a_model_of_peft_is_trained_in_place(whole, dataset, tmp_path):
    model = peft_model(SpertModel.from_pretrained(whole))
    before = {name: weight.clone() for name, weight in model.named_parameters()}
    args = SpertTrainingArguments(
        output_dir=str(tmp_path / "run"), num_train_epochs=1, learning_rate=1e-2, cpu_threads=1
    )
    trainer = SpertTrainer(model=model, args=args, train_dataset=str(dataset), show_progress=False)
    result = trainer.train()
    changed = {name for name, weight in model.named_parameters() if not torch.equal(weight, before[name])}
    assert changed == {name for name, weight in model.named_parameters() if weight.requires_grad}
    assert json.loads((tmp_path / "run" / "training_run.json").read_text())["settings"]["lora_r"] == 2
    assert same_weights(SpertModel.from_pretrained(tmp_path / "run"), result.model)
    merged = model.merge_and_unload()
    merged.save_pretrained(tmp_path / "merged")
    loaded = SpertModel.from_pretrained(tmp_path / "merged").state_dict()
    for name, weight in result.model.state_dict().items():
        torch.testing.assert_close(weight, loaded[name], rtol=1e-5, atol=1e-6)


def test_models_of_peft_that_cannot_be_loaded_again_are_refused(whole):
    for settings, message in (
        ({"use_dora": True}, "model: use_dora must be left out, got True"),
        (
            {"init_lora_weights": "pissa"},
            "model: init_lora_weights must be one that leaves the base as it is, got 'pissa'",
        ),
        ({"alpha_pattern": {"query": 3}}, "model: alpha_pattern must be left out, got {'query': 3}"),
    ):
        model = peft_model(SpertModel.from_pretrained(whole), **settings)
        with pytest.raises(ValueError) as raised:
            adapted_model(model)
        assert str(raised.value).startswith(message)
    with pytest.raises(
        ValueError, match="model must be a SpertModel, or a PeftModel over one, got an object of type Linear"
    ):
        adapted_model(torch.nn.Linear(2, 2))


def test_rank_stabilised_adapters_are_scaled_as_peft_does(whole, tmp_path):
    model = peft_model(SpertModel.from_pretrained(whole), init_lora_weights=False, use_rslora=True, r=4)
    save_weights(adapted_model(model), tmp_path / "saved")
    merged = model.merge_and_unload().state_dict()
    for name, weight in SpertModel.from_pretrained(tmp_path / "saved").state_dict().items():
        torch.testing.assert_close(weight, merged[name], rtol=1e-5, atol=1e-6)


def test_without_peft_one_line_says_what_to_install_before_work(monkeypatch):
    monkeypatch.setattr("spert_hf.training.peft_imports.find_spec", lambda name: None)
    with pytest.raises(ImportError) as raised:
        SpertTrainingArguments(lora_r=8)
    assert str(raised.value) == 'lora_r needs peft, which is not installed: pip install "spert-hf[peft]"'


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"lora_r": -1}, "lora_r must be an integer from 0 to 4096, got -1"),
        ({"lora_alpha": 8.0}, "lora_alpha needs lora_r, got 8.0 without it"),
        ({"lora_r": 4, "random_encoder": True}, "random_encoder must be False with lora_r"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(settings, message):
    with pytest.raises(ValueError) as raised:
        SpertTrainingArguments(**settings)
    assert str(raised.value).startswith(message)


@pytest.mark.parametrize("family", ["distilbert", "deberta-v2", "modernbert", "t5"])
def test_encoders_of_other_families(family, tmp_path):
    encoder = make_encoder_folder(family, tmp_path / "encoder")
    model = SpertModel.from_encoder(str(encoder), entity_types=["Loc"], relation_types=["Near"]).eval()
    model = add_adapters(model, SpertTrainingArguments(lora_r=2))
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if ".lora_B." in name:
                weight.normal_(std=0.1)
    save_weights(model, tmp_path / "saved")
    loaded = SpertModel.from_pretrained(tmp_path / "saved")
    ids, mask = torch.tensor([[2, 7, 8, 9, 3]]), torch.ones(1, 5, dtype=torch.long)
    with torch.no_grad():
        torch.testing.assert_close(loaded.encode(ids, mask), model.encode(ids, mask), rtol=1e-3, atol=1e-4)


def test_gradient_checkpointing_changes_nothing(train, tmp_path):
    plain, checkpointed = (
        train(tmp_path / str(setting), num_train_epochs=1, gradient_checkpointing=setting) for setting in (False, True)
    )
    for name, weight in plain.model.state_dict().items():
        torch.testing.assert_close(weight, checkpointed.model.state_dict()[name], rtol=1e-3, atol=1e-4)


def test_layers_that_an_encoder_has_not_are_named(train, tmp_path):
    with pytest.raises(ValueError, match="lora_target_modules must be among dense, key, query, value, got q_proj"):
        train(tmp_path / "run", lora_target_modules="query,q_proj")
