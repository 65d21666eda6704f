"""`spert-hf serve`: a model behind an HTTP server."""

import argparse
import os
import sys
from importlib.util import find_spec

from ..data.faults import list_names
from ..model.messages import integer, must_be
from ..serving.models import ModelSource
from ..serving.settings import ServerLimits

_PACKAGES = ("starlette", "uvicorn", "prometheus-client")


def run(options: argparse.Namespace) -> int:
    """Serve until a signal; return the exit code."""
    _check_libraries()
    from ..serving.server import run_server

    source = ModelSource(
        options.model,
        options.backend,
        options.dtype,
        options.device,
        options.threads or default_threads(options.backend, options.workers),
        options.revision,
        options.token,
    )
    limits = ServerLimits(
        max_characters=options.max_characters,
        queue_size=options.queue_size,
        requests_per_minute=options.requests_per_minute,
        grace_seconds=options.grace_seconds,
        batch_size=options.batch_size,
    )
    return run_server(source, options.workers, limits, options.host, options.port, _say)


def _check_libraries() -> None:
    """Check that the extra `serve` is installed, which both distributions have.

    Raises:
        ImportError: it is not, or not as a whole.
    """
    missing = [package for package in _PACKAGES if find_spec(package.replace("-", "_")) is None]
    if missing:
        distribution = "spert-hf" if find_spec("torch") else "spert-hf-onnx"
        raise ImportError(f"the server needs {list_names(missing)}: pip install '{distribution}[serve]'")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def default_threads(backend: str, workers: int) -> int:
    """Share the threads that one process would have out to the workers.

    Args:
        backend: what computes the model.
        workers: number of processes.

    Raises:
        ValueError: the environment variable that limits threads is no number.
    """
    from ..cores import usable_cores, usable_physical_cores

    given = os.environ.get("OMP_NUM_THREADS")
    if given is not None and not (given.isdecimal() and int(given)):
        raise ValueError(must_be("OMP_NUM_THREADS", integer(1), repr(given)))
    # As onnxruntime and torch choose by themselves.
    threads = int(given) if given else usable_cores() if backend == "onnx" else usable_physical_cores()
    return max(1, threads // workers)
