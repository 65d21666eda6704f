"""Without the extra serve there is nothing to test but what the demo has, too."""

from importlib.util import find_spec

collect_ignore = (
    [] if find_spec("prometheus_client") else ["test_app.py", "test_batching.py", "test_calls.py", "test_process.py"]
)
