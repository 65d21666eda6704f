"""What can be an encoder, what is refused, and what encoders need that are not like BERT."""

import copy
import inspect
from itertools import pairwise

import pytest
import torch
from transformers import AutoConfig, AutoModel, T5EncoderModel, masking_utils, pipeline

from spert_hf import SpertConfig, SpertModel, SpertProcessor
from spert_hf.model.encoder_checks import check_encoder
from spert_hf.model.encoders import reason_against
from tests.support.encoder_families import encoded_sentences, make_family_folder, make_family_model, small_config
from tests.support.tiny_models import SENTENCES, make_encoder_folder, make_tiny_checkpoint, make_tokenizer


@pytest.fixture(scope="module")
def t5_checkpoint(tmp_path_factory):
    return make_tiny_checkpoint("t5", tmp_path_factory.mktemp("t5"))


@pytest.mark.parametrize("family", ["gpt2", "llama", "qwen2", "mistral", "reformer", "whisper"])
def test_what_is_no_encoder_is_refused_before_weights_are_read(family, tmp_path):
    small_config(family).save_pretrained(tmp_path)
    with pytest.raises(ValueError) as raised:
        SpertModel.from_encoder(str(tmp_path), entity_types=["A"])
    message = str(raised.value)
    assert f"of type {family}, " in message
    assert message.startswith("encoder must be an encoder such as BERT, or a model with one, such as T5 and BART, got ")
    assert "\n" not in message


def test_an_encoder_that_is_told_to_be_a_decoder_is_refused(tmp_path):
    folder = make_encoder_folder("bert", tmp_path)
    config = AutoConfig.from_pretrained(folder)
    config.is_decoder = True
    with pytest.raises(ValueError, match="of type bert, a causal model"):
        SpertModel.from_encoder(str(folder), config=SpertConfig(encoder_config=config))


def test_a_decoder_that_is_told_to_look_both_ways_is_taken(tmp_path):
    """Where transformers listens: 5.0 does not, and the trial finds it out."""
    config = small_config("llama")
    config.is_causal = False
    AutoModel.from_config(config).save_pretrained(tmp_path)
    if '"is_causal"' in inspect.getsource(masking_utils):
        assert SpertModel.from_encoder(str(tmp_path), entity_types=["A"])
    else:
        with pytest.raises(ValueError, match="a LlamaModel, a causal model"):
            SpertModel.from_encoder(str(tmp_path), entity_types=["A"])


def test_a_causal_model_that_its_config_does_not_tell_is_found_out(tmp_path):
    config = small_config("llama")
    AutoModel.from_config(config).save_pretrained(tmp_path)
    config.use_bidirectional_attention = True  # which Llama does not know
    assert reason_against(config) is None
    with pytest.raises(ValueError, match="a LlamaModel, a causal model"):
        SpertModel.from_encoder(str(tmp_path), config=SpertConfig(encoder_config=config))


def test_a_checkpoint_over_a_decoder_still_loads_with_a_warning(tmp_path):
    with pytest.warns(UserWarning, match="encoder: of type gpt2, a causal model"):
        model = SpertModel(SpertConfig(encoder_config=small_config("gpt2"), entity_types=["A"])).eval()
    model.save_pretrained(tmp_path)
    with pytest.warns(UserWarning, match="encoder: of type gpt2, a causal model"):
        again = SpertModel.from_pretrained(tmp_path)
    batch = {"input_ids": torch.arange(5, 9).unsqueeze(0), "attention_mask": torch.ones(1, 4, dtype=torch.long)}
    batch["word_offsets"] = torch.tensor([[1, 2, 3]])
    with torch.no_grad():
        assert torch.equal(again(**batch).entity_logits, model(**batch).entity_logits)


def test_a_trial_leaves_a_model_and_the_generator_as_they_were(tmp_path):
    model = make_family_model("bert", tmp_path)
    model.train()
    model.encoder.encoder.layer[0].eval()
    modes = [module.training for module in model.modules()]
    torch.manual_seed(3)
    check_encoder("a model", model)
    drawn = torch.rand(2)
    torch.manual_seed(3)
    assert torch.equal(drawn, torch.rand(2))
    assert [module.training for module in model.modules()] == modes


def test_of_an_encoder_decoder_the_encoders_weights_are_taken_and_no_others(tmp_path):
    folder = make_family_folder("bart", tmp_path / "bart")
    whole = AutoModel.from_pretrained(folder)
    model = SpertModel.from_encoder(str(folder), entity_types=["A"])
    taken = model.encoder.state_dict()
    assert taken.keys() == whole.encoder.state_dict().keys()
    assert all(torch.equal(weight, taken[name]) for name, weight in whole.encoder.state_dict().items())
    model.save_pretrained(tmp_path / "spert")
    again = SpertModel.from_pretrained(tmp_path / "spert")
    assert again.state_dict().keys() == model.state_dict().keys()
    assert again.config.max_sequence_length == 160


def test_a_checkpoint_of_an_encoder_alone_is_taken(tmp_path):
    whole = make_family_folder("t5", tmp_path / "t5")
    T5EncoderModel.from_pretrained(whole).save_pretrained(tmp_path / "encoder")
    ids, mask = torch.arange(5, 15).unsqueeze(0), torch.ones(1, 10, dtype=torch.long)
    models = [make_family_model("t5", tmp_path / name) for name in ("t5", "encoder")]
    with torch.no_grad():
        assert torch.equal(*(model.encode(ids, mask) for model in models))


def test_encoder_weights_that_are_missing_are_still_named(tmp_path):
    whole = make_family_folder("bart", tmp_path)
    model = AutoModel.from_pretrained(whole)
    weights = {name: weight for name, weight in model.state_dict().items() if "encoder.layers.1.fc1" not in name}
    model.save_pretrained(whole, state_dict=weights)
    with pytest.raises(ValueError, match=r"lacks 2 weights of a BartModel, such as encoder.layers.1.fc1.bias"):
        SpertModel.from_encoder(str(whole), entity_types=["A"])


def test_a_tokenizer_without_a_first_special_sub_word_gets_one(t5_checkpoint):
    """So the first position is no word's, and words are where they are said to be."""
    tokenizer = make_tokenizer("t5")
    processor = SpertProcessor.for_config(tokenizer, SpertConfig.from_pretrained(t5_checkpoint))
    words = processor.encode(SENTENCES)
    batch = processor.collate(words)
    for row, (sentence, own) in enumerate(zip(SENTENCES, words, strict=True)):
        ids = batch["input_ids"][row, : batch["attention_mask"][row].sum()].tolist()
        assert ids == [tokenizer.eos_token_id, *own.input_ids, tokenizer.eos_token_id]
        for word, (first, end) in enumerate(pairwise(batch["word_offsets"][row].tolist())):
            expected = sentence[word] if word < len(sentence) else ""
            read = tokenizer.decode(ids[first:end]).strip()
            assert "<unk>" in read or read == expected


def test_windows_leave_room_for_the_special_sub_word():
    tokenizer = make_tokenizer("t5")
    with_one, without = (SpertProcessor(tokenizer, 20, special_first=first) for first in (True, False))
    assert (with_one.window_size, without.window_size) == (18, 19)
    (encoded,) = with_one.encode([[word for sentence in SENTENCES for word in sentence]])
    for start, end in with_one.windows(encoded):
        assert with_one.collate([encoded.window(start, end)])["input_ids"].shape[1] <= 20


def test_a_tokenizer_with_a_first_special_sub_word_keeps_it():
    tokenizer = make_tokenizer("roberta")
    words = [["harbour"]]
    one, other = (SpertProcessor(tokenizer, 64, special_first=first) for first in (True, False))
    assert torch.equal(one.collate(one.encode(words))["input_ids"], other.collate(other.encode(words))["input_ids"])


def test_text_is_extracted_with_an_encoder_of_t5(t5_checkpoint):
    pipe = pipeline("spert-extraction", model=str(t5_checkpoint))
    texts = [" ".join(words) for words in SENTENCES]
    found = pipe(texts, batch_size=8)
    assert any(result["entities"] for result in found)
    for text, result in zip(texts, found, strict=True):
        alone = pipe(text)
        assert [entity | {"score": 0} for entity in result["entities"]] == [
            entity | {"score": 0} for entity in alone["entities"]
        ]
        for entity in result["entities"]:
            assert text[entity["start"] : entity["end"]] == entity["text"]


def test_what_is_computed_alone_takes_padding_at_the_end_only(tmp_path):
    model = make_family_model("fnet", tmp_path)
    ids = torch.arange(5, 13).view(2, 4)
    mask = torch.tensor([[0, 1, 1, 1], [1, 1, 1, 1]])
    with pytest.raises(
        ValueError,
        match=r"attention_mask must be one with padding at the end for FNetModel.*, got padding before sub-words",
    ):
        model.encode(ids, mask)


def test_what_bigbird_gives_does_not_depend_on_what_it_was_given_before(tmp_path):
    model = make_family_model("big_bird", tmp_path)
    fresh = copy.deepcopy(model)
    processor, sentences = encoded_sentences("big_bird", model)
    short, long = processor.collate(sentences[2:3]), processor.collate(sentences[-1:])
    with torch.no_grad():
        model(**short)
        assert torch.equal(model(**long).entity_logits, fresh(**long).entity_logits)
