"""The version of the package that is installed."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("spert-hf")
except PackageNotFoundError:  # run from a checkout that was not installed
    __version__ = "0+unknown"
