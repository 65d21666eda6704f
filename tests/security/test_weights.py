"""Weights that do not belong to the config, are not whole, or are no numbers: refused before they do harm."""

import re
import shutil

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file
from transformers import AutoModel, pipeline

from spert_hf import SpertModel
from spert_hf.cli.main import main
from spert_hf.hub.conversion import convert_checkpoint
from spert_hf.model.errors import CheckpointError
from tests.conftest import GOLDEN
from tests.support.hostile_checkpoints import WEIGHTS, change_json, change_weights

MISSING = "relation_classifier.bias"


def drop(weights):
    del weights[MISSING]


def misshape(weights):
    weights["size_embeddings.weight"] = torch.zeros(7, 25)


def transpose(weights):
    weights["size_embeddings.weight"] = weights["size_embeddings.weight"].T.contiguous()


def add(weights):
    weights["encoder.backdoor.weight"] = torch.zeros(3)


def rename(weights):
    weights["encoder.classifier.bias"] = weights.pop(MISSING)


def fill(name, value):
    return lambda weights: weights[name].view(-1)[-1:].fill_(value)


FAULTS = {
    "missing": (drop, r"has no weights for relation_classifier\.bias"),
    "too small": (misshape, r"size_embeddings\.weight is of shape \[7, 25\], config\.json asks for \[100, 25\]"),
    "as large but of another shape": (transpose, r"size_embeddings\.weight is of shape \[25, 100\], config"),
    "extra": (add, r"has no place for: encoder\.backdoor\.weight"),
    "under another name": (rename, r"has no weights for relation_classifier\.bias"),
    "nan": (fill("encoder.encoder.layer.1.output.dense.weight", torch.nan), r"layer\.1\.output\.dense\.weight are not"),
    "infinite": (fill("entity_classifier.bias", -torch.inf), r"weights of entity_classifier\.bias are not finite"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_weights_that_do_not_fit(checkpoint, fault):
    change, message = FAULTS[fault]
    change_weights(checkpoint, change)
    for load in (SpertModel.from_pretrained, AutoModel.from_pretrained):
        with pytest.raises(CheckpointError, match=message) as raised:
            load(checkpoint)
        assert str(checkpoint) in str(raised.value)
        assert "\n" not in str(raised.value)


def test_norms_under_their_names_of_old(checkpoint):
    """As transformers saves them from 5.0 on for a while: they are not what is missing."""

    def rename(weights):
        for name in [name for name in weights if "LayerNorm" in name]:
            new = name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")
            weights[new] = weights.pop(name)

    change_weights(checkpoint, rename)
    SpertModel.from_pretrained(checkpoint)
    change_weights(checkpoint, drop)
    with pytest.raises(CheckpointError, match=f"has no weights for {MISSING}$"):
        SpertModel.from_pretrained(checkpoint)


def test_pipeline_and_command_say_it_in_one_line(checkpoint, tmp_path, capsys):
    """Transformers would fill in random weights, warn, and predict."""
    change_weights(checkpoint, drop)
    with pytest.raises(CheckpointError, match=f"^{re.escape(str(checkpoint))}: .*has no weights for {MISSING}$"):
        pipeline("spert-extraction", model=str(checkpoint))
    (tmp_path / "texts.txt").write_text("Marian Pell was born in Duluth.\n")
    output = tmp_path / "found.jsonl"
    arguments = ["--model", str(checkpoint), "--input", str(tmp_path / "texts.txt"), "--output", str(output)]
    assert main(["extract", *arguments]) == 1
    assert not output.exists()
    said = [line for line in capsys.readouterr().err.splitlines() if line.startswith("spert-hf extract: ")]
    assert len(said) == 1
    assert MISSING in said[0]


def test_an_encoder_with_fewer_layers_than_its_weights(checkpoint):
    """Transformers would leave the others out, warn, and predict nonsense."""
    change_json(checkpoint / "config.json", lambda config: config["encoder_config"].update(num_hidden_layers=1))
    with pytest.raises(CheckpointError, match=r"has no place for: encoder\.encoder\.layer\.1"):
        SpertModel.from_pretrained(checkpoint)


class TestChangingTheTypes:
    """`ignore_mismatched_sizes` asks for fresh classifiers, and for nothing else."""

    def test_classifiers_are_made_anew(self, checkpoint):
        options = {"entity_types": ["Gene", "Drug"], "relation_types": ["Causes"]}
        with pytest.raises(CheckpointError, match=r"entity_classifier\.bias is of shape"):
            SpertModel.from_pretrained(checkpoint, **options)
        model, report = SpertModel.from_pretrained(
            checkpoint, **options, ignore_mismatched_sizes=True, output_loading_info=True
        )
        assert model.entity_classifier.out_features == 3
        assert model.relation_classifier.out_features == 1
        assert {name for name, *_ in report["mismatched_keys"]} >= {"entity_classifier.weight"}
        before = load_file(checkpoint / WEIGHTS)
        assert all(
            torch.equal(weight, before[f"encoder.{name}"]) for name, weight in model.encoder.state_dict().items()
        )

    def test_what_was_learnt_of_other_types_is_left_out(self, checkpoint, tmp_path):
        def learn(config):
            pair = [config["entity_types"][0]] * 2
            config["relation_signatures"] = {name: [pair] for name in config["relation_types"]}
            config["symmetric_relation_types"] = config["relation_types"][:1]
            config |= {"entity_temperature": 2.0, "relation_temperature": 3.0}

        change_json(checkpoint / "config.json", learn)
        learnt = SpertModel.from_pretrained(checkpoint).config
        types = {"entity_types": [*learnt.entity_types, "Gene"], "relation_types": learnt.relation_types}
        model = SpertModel.from_pretrained(checkpoint, **types, ignore_mismatched_sizes=True)
        assert model.config.relation_signatures == learnt.relation_signatures  # they fit
        assert (model.config.entity_temperature, model.config.relation_temperature) == (1.0, 3.0)

        model = SpertModel.from_pretrained(
            checkpoint, entity_types=["Gene", "Drug"], relation_types=["Causes"], ignore_mismatched_sizes=True
        )
        model.save_pretrained(tmp_path / "other")
        config = SpertModel.from_pretrained(tmp_path / "other").config
        assert (config.relation_signatures, config.symmetric_relation_types) == (None, [])
        assert (config.entity_temperature, config.relation_temperature) == (1.0, 1.0)

    @pytest.mark.parametrize(
        ("given", "message"),
        [
            ({"entity_types": 3}, "entity_types must be a list.*, got 3"),
            ({"overlap": "x"}, "overlap must be 'keep', 'drop' or 'best', got 'x'"),
        ],
    )
    def test_settings_given_when_loading_are_checked(self, checkpoint, given, message):
        with pytest.raises(ValueError, match=message):
            SpertModel.from_pretrained(checkpoint, **given)

    def test_the_encoder_is_not(self, checkpoint):
        change_weights(checkpoint, lambda weights: weights.pop("encoder.embeddings.word_embeddings.weight"))
        with pytest.raises(CheckpointError, match=r"has no weights for encoder\.embeddings\.word_embeddings\.weight"):
            SpertModel.from_pretrained(checkpoint, ignore_mismatched_sizes=True)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_file_that_is_cut_off_or_changed_is_refused_or_loads(checkpoint, tiny_checkpoint, data):
    """Whatever is in the file: a model of the config's shapes, or one error of ours."""
    whole = bytearray((tiny_checkpoint / WEIGHTS).read_bytes())
    header = 8 + int.from_bytes(whole[:8], "little")
    if data.draw(st.booleans()):
        del whole[data.draw(st.integers(0, len(whole) - 1)) :]
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, header - 1))
        whole[place : place + 1] = data.draw(st.binary(max_size=3))
    (checkpoint / WEIGHTS).write_bytes(whole)
    try:
        model = SpertModel.from_pretrained(checkpoint)
    except CheckpointError:
        return
    assert all(torch.isfinite(weight).all() for weight in model.parameters())


@pytest.mark.parametrize("kept", [0, 7, 8, 100, -1])
def test_a_truncated_file(checkpoint, kept):
    whole = (checkpoint / WEIGHTS).read_bytes()
    (checkpoint / WEIGHTS).write_bytes(whole[:kept])
    with pytest.raises(CheckpointError, match=r"model\.safetensors is not a complete safetensors file"):
        SpertModel.from_pretrained(checkpoint)


class TestPublishedCheckpoints:
    """Those that `convert` reads."""

    @pytest.fixture
    def published(self, tmp_path):
        return shutil.copytree(GOLDEN / "model", tmp_path / "published")

    def refuse(self, published, message):
        with pytest.raises(ValueError, match=message):
            convert_checkpoint(published, GOLDEN / "types.json")

    def test_not_finite(self, published):
        change_weights(published, fill("rel_classifier.bias", torch.inf))
        self.refuse(published, r"model\.safetensors: weights of rel_classifier\.bias are not finite")

    def test_of_another_shape(self, published):
        change_json(published / "config.json", lambda config: config.update(intermediate_size=24))
        self.refuse(published, "weights and config.json do not fit")

    @pytest.mark.parametrize("size", [10**6, 10**7, 10**9])
    def test_absurd_sizes(self, published, size):
        change_json(published / "config.json", lambda config: config.update(vocab_size=size, hidden_size=size))
        self.refuse(published, "vocab_size must be|config.json asks for|no model can be made")

    def test_cut_off(self, published):
        whole = (published / WEIGHTS).read_bytes()
        (published / WEIGHTS).write_bytes(whole[: len(whole) // 2])
        self.refuse(published, r"model\.safetensors is damaged, or holds more than weights")
