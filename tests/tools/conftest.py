"""A browser for the pages of annotation tools."""

import pytest

from tests.support.chromium import open_chromium


# Not for the whole session: Playwright keeps an event loop running, in which other tests could run none of their own.
@pytest.fixture(scope="module")
def browser():
    with open_chromium() as browser:
        yield browser
