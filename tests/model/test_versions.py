"""A transformers that is too old is refused in one line."""

import importlib
import re
import sys

import pytest

from spert_hf.model import versions
from spert_hf.model.card import describe_use
from spert_hf.model.versions import LOWEST_TRANSFORMERS, check_transformers


@pytest.mark.parametrize("given", ["4.57.3", "4.57.0.dev0", "0.1"])
def test_too_old(given):
    with pytest.raises(ImportError, match=f"^transformers must be 5.0 or newer for .*, got {re.escape(given)}: .*$"):
        check_transformers(given)


@pytest.mark.parametrize("given", [LOWEST_TRANSFORMERS, "5.0.0", "5.0.0rc1", "5.20.2", "6", "5.24.0.dev0"])
def test_new_enough(given):
    check_transformers(given)


def test_it_is_checked_when_the_code_is_loaded(monkeypatch):
    monkeypatch.setattr(sys.modules["transformers"], "__version__", "4.57.6")
    with pytest.raises(ImportError, match=r"got 4\.57\.6"):
        importlib.reload(versions)


def test_the_card_says_so():
    assert f"transformers {LOWEST_TRANSFORMERS} or newer" in " ".join(describe_use("ada/model", "A text.").split())
