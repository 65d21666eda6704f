"""Families of encoders: each that is taken trains, and predicts the same alone and in batches; the docs say which."""

import pytest

from spert_hf.model.encoders import COMPUTED_ALONE, ENCODER_DECODERS, REFUSED, reason_against
from tests.support.encoder_families import FAMILIES, row_of_page, rows_of_page, small_config, try_family
from tests.support.tiers import first_by_default

QUICK = ("deberta", "t5", "fnet", "clip_text_model")


@pytest.mark.parametrize("family", first_by_default(QUICK))
def test_a_family_is_what_the_page_says(family, tmp_path):
    assert row_of_page(try_family(family, tmp_path)) == rows_of_page()[family]


@pytest.mark.nightly
@pytest.mark.parametrize("family", [family for family in FAMILIES if family not in QUICK])
def test_all_other_families_are_what_the_page_says(family, tmp_path):
    assert row_of_page(try_family(family, tmp_path)) == rows_of_page()[family]


def test_the_page_has_all_that_the_code_names():
    assert rows_of_page().keys() == set(FAMILIES)
    assert ENCODER_DECODERS | COMPUTED_ALONE | REFUSED.keys() <= set(FAMILIES)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_page_refuses_what_the_code_refuses(family):
    row, reason = rows_of_page()[family], reason_against(small_config(family))
    if reason is not None:
        assert row == f"| `{family}` | {reason} |"
    elif row.count("|") == 5:
        assert ("one sequence at a time" in row) == (family in COMPUTED_ALONE)
