import httpx
import pytest

from tests.support.demo import serve
from tests.support.serving import PATIENCE


@pytest.fixture(scope="session")
def demo(tiny_pipeline):
    """Address of the demo with a tiny random model."""
    with serve(tiny_pipeline) as url:
        yield url


@pytest.fixture
def http(demo):
    with httpx.Client(base_url=demo, timeout=PATIENCE) as client:
        yield client
