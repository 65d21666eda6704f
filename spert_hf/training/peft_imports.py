"""A quick check that peft, an optional dependency, is installed."""

from importlib.util import find_spec


def check_peft(field: str) -> None:
    """Check that peft is installed.

    Args:
        field: the setting that needs it.

    Raises:
        ImportError: if it is not; the message says what to install.
    """
    if find_spec("peft") is None:
        raise ImportError(f'{field} needs peft, which is not installed: pip install "spert-hf[peft]"')
