"""`spert-hf`: reads the command's name and hands over; what a command needs is imported only then."""

import argparse
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec

from ..model.errors import CheckpointError
from ..without_torch import HOW_TO_GET_TORCH
from .global_state import restored_state
from .parsers import module_of, parse
from .parsers.command_parser import CommandParser
from .standard_streams import stand_in_for_closed

COMMANDS = {
    "train": "train a model, evaluate and save it",
    "evaluate": "score a model on annotated documents",
    "calibrate": "calibrate scores, so that they are the probability of being right",
    "find-threshold": "find the relation threshold with the best F1 on a split",
    "quantize": "quantize the encoder to INT8, for OpenVINO",
    "export": "export a model to ONNX, which runs without torch",
    "extract": "extract entities and relations from a file",
    "serve": "serve a model's API over HTTP, with batches, metrics and limits",
    "graph": "make a knowledge graph of what was found in a corpus",
    "experiment": "run the experiments of a table of results, and render it",
    "annotate": "write what a model finds in texts, for people to correct in an annotation tool",
    "suggest": "choose the texts that are worth most to annotate next",
    "label-studio": "predict for Label Studio while people annotate",
    "import": "convert the export of an annotation tool to a data set",
    "check": "report all errors in document files",
    "convert": "convert a checkpoint of the published SpERT code",
    "publish": "publish a model, a data set, the metric or the demo on the Hub",
}

_WITHOUT_MODELS = frozenset({"graph", "serve"})
"""Commands that import neither torch nor transformers, which take 200 MB, unless needed."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        arguments: those of the command line; default: `sys.argv[1:]`.

    Returns:
        The exit code: 0 for success, 1 if it failed or found errors, 2 for wrong usage.
    """
    stand_in_for_closed()
    given = list(sys.argv[1:] if arguments is None else arguments)
    parser = CommandParser(
        prog="spert-hf",
        description="SpERT: joint entity and relation extraction.",
        epilog="commands:\n"
        + "\n".join(f"  {name:<16}{text}" for name, text in COMMANDS.items())
        + "\n\n`spert-hf COMMAND --help` describes a command.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="store_true", help="print the version and exit")
    parser.add_argument("command", nargs="?", choices=COMMANDS, metavar="COMMAND", help="the command, see below")
    options = parser.parse_args(given[:1])
    if options.version:
        from .. import __version__

        try:
            sys.stdout.write(f"spert-hf {__version__}\n")
        except OSError as error:
            sys.stderr.write(f"spert-hf: {error}\n")
            return 1
        return 0
    if options.command is None:
        parser.print_help(sys.stderr)
        return 2
    return run_command(options.command, given[1:])


def run_command(command: str, arguments: Sequence[str]) -> int:
    """Run a command; errors that the user can fix become one line on stderr, and global state is restored."""
    stand_in_for_closed()
    try:
        return _run(command, parse(command, arguments))
    except ModuleNotFoundError as error:
        sys.stderr.write(f"spert-hf {command}: {_missing(error)}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nspert-hf: interrupted\n")
        return 130
    except BrokenPipeError:
        sys.stderr.close()  # the reader has closed the pipe; Python would report it again when it flushes
        return 1
    except (ValueError, OSError, ImportError, CheckpointError) as error:
        sys.stderr.write(f"spert-hf {command}: {error}\n")
        return 1


def _missing(error: ModuleNotFoundError) -> str:
    """Say what is not installed, and, where the package was installed without torch, what to do."""
    if find_spec("torch") is not None:
        return str(error)
    return f"this needs torch, {HOW_TO_GET_TORCH} ({error})"


def _run(command: str, options: argparse.Namespace) -> int:
    """Import and run a command; help and usage errors do not wait for the import."""
    run: Callable[[argparse.Namespace], int] = import_module(f"spert_hf.cli.{module_of(command)}").run
    with restored_state(with_models=command not in _WITHOUT_MODELS and getattr(options, "backend", None) != "onnx"):
        return run(options)


if __name__ == "__main__":
    raise SystemExit(main())
