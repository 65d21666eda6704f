import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spert_hf.evaluation.reliability import reliability

ITEMS = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60)


def slow_error(scores, right, bin_count):
    """The definition to the letter: each bin is looked for among all items."""
    error = 0.0
    for number in range(bin_count):
        low, high = number / bin_count, (number + 1) / bin_count
        last = number + 1 == bin_count
        members = [i for i, s in enumerate(scores) if low <= s * 1.0 and (s < high or last)]
        if members:
            accuracy = sum(right[i] for i in members) / len(members)
            confidence = sum(scores[i] for i in members) / len(members)
            error += len(members) / len(scores) * abs(accuracy - confidence)
    return 100 * error


@given(ITEMS, st.sampled_from([1, 2, 4, 8, 16]))  # bins whose borders are no rounded numbers
def test_the_error_is_that_of_the_definition(items, bin_count):
    scores, right = [score for score, _ in items], [is_right for _, is_right in items]
    measured = reliability(scores, right, bin_count)
    assert measured.expected_calibration_error == pytest.approx(slow_error(scores, right, bin_count), abs=1e-9)
    assert measured.count == len(items)
    assert measured.mean_score == pytest.approx(sum(scores) / len(scores))
    assert measured.share_right == pytest.approx(sum(right) / len(right))


def test_bins():
    measured = reliability([0.0, 0.14, 0.16, 0.2, 1.0], [False, True, False, True, True])
    assert [part.count for part in measured.bins] == [1, 2, 1, 0, 0, 0, 0, 0, 0, 1]
    second, empty = measured.bins[1], measured.bins[5]
    assert (second.low, second.high, second.share_right) == (0.1, 0.2, 0.5)
    assert second.mean_score == pytest.approx(0.15)
    assert (empty.mean_score, empty.share_right) == (None, None)
    # |0 - 0|, |0.15 - 0.5| twice, |0.2 - 1| and |1 - 1|, over five items
    assert measured.expected_calibration_error == pytest.approx(100 * (2 * 0.35 + 0.8) / 5)


def test_nothing_has_no_error():
    described = reliability([], []).to_dict()
    assert described["count"] == 0
    assert described["ece"] is described["mean_score"] is described["share_right"] is None
    assert len(described["bins"]) == 10


def test_what_is_no_score_is_refused():
    with pytest.raises(ValueError, match="right must have an item for each of the 1 scores, got 2"):
        reliability([0.5], [True, False])
    for score in (-0.1, 1.1, math.nan):
        with pytest.raises(ValueError, match="scores must be numbers from 0 to 1, got"):
            reliability([score], [True])
