"""Settings of a model: declared once, for its config, for training, for messages and for help."""

import pytest

from spert_hf import SpertConfig
from spert_hf.model.settings import ConfigSettings, ModelSettings, settings_of
from spert_hf.training.arguments import SpertTrainingArguments

MODEL = settings_of(ModelSettings)
CONFIG = settings_of(ConfigSettings)


def test_config_and_training_have_the_same_defaults():
    config, arguments = SpertConfig(), SpertTrainingArguments()
    assert {name: getattr(config, name) for name in CONFIG} == {name: one.default for name, one in CONFIG.items()}
    assert arguments.model_settings() == {name: one.default for name, one in MODEL.items()}


def test_the_config_takes_and_saves_each_setting():
    other = {"span_pooling": "sum", "relation_context": "cls", "overlap": "best", "letter_case_embeddings": True}
    given = {name: other.get(name, 7 if one.type is int else 0.5) for name, one in CONFIG.items()}
    saved = SpertConfig(**given).to_dict()
    assert {name: saved[name] for name in given} == given
    assert {name: getattr(SpertConfig.from_dict(saved), name) for name in given} == given


@pytest.mark.parametrize("name", MODEL)
def test_config_and_training_refuse_the_same(name):
    declared = MODEL[name]
    wrong = "other" if declared.type is str else 2 if declared.type is bool else declared.most + 1
    messages = []
    for make in (SpertConfig, SpertTrainingArguments):
        with pytest.raises(ValueError, match=f"^{name} must be .*, got ") as raised:
            make(**{name: wrong})
        messages.append(str(raised.value))
    assert messages[0] == messages[1]


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("max_span_size", 0, "max_span_size must be an integer from 1 to 1000, got 0"),
        ("max_sequence_length", 3, "max_sequence_length must be an integer from 4 to 10000000, got 3"),
        ("entity_temperature", float("nan"), "entity_temperature must be a number from 0.01 to 100, got nan"),
        ("relation_threshold", True, "relation_threshold must be a number from 0 to 1, got True"),
        ("size_embedding_count", 2.0, "size_embedding_count must be an integer from 2 to 10000, got 2.0"),
    ],
)
def test_a_value_that_is_not_allowed(name, value, message):
    with pytest.raises(ValueError) as raised:
        SpertConfig(**{name: value})
    assert str(raised.value) == message


def test_the_docstring_tells_of_each_setting():
    for name, declared in CONFIG.items():
        assert f"{name} ({declared.describe()}): {declared.help.split()[0]}" in SpertConfig.__doc__
    assert MODEL["max_span_size"].describe() == "int, default 10, 1 to 1,000"
    assert MODEL["overlap"].describe() == 'str, default "keep", also "drop", "best"'
