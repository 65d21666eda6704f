from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spert_hf.data.annotation.splitting import check_shares, digest_of, draw_splits

TEXTS = st.lists(st.sampled_from("abcdefghijklmnop"), max_size=40)
SHARE = st.floats(0, 0.49)


@given(TEXTS, SHARE, SHARE, st.integers(0, 5))
def test_same_text_is_in_one_split_and_shares_are_those_of_different_texts(texts, dev, test, seed):
    splits = draw_splits([digest_of(text) for text in texts], dev, test, seed)
    of_text = dict(zip(texts, splits, strict=True))
    assert splits == [of_text[text] for text in texts]
    different = len(set(texts))
    counts = {name: sum(split == name for split in of_text.values()) for name in ("train", "dev", "test")}
    assert sum(counts.values()) == different
    assert counts["train"] >= min(1, different)
    if different >= 3:
        assert counts["dev"] == (max(1, round(dev * different)) if dev else 0)
    assert splits == draw_splits([digest_of(text) for text in texts], dev, test, seed)


def test_another_seed_draws_others():
    digests = [digest_of(str(number)) for number in range(100)]
    assert draw_splits(digests, 0.2, 0.2, 1) != draw_splits(digests, 0.2, 0.2, 2)


@pytest.mark.parametrize(
    ("dev", "test", "message"),
    [
        (-0.1, 0.1, r"dev must be a number from 0 to less than 1, got -0\.1"),
        (0.1, 1.0, r"test must be a number from 0 to less than 1, got 1\.0"),
        (0.5, 0.5, r"dev \+ test must be less than 1, as the rest is for training, got 1\.0"),
        (float("nan"), 0.1, r"dev must be a number from 0 to less than 1, got nan"),
    ],
)
def test_impossible_shares_are_refused(dev, test, message):
    with pytest.raises(ValueError, match=message):
        check_shares(dev, test)
