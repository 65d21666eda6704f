"""Words, windows and sub-words."""

import shutil
from itertools import accumulate, pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from transformers import AutoConfig, AutoTokenizer

from spert_hf import SpertConfig, SpertProcessor
from spert_hf.model.subwords import EncodedWords
from tests.support.hostile_checkpoints import change_json
from tests.support.tiers import first_by_default
from tests.support.tiny_models import FAMILIES, make_encoder_folder, make_tokenizer


@pytest.fixture(scope="module", params=first_by_default(FAMILIES))
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
        len(one.input_ids) + len(processor.prefix) + len(processor.suffix)
        for one in processor.encode([["It", "rained", "."], ["Overnight"]])
    ]
    assert batch["input_ids"][0, : len(processor.prefix)].tolist() == processor.prefix


@pytest.mark.parametrize("family", FAMILIES)
def test_padding_and_truncation_that_a_tokenizer_was_saved_with_change_nothing(family):
    """As that of all-MiniLM-L6-v2 was: each of its texts gets 128 sub-words."""
    plain, saved = make_tokenizer(family), make_tokenizer(family)
    saved.backend_tokenizer.enable_padding(length=20, pad_id=saved.pad_token_id)
    saved.backend_tokenizer.enable_truncation(max_length=5)
    expected, processor = SpertProcessor(plain, 64), SpertProcessor(saved, 64)
    assert (processor.prefix, processor.suffix) == (expected.prefix, expected.suffix)
    assert len(processor.prefix) + len(processor.suffix) <= 2
    assert processor.window_size == expected.window_size
    words = [["The", "harbour", "of", "Oslo", "and", "of", "Tromsø"]]
    assert processor.encode(words) == expected.encode(words)
    assert saved.backend_tokenizer.padding["length"] == 20  # the tokenizer itself is not changed


def test_a_word_longer_than_a_window_warns():
    processor = SpertProcessor(make_tokenizer("roberta"), 12)
    with pytest.warns(UserWarning, match="word 1 has .* sub-words, the encoder takes 10"):
        encoded = processor.encode([["a", "xyzq" * 30]])[0]
    assert encoded.word_offsets[-1] - encoded.word_offsets[1] == 10


def words_of_sizes(sizes):
    """Words of so many sub-words each."""
    offsets = [0, *accumulate(sizes)]
    return EncodedWords(list(range(offsets[-1])), offsets)


@given(st.lists(st.integers(1, 16), min_size=1, max_size=120), st.integers(1, 12))
@example([7] * 8, 8)
@example([16, 16, 1, 16], 3)
def test_windows_overlap_and_hold_every_span_that_fits(sizes, max_span_size):
    processor = SpertProcessor(make_tokenizer_once(), 18, max_span_size=max_span_size)
    assert processor.window_size == 16
    words = words_of_sizes(sizes)
    offsets, windows = words.word_offsets, processor.windows(words)
    assert windows[0][0] == 0
    assert windows[-1][1] == len(sizes)
    assert all(start < end and offsets[end] - offsets[start] <= 16 for start, end in windows)
    for (start, end), (next_start, next_end) in pairwise(windows):
        assert start < next_start <= end < next_end
        # The overlap is wide enough, or the next window could not begin earlier and still reach a word further.
        wide = end - next_start >= max_span_size and offsets[end] - offsets[next_start] >= 16 // 4
        assert wide or offsets[end + 1] - offsets[next_start - 1] > 16
    for size in range(1, max_span_size + 1):
        for first in range(len(sizes) - size + 1):
            if offsets[first + size] - offsets[first] <= 16:
                assert any(start <= first and first + size <= end for start, end in windows)


def test_windows_of_short_words_overlap_by_no_more_than_is_asked_for():
    processor = SpertProcessor(make_tokenizer_once(), 102, max_span_size=10)
    assert processor.windows(words_of_sizes([1] * 250)) == [(0, 100), (75, 175), (150, 250)]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda folder: (folder / "tokenizer.json").unlink(), "has only [0-9]+ special tokens"),
        (lambda folder: change_json(folder / "config.json", shrink), "the id of .* must be less than 7, the number of"),
    ],
)
def test_a_tokenizer_that_is_not_the_encoders_is_refused(tiny_checkpoint, tmp_path, change, message):
    """Transformers makes up a tokenizer that knows no word where its files are missing, and says nothing."""
    folder = shutil.copytree(tiny_checkpoint, tmp_path / "model")
    change(folder)
    with pytest.raises(ValueError, match=f"tokenizer: (in )?that of .*{message}"):
        SpertProcessor.for_config(AutoTokenizer.from_pretrained(folder), SpertConfig.from_pretrained(folder))


@pytest.mark.parametrize("family", first_by_default([family for family in FAMILIES if family != "modernbert"]))
def test_a_tokenizer_without_its_files_is_refused(tmp_path, family):
    """Of ModernBERT's, transformers itself says so."""
    folder = make_encoder_folder(family, tmp_path / family)
    config = SpertConfig(encoder_config=AutoConfig.from_pretrained(folder), entity_types=["Loc"])
    SpertProcessor.for_config(AutoTokenizer.from_pretrained(folder), config)
    (folder / "tokenizer.json").unlink()
    with pytest.raises(ValueError, match=r"has only [0-9]+ special tokens"):
        SpertProcessor.for_config(AutoTokenizer.from_pretrained(folder), config)


def test_added_tokens_need_embeddings(tiny_checkpoint):
    tokenizer, config = AutoTokenizer.from_pretrained(tiny_checkpoint), SpertConfig.from_pretrained(tiny_checkpoint)
    tokenizer.add_tokens(["<unused>"], special_tokens=True)
    tokenizer.add_special_tokens({"additional_special_tokens": ["<unused>"]})
    SpertProcessor.for_config(tokenizer, config)
    tokenizer.add_tokens(["[GENE]"])
    with pytest.raises(
        ValueError, match=r"the id of '\[GENE\]' must be less than [0-9]+, the number of .*, got [0-9]+"
    ):
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

    with pytest.raises(ValueError, match=r"tokenizer must be a fast tokenizer .*, got Slow"):
        SpertProcessor(Slow(), 64)
