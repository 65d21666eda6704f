"""Texts of many lengths."""

import random

import pytest

from tests.support.tiny_models import SENTENCES


@pytest.fixture(scope="session")
def texts():
    """Lists of words, among them the shortest and one of more than a window."""
    draw = random.Random(1)
    words = [word for sentence in SENTENCES for word in sentence]
    return [draw.choices(words, k=count) for count in (14, 1, 2, 31, 5, 9, 120, 22)]
