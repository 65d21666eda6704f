"""Words, windows and sub-words."""

import shutil
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoConfig, AutoTokenizer

from spert_hf import SpertConfig, SpertProcessor
from spert_hf.model.processing_spert import EncodedWords, split_words
from tests.support.hostile_checkpoints import change_json
from tests.support.tiny_models import FAMILIES, make_encoder_folder, make_tokenizer


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Marian Pell's plant, in Duluth.", ["Marian", "Pell", "'s", "plant", ",", "in", "Duluth", "."]),
        ("The U.S. spent $2,300.50 on Jan. 4.", ["The", "U.S.", "spent", "$", "2,300.50", "on", "Jan.", "4", "."]),
        ("Salem, Mass., and Gov. Doe of Rome.", ["Salem", ",", "Mass.", ",", "and", "Gov.", "Doe", "of", "Rome", "."]),
        ("Pell’s ‘plant’", ["Pell", "’s", "‘", "plant", "’"]),
        ("Boston-based (UPI) --", ["Boston", "-", "based", "(", "UPI", ")", "-", "-"]),
        ("the 10th of 14-year-olds", ["the", "10th", "of", "14", "-", "year", "-", "olds"]),
        ("I don't; we'll", ["I", "don", "'", "t", ";", "we", "'ll"]),
        ("東京に行く。", list("東京に行く。")),
        ("नमस्ते दुनिया", ["नमस्ते", "दुनिया"]),
        ("שלום עולם", ["שלום", "עולם"]),
        ("👩‍🔬 at CERN 🇨🇭", ["👩‍", "🔬", "at", "CERN", "🇨", "🇭"]),
        ("", []),
        (" \t\n ", []),
        ("a\x00b\u200ec", ["a", "b", "c"]),
        ("\ud800x", ["x"]),
    ],
)
def test_words_of_raw_text(text, words):
    assert [text[start:end] for start, end in split_words(text)] == words


def test_an_endless_word_is_split():
    assert [end - start for start, end in split_words("x" * 1000)] == [64] * 15 + [40]


@given(st.text(st.characters(), max_size=200))
@settings(max_examples=300, deadline=None)
def test_words_are_in_order_and_cover_all_that_is_visible(text):
    spans = split_words(text)
    assert all(start < end for start, end in spans)
    assert all(first[1] <= second[0] for first, second in pairwise(spans))
    covered = {index for start, end in spans for index in range(start, end)}
    assert all(index in covered for index, character in enumerate(text) if character.isalnum())


@pytest.fixture(scope="module", params=FAMILIES)
def processor(request):
    return SpertProcessor(make_tokenizer(request.param), 64)


def test_every_word_has_a_sub_word_whatever_it_is(processor):
    words = ["Oslo", "\x00", "\u200b", "🦊", "", "東京", "Tromsø", "\ud800", "[SEP]x"]
    encoded = processor.encode([words])[0]
    assert len(encoded) == len(words)
    sizes = [last - first for first, last in pairwise(encoded.word_offsets)]
    assert min(sizes) >= 1


def test_a_word_is_tokenised_the_same_wherever_it_stands(processor):
    alone = processor.encode([["harbour"]])[0]
    inside = processor.encode([["The", "harbour", "of", "harbour"]])[0]
    first, second = inside.window(1, 2), inside.window(3, 4)
    assert alone.input_ids == first.input_ids == second.input_ids


def test_batches_are_padded_with_empty_words(processor):
    batch = processor.collate(processor.encode([["It", "rained", "."], ["Overnight"]]))
    assert batch["word_offsets"].shape == (2, 4)
    assert batch["word_offsets"][1, 1:].unique().numel() == 1
    assert batch["attention_mask"].sum(1).tolist() == [
        len(one.input_ids) + len(processor._prefix) + len(processor._suffix)
        for one in processor.encode([["It", "rained", "."], ["Overnight"]])
    ]
    assert batch["input_ids"][0, : len(processor._prefix)].tolist() == processor._prefix


def test_a_word_longer_than_a_window_warns():
    processor = SpertProcessor(make_tokenizer("roberta"), 12)
    with pytest.warns(UserWarning, match="word 1 has .* sub-words, the encoder takes 10"):
        encoded = processor.encode([["a", "xyzq" * 30]])[0]
    assert encoded.word_offsets[-1] - encoded.word_offsets[1] == 10


@given(st.lists(st.integers(1, 12), min_size=1, max_size=200))
@settings(max_examples=200, deadline=None)
def test_windows_cover_every_word_and_overlap(sizes):
    processor = SpertProcessor(make_tokenizer_once(), 18)
    offsets = [0]
    for size in sizes:
        offsets.append(offsets[-1] + size)
    words = EncodedWords(list(range(offsets[-1])), offsets)
    windows = processor.windows(words)
    assert windows[0][0] == 0
    assert windows[-1][1] == len(sizes)
    for start, end in windows:
        assert start < end
        assert offsets[end] - offsets[start] <= processor.window_size == 16
    for (start, end), (next_start, next_end) in pairwise(windows):
        assert start < next_start <= end < next_end


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda folder: (folder / "tokenizer.json").unlink(), "none but [0-9]+ special tokens"),
        (lambda folder: change_json(folder / "config.json", shrink), "as its number [0-9]+, allowed numbers below 7,"),
    ],
)
def test_a_tokenizer_that_is_not_the_encoders_is_refused(tiny_checkpoint, tmp_path, change, message):
    """Transformers makes up a tokenizer that knows no word where its files are missing, and says nothing."""
    folder = shutil.copytree(tiny_checkpoint, tmp_path / "model")
    change(folder)
    with pytest.raises(ValueError, match=f"tokenizer: that of .*{message}"):
        SpertProcessor.for_config(AutoTokenizer.from_pretrained(folder), SpertConfig.from_pretrained(folder))


@pytest.mark.parametrize("family", [family for family in FAMILIES if family != "modernbert"])
def test_a_tokenizer_without_its_files_is_refused(tmp_path, family):
    """Of ModernBERT's, transformers itself says so."""
    folder = make_encoder_folder(family, tmp_path / family)
    config = SpertConfig(encoder_config=AutoConfig.from_pretrained(folder), entity_types=["Loc"])
    SpertProcessor.for_config(AutoTokenizer.from_pretrained(folder), config)
    (folder / "tokenizer.json").unlink()
    with pytest.raises(ValueError, match=r"none but [0-9]+ special tokens"):
        SpertProcessor.for_config(AutoTokenizer.from_pretrained(folder), config)


def test_added_tokens_need_embeddings(tiny_checkpoint):
    tokenizer, config = AutoTokenizer.from_pretrained(tiny_checkpoint), SpertConfig.from_pretrained(tiny_checkpoint)
    tokenizer.add_tokens(["<unused>"], special_tokens=True)
    tokenizer.add_special_tokens({"additional_special_tokens": ["<unused>"]})
    SpertProcessor.for_config(tokenizer, config)
    tokenizer.add_tokens(["[GENE]"])
    with pytest.raises(ValueError, match=r"has '\[GENE\]' as its number [0-9]+, allowed numbers below [0-9]+, as many"):
        SpertProcessor.for_config(tokenizer, config)


def shrink(config):
    config["encoder_config"]["vocab_size"] = 7


def test_no_words_are_one_window():
    assert SpertProcessor(make_tokenizer_once(), 18).windows(EncodedWords([], [0])) == [(0, 0)]


_TOKENIZER = []


def make_tokenizer_once():
    if not _TOKENIZER:
        _TOKENIZER.append(make_tokenizer("bert"))
    return _TOKENIZER[0]


def test_the_tokenizers_own_truncation_and_padding_do_not_matter(tiny_checkpoint):
    tokenizer = AutoTokenizer.from_pretrained(tiny_checkpoint)
    tokenizer("a", truncation=True, max_length=4, padding="max_length")
    encoded = SpertProcessor(tokenizer, 64).encode([["harbour"] * 20])[0]
    assert len(encoded) == 20
    assert tokenizer("a", truncation=True, max_length=4, padding="max_length")["input_ids"].count(0) >= 1


def test_a_slow_tokenizer_is_refused():
    class Slow:
        is_fast = False

    with pytest.raises(ValueError, match="tokenizer: given Slow, allowed a fast tokenizer"):
        SpertProcessor(Slow(), 64)
