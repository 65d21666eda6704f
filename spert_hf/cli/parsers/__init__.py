"""What may be given to each command: a module a command, which imports nothing heavy, so that help comes at once."""

import argparse
from collections.abc import Sequence
from importlib import import_module


def parse(command: str, arguments: Sequence[str]) -> argparse.Namespace:
    """Read a command's options.

    Args:
        command: its name, as given.
        arguments: what follows it.

    Raises:
        ValueError: if options don't go together.
        SystemExit: on wrong usage (2), and after `--help` (0).
    """
    module = import_module(f"{__name__}.{module_of(command)}")
    if hasattr(module, "parse"):  # where options are more than the parser alone can read
        options: argparse.Namespace = module.parse(arguments)
        return options
    return module.make_parser().parse_args(arguments)  # type: ignore[no-any-return]


def module_of(command: str) -> str:
    """The name of the modules of a command: its own, as far as Python takes it."""
    return "import_annotations" if command == "import" else command.replace("-", "_")
