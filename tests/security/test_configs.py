"""Configs that are absurd, wrong or hostile: one error that names the setting, and no memory taken for them."""

import copy
import json
import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from transformers import AutoConfig, AutoModel, pipeline

from spert_hf import SpertConfig, SpertModel
from spert_hf.cli.main import main
from spert_hf.model.errors import CheckpointError
from tests.support.hostile_checkpoints import change_json

STRANGE = [None, True, "", "x", [], {}, [1], {"a": 1}, -1, 0.5, 10**9, 10**30, math.nan, math.inf, -math.inf]
ALLOWED = {
    "max_span_size": [],
    "size_embedding_dim": [],
    "size_embedding_count": [],
    "max_sequence_length": [None],
    "classifier_dropout": [0.5],
    "relation_threshold": [0.5],
    "entity_temperature": [0.5],
    "relation_temperature": [0.5],
    "initializer_range": [0.5],
    "span_pooling": [],
    "relation_context": [],
    "entity_types": [],
    "relation_types": [],
    "symmetric_relation_types": [[]],
    "encoder_config": [],
    "text_reading": [None, {}],
    "model_type": [],
}


@pytest.fixture(scope="module")
def valid(tiny_checkpoint):
    return json.loads((tiny_checkpoint / "config.json").read_text())


def refused(config, *names):
    """Have a file's content refused by an error that names the file and one of the settings."""
    with pytest.raises(ValueError, match=r"config\.json: ") as raised:
        SpertConfig.from_dict(copy.deepcopy(config))
    assert any(name in str(raised.value) for name in names), raised.value
    assert len(str(raised.value)) < 2_000
    return str(raised.value)


@pytest.mark.parametrize("name", ALLOWED)
def test_every_setting_is_checked(valid, name):
    for value in STRANGE:
        if any(value is allowed or value == allowed for allowed in ALLOWED[name]):
            SpertConfig.from_dict({**copy.deepcopy(valid), name: value})
        else:
            refused({**valid, name: value}, name)


def test_types_without_number_or_end(valid):
    most = [f"T{number}" for number in range(10**6)]
    assert "entity_types must be at most 10000 names, got 1000000" in refused(
        {**valid, "entity_types": most}, "entity_types"
    )
    assert "characters" in refused({**valid, "relation_types": ["T" * 10**6]}, "relation_types")
    assert "names without repetition" in refused({**valid, "entity_types": ["A", "B", "A"]}, "entity_types")
    refused({**valid, "symmetric_relation_types": ["Far"]}, "symmetric_relation_types")


@pytest.mark.parametrize("name", ["encoder_config", "entity_types", "relation_types"])
def test_a_file_that_lacks_what_makes_the_model(valid, name):
    """Its default would stand for another model."""
    assert f"{name} is missing" in refused({key: value for key, value in valid.items() if key != name}, name)


@pytest.mark.parametrize(
    "name",
    [
        *("relation_treshold", "num_labels", "forward", "__class__", "to_dict", "hidden_size"),
        *("transformers_weights", "quantization_config", "attn_implementation", "kernel_config", "fusion_config"),
    ],
)
def test_settings_that_nobody_knows(valid, name):
    """Some of these transformers would take as an order: to read other files, or to run kernels from the Hub."""
    said = refused({**valid, name: "evil/repo"}, name)
    assert f"'{name}' is not a setting of SpERT" in said
    assert "; there are " in said
    assert name != "relation_treshold" or "(did you mean 'relation_threshold" in said


@pytest.mark.parametrize(
    "reading",
    [
        *(
            {"words": "pattern", "word_pattern": pattern}
            for pattern in (r"\w{20}{20}{20}", r"\((?R)?\)", "[", "a" * 1001)
        ),
        *({"words": value} for value in STRANGE),
        *({"sequences": value} for value in STRANGE),
        *({"abbreviations": value} for value in STRANGE if value != []),
        *(value for value in STRANGE if value not in (None, {})),
        {"words": "rules", "run": "this"},
    ],
    ids=repr,
)
def test_a_reading_that_is_none_or_takes_memory_or_time_without_bound(checkpoint, reading):
    change_json(checkpoint / "config.json", lambda config: config.update(text_reading=reading))
    with pytest.raises(ValueError, match="text_reading") as raised:
        pipeline("spert-extraction", model=str(checkpoint))
    assert len(str(raised.value)) < 2_000


@pytest.mark.parametrize(
    "auto_map",
    [
        {"AutoModel": "modeling_evil.SpertModel"},
        {"AutoModel": "../../evil.SpertModel"},
        {"AutoModel": "evil/repo--/etc/x.SpertModel"},
        {"AutoTokenizer": "evil/repo--tokenizer.Evil"},
        {"AutoModel": ["modeling_spert.SpertModel"]},
        "evil",
    ],
)
def test_code_that_is_not_ours(valid, auto_map):
    refused({**valid, "auto_map": auto_map}, "auto_map must be")


def test_another_pipeline_is_neither_used_nor_handed_on(valid):
    evil = {"spert-extraction": {"impl": "../../evil.Evil", "pt": ["AutoModel"], "type": "text"}}
    config = SpertConfig.from_dict({**copy.deepcopy(valid), "custom_pipelines": evil})
    assert config.custom_pipelines == {}
    assert config.to_dict()["custom_pipelines"] == valid["custom_pipelines"]


ENCODER_FAULTS = [
    ("num_hidden_layers", 10**6),
    ("num_attention_heads", 10**6),
    ("hidden_size", 10**9),
    ("vocab_size", 10**9),
    ("max_position_embeddings", 10**12),
    ("layer_norm_eps", math.nan),
    ("attention_probs_dropout_prob", math.inf),
    ("hidden_size", "large"),
    ("num_hidden_layers", [1]),
    ("model_type", "no-such-model"),
    ("model_type", "spert"),
    ("model_type", ["bert"]),
    ("unknown_list", [[0] * 10**5]),
]


@pytest.mark.parametrize(("name", "value"), ENCODER_FAULTS)
def test_an_encoder_that_nobody_can_make(valid, name, value):
    config = copy.deepcopy(valid)
    config["encoder_config"][name] = value
    refused(config, name)


@pytest.mark.parametrize(("name", "value"), [("n_layers", 10**6), ("dim", 10**9), ("n_heads", 10**6)])
def test_families_with_names_of_their_own(name, value):
    with pytest.raises(ValueError, match=f"encoder_config.{name} must be an integer up to.*, got {value}"):
        SpertConfig(encoder_config={"model_type": "distilbert", name: value})


def test_an_encoder_takes_neither_code_nor_heads_from_a_file(valid):
    config = copy.deepcopy(valid)
    config["encoder_config"] |= {
        "auto_map": {"AutoModel": "evil/repo--evil.Evil"},
        "attn_implementation": "evil/kernel",
        "num_labels": 10**9,
    }
    encoder = SpertConfig.from_dict(config).encoder_config
    assert not hasattr(encoder, "auto_map")
    assert encoder._attn_implementation is None
    assert encoder.num_labels == 2


SIZES = ["hidden_size", "vocab_size", "intermediate_size", "max_position_embeddings", "type_vocab_size"]


@pytest.mark.parametrize("name", SIZES)
@pytest.mark.parametrize("ways", ["class", "auto", "pipeline"])
def test_sizes_beyond_the_weights_take_no_memory(checkpoint, name, ways):
    """Within what is allowed, but terabytes all the same: nothing is allocated before the refusal."""
    load = {
        "class": SpertModel.from_pretrained,
        "auto": AutoModel.from_pretrained,
        "pipeline": lambda folder: pipeline("spert-extraction", model=str(folder)),
    }[ways]
    size = 96_000_000  # a multiple of the heads
    change_json(checkpoint / "config.json", lambda config: config["encoder_config"].update({name: size}))
    with pytest.raises(CheckpointError, match=r"numbers, config\.json asks for \d{9,}: .* is of shape"):
        load(checkpoint)


def test_sizes_of_our_own(checkpoint):
    change_json(
        checkpoint / "config.json",
        lambda config: config.update(size_embedding_dim=10_000, size_embedding_count=10_000),
    )
    with pytest.raises(CheckpointError, match=r"config\.json asks for \d{9}: .* is of shape"):
        SpertModel.from_pretrained(checkpoint)


def test_heads_that_do_not_divide_the_width(checkpoint):
    change_json(checkpoint / "config.json", lambda config: config["encoder_config"].update(num_attention_heads=5))
    with pytest.raises(CheckpointError, match=r"config\.json: no model can be made of it: .*multiple"):
        SpertModel.from_pretrained(checkpoint)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_json_is_taken_whole_or_refused(valid, data):
    """Where a config is made, it is the one asked for; otherwise there is one error of ours."""
    config = copy.deepcopy(valid)
    part = config["encoder_config"] if data.draw(st.booleans()) else config
    for name in data.draw(st.lists(st.sampled_from(sorted(part)) | st.text(max_size=8), min_size=1, max_size=3)):
        part[name] = data.draw(JSON)
    try:
        made = SpertConfig.from_dict(copy.deepcopy(config))
    except ValueError as error:
        assert "config.json: " in str(error)
        return
    assert made.entity_types == config["entity_types"]
    assert json.loads(json.dumps(made.to_dict()))["relation_threshold"] == config["relation_threshold"]


@pytest.mark.parametrize("dtype", [[], 0.5, ["float32"]])
@pytest.mark.parametrize("part", ["encoder_config", None])
def test_a_precision_that_is_none_is_refused(valid, part, dtype):
    config = copy.deepcopy(valid)
    (config[part] if part else config)["dtype"] = dtype
    with pytest.raises(ValueError, match=r"config.json: .*dtype"):
        SpertConfig.from_dict(config)


def test_the_file_is_named(checkpoint):
    change_json(checkpoint / "config.json", lambda config: config.update(max_span_size=10**9))
    message = f"{checkpoint}: config.json: max_span_size must be an integer from 1 to 1000, got 1000000000"
    for load in (AutoConfig.from_pretrained, AutoModel.from_pretrained):
        with pytest.raises(ValueError, match="max_span_size") as raised:
            load(checkpoint)
        assert str(raised.value) == message


@pytest.mark.parametrize("content", ["", "[]", "{", "7", "\x00", '{"a":' * 100_000])
def test_a_file_that_is_no_config(checkpoint, tmp_path, capsys, content):
    (checkpoint / "config.json").write_text(content)
    (tmp_path / "texts.txt").write_text("Marian Pell\n")
    assert main(["extract", f"--model={checkpoint}", f"--input={tmp_path / 'texts.txt'}"]) == 1
    assert capsys.readouterr().err.count("spert-hf extract: ") == 1
