"""The version of the package that is installed."""

from importlib.metadata import PackageNotFoundError, version

DISTRIBUTIONS = ("spert-hf", "spert-hf-onnx")
"""What may have installed it: all of it, or what extraction with ONNX exports needs."""


def _version() -> str:
    for name in DISTRIBUTIONS:
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return "0+unknown"  # run from a checkout that was not installed


__version__ = _version()
