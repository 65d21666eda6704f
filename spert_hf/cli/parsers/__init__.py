"""The options of each command, one module per command, without heavy imports, so that `--help` is fast."""

import argparse
from collections.abc import Sequence
from importlib import import_module


def parse(command: str, arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the options of a command.

    Args:
        command: the name of the command.
        arguments: its arguments.

    Returns:
        The options.

    Raises:
        ValueError: options contradict each other.
        SystemExit: on wrong usage (2), and after `--help` (0).
    """
    module = import_module(f"{__name__}.{module_of(command)}")
    if hasattr(module, "parse"):  # for commands that need more than a parser
        options: argparse.Namespace = module.parse(arguments)
        return options
    return module.make_parser().parse_args(arguments)  # type: ignore[no-any-return]


def module_of(command: str) -> str:
    """The name of the modules of a command: its own, as far as Python takes it."""
    return "import_annotations" if command == "import" else command.replace("-", "_")
