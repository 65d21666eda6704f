"""Packed sequences: hidden states and gradients are those of each by itself, for every encoder that takes them."""

import copy
import shutil
from importlib import import_module
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AttentionInterface, AutoConfig

from spert_hf import SpertConfig, SpertModel
from spert_hf.model import cpu_attention, cpu_packing
from spert_hf.model.cpu_packing import ATTENTION, PACKABLE_ENCODERS, find_packing, takes_packed
from spert_hf.model.cpu_scheduling import PADDING_COST

PADDING = 1
LENGTHS = st.lists(st.integers(1, 40), min_size=1, max_size=9)
SIZES = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "dim": 32,
    "n_layers": 2,
    "n_heads": 4,
    "hidden_dim": 48,
    "vocab_size": 99,
    "max_position_embeddings": 64,
    "embedding_size": 16,
    "pad_token_id": PADDING,
    "bos_token_id": 0,
    "eos_token_id": 2,
    "cls_token_id": 0,
    "sep_token_id": 2,
}


def make_model(encoder_type, letter_cases=False):
    torch.manual_seed(0)
    encoder_config = AutoConfig.for_model(encoder_type, **SIZES)
    config = SpertConfig(
        encoder_config=encoder_config, entity_types=["A"], relation_types=["R"], letter_case_embeddings=letter_cases
    )
    model = SpertModel(config).eval()
    if letter_cases:
        torch.nn.init.normal_(model.letter_case_embeddings.weight)
    return model


@pytest.fixture(scope="module", params=sorted(PACKABLE_ENCODERS))
def model(request):
    return make_model(request.param)


def make_batch(lengths):
    """Sub-words, letter cases and mask of sequences that are so long."""
    generator = torch.Generator().manual_seed(sum(lengths))
    mask = (torch.arange(max(lengths)) < torch.tensor(lengths).unsqueeze(1)).long()
    input_ids = torch.randint(3, SIZES["vocab_size"], mask.shape, generator=generator)
    letter_cases = torch.randint(0, 3, mask.shape, generator=generator)
    return input_ids.where(mask.bool(), PADDING), mask, letter_cases


def encode_one_by_one(model, input_ids, mask, letter_cases):
    """Hidden states of each sequence, computed without padding by the encoder as it comes from transformers."""
    hidden = torch.zeros(*mask.shape, model.config.hidden_size)
    for row, length in enumerate(mask.sum(1).tolist()):
        own = slice(row, row + 1), slice(0, length)
        inputs = (
            {"input_ids": input_ids[own]}
            if model.letter_case_embeddings is None
            else {"inputs_embeds": model.embed(input_ids[own], letter_cases[own])}
        )
        hidden[own] = model.encoder(**inputs).last_hidden_state
    return hidden


@given(LENGTHS)
@settings(max_examples=25, deadline=None)
def test_each_sequence_is_computed_by_itself(model, lengths):
    batch = make_batch(lengths)
    assert find_packing(model.encoder, *batch[:2]) is not None
    with torch.inference_mode():
        torch.testing.assert_close(model.encode(*batch), encode_one_by_one(model, *batch), atol=1e-5, rtol=0)


@pytest.mark.parametrize("encoder_type", ["bert", "roberta", "electra"])
def test_with_letter_cases(encoder_type):
    model = make_model(encoder_type, letter_cases=True)
    batch = make_batch([7, 7, 20, 3])
    with torch.inference_mode():
        torch.testing.assert_close(model.encode(*batch), encode_one_by_one(model, *batch), atol=1e-5, rtol=0)


def test_gradients(model):
    batch = make_batch([5, 17, 17, 9, 30])
    wanted = torch.randn(5, 30, 32) * batch[1].unsqueeze(-1)
    gradients = []
    for encode in (model.encode, lambda *batch: encode_one_by_one(model, *batch)):
        model.zero_grad()
        (encode(*batch) * wanted).sum().backward()
        gradients.append({name: weight.grad for name, weight in model.encoder.named_parameters()})
    packed, alone = gradients
    assert any(gradient is not None for gradient in packed.values())
    for name, gradient in packed.items():
        torch.testing.assert_close(gradient, alone[name], atol=2e-4, rtol=1e-4, msg=name)


def test_attention_in_training_is_dropped_and_otherwise_the_same(model, monkeypatch):
    """With dropout of attention alone, and factors of 1 for it, training computes what evaluation does."""
    model = copy.deepcopy(model).train()
    for name, part in model.named_modules():
        if isinstance(part, torch.nn.Dropout):
            part.p = 0.5 if name.endswith(("attention.self.dropout", "attention.dropout")) else 0.0
    batch = make_batch([5, 17, 17, 9, 30])
    expected = model.eval().encode(*batch)
    assert not torch.allclose(model.train().encode(*batch), expected, atol=1e-2)
    drawn = []
    monkeypatch.setattr(cpu_attention, "draw_kept", lambda count, *_: drawn.append(count) or torch.ones(count))
    torch.testing.assert_close(model.encode(*batch), expected, atol=1e-5, rtol=0)
    assert drawn == [4 * (5**2 + 2 * 17**2 + 9**2 + 30**2)] * 2  # heads, in each of two layers


def test_no_padding_is_computed(model):
    rows = []
    lengths = [40, 3, 3, 12]
    first_layer = next(part for part in model.encoder.modules() if type(part).__name__.endswith("Linear"))
    with (
        first_layer.register_forward_pre_hook(lambda _, args: rows.append(args[0].shape[:-1].numel())),
        torch.inference_mode(),
    ):
        model.encode(*make_batch(lengths))
    assert sum(lengths) <= rows[0] < sum(lengths) + 8


@pytest.mark.parametrize("encoder_type", ["deberta-v2", "modernbert", "mpnet", "albert"])
def test_other_encoders_get_batches_as_they_are(encoder_type):
    model = make_model(encoder_type)
    assert not takes_packed(model.encoder)
    assert model.runtime.padding_cost(model.encoder) == 1
    assert find_packing(model.encoder, *make_batch([3, 9])[:2]) is None


def test_padding_costs_little_where_it_is_not_computed(model):
    assert model.runtime.padding_cost(model.encoder) == PADDING_COST < 1


def test_padding_on_the_left_is_not_packed():
    model = make_model("bert")
    input_ids, mask, _ = make_batch([3, 9])
    assert find_packing(model.encoder, input_ids.flip(1), mask.flip(1)) is None


@pytest.mark.parametrize("dtype", [torch.bool, torch.float32])
def test_masks_of_other_types(dtype):
    model = make_model("bert")
    input_ids, mask, _ = make_batch([3, 9])
    with torch.inference_mode():
        assert model.encode(input_ids, mask.to(dtype)).equal(model.encode(input_ids, mask))


def test_masks_of_pairs_of_sub_words_are_not_packed():
    input_ids, mask, _ = make_batch([3, 9])
    assert find_packing(make_model("bert").encoder, input_ids, mask[:, None, None, :].bool()) is None


def test_padding_inside_a_text_has_no_position_in_roberta():
    input_ids, mask, _ = make_batch([6, 9])
    input_ids[0, 2] = PADDING
    model = make_model("roberta")
    assert find_packing(model.encoder, input_ids, mask) is None
    with torch.inference_mode():
        torch.testing.assert_close(
            model.encode(input_ids, mask)[0, :6],
            model.encoder(input_ids[:1, :6]).last_hidden_state[0],
            atol=1e-5,
            rtol=0,
        )


def test_a_compiled_encoder_is_not_asked():
    model = make_model("bert")
    model.encoder.compile()
    assert find_packing(model.encoder, *make_batch([3, 9])[:2]) is None


def test_what_more_is_asked_of_the_encoder_is_given_it(model):
    input_ids, mask, _ = make_batch([6, 9])
    seen = []
    with model.encoder.register_forward_pre_hook(lambda _, args, given: seen.append(given), with_kwargs=True):
        model.encode(input_ids, mask, output_hidden_states=True)
    assert seen[0]["output_hidden_states"]
    assert seen[0]["attention_mask"] is mask


class TestAttention:
    def test_the_users_choice_stays(self, tiny_checkpoint):
        for choice in ("eager", "sdpa"):
            model = SpertModel.from_pretrained(tiny_checkpoint)
            assert model.encoder.config._attn_implementation == ATTENTION
            model.set_attn_implementation(choice)
            assert model.encoder.config._attn_implementation == choice
            assert not takes_packed(model.encoder)
        model = SpertModel.from_pretrained(tiny_checkpoint, attn_implementation="eager")
        assert model.encoder.config._attn_implementation == "eager"

    def test_a_checkpoint_does_not_name_it(self, tiny_checkpoint, tmp_path):
        SpertModel.from_pretrained(tiny_checkpoint).save_pretrained(tmp_path)
        assert ATTENTION not in (tmp_path / "config.json").read_text(encoding="utf-8")

    def test_a_config_that_was_used_makes_another_model(self):
        config = make_model("bert").config
        assert takes_packed(SpertModel(config).encoder)


def test_a_copy_of_the_code_leaves_the_attention_of_this_one_alone(model, tmp_path, monkeypatch):
    """As a checkpoint's own code is a copy, perhaps of another version."""
    shutil.copytree(Path(cpu_packing.__file__).parent, tmp_path / "copy_of_model")
    monkeypatch.syspath_prepend(tmp_path)
    copied = import_module("copy_of_model.cpu_packing")
    copied.use_packing(copy.deepcopy(model.encoder))
    assert AttentionInterface()[ATTENTION] is cpu_packing._attend
    assert AttentionInterface()[copied.ATTENTION] is copied._attend
