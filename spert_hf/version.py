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


HOW_TO_GET_TORCH = (
    "which spert-hf installs and spert-hf-onnx does not; without it, `spert-hf extract` and `serve` work with "
    "`--backend onnx`, and `spert_hf.onnx.load_onnx` in Python"
)
"""For messages of the package without torch."""

__version__ = _version()
