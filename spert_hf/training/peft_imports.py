"""Whether peft, an extra, is there; light, so that it is known before any work."""

from importlib.util import find_spec


def check_peft(field: str) -> None:
    """Refuse adapters where peft is not installed.

    Raises:
        ImportError: saying what to install.
    """
    if find_spec("peft") is None:
        raise ImportError(f'{field} needs peft, which is not installed: pip install "spert-hf[peft]"')
