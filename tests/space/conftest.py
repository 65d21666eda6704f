import httpx
import pytest

from tests.support.demo import serve


@pytest.fixture(scope="session")
def demo(tiny_pipeline):
    """Address of the demo with a tiny random model."""
    with serve(tiny_pipeline) as url:
        yield url


@pytest.fixture
def http(demo):
    with httpx.Client(base_url=demo, timeout=30) as client:
        yield client
