"""`spert-hf`: reads the command's name and hands over; what a command needs is imported only then."""

import argparse
import sys
from collections.abc import Callable, Sequence
from importlib import import_module

from ..model.errors import CheckpointError
from .parsers import module_of, parse
from .standard_streams import stand_in_for_closed

COMMANDS = {
    "train": "train a model, evaluate and save it",
    "evaluate": "score a model on annotated documents",
    "calibrate": "make scores say how often what is found is right",
    "find-threshold": "find the relation threshold with the best F1 on a split",
    "quantize": "quantize the encoder to INT8, for OpenVINO",
    "extract": "extract entities and relations from a file",
    "experiment": "carry out the runs of a table of results, and render it",
    "annotate": "write what a model finds in texts for people to correct in an annotation tool",
    "label-studio": "predict for Label Studio while people annotate",
    "import": "turn the export of an annotation tool into a data set",
    "check": "report every fault of document files",
    "convert": "turn a checkpoint of the published SpERT code into one of this package",
    "publish": "put a model, a data set, the metric or the demo on the Hub",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return its exit code: 0 done, 1 a fault was found or it failed, 2 wrong usage."""
    stand_in_for_closed()
    given = list(sys.argv[1:] if arguments is None else arguments)
    parser = argparse.ArgumentParser(
        prog="spert-hf",
        description="SpERT: joint entity and relation extraction.",
        epilog="commands:\n"
        + "\n".join(f"  {name:<16}{text}" for name, text in COMMANDS.items())
        + "\n\n`spert-hf COMMAND --help` describes a command.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="store_true", help="print the version and leave")
    parser.add_argument("command", nargs="?", choices=COMMANDS, metavar="COMMAND", help="what to do, see below")
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
    """Run one command, turning what the user can mend into one line on stderr, and leave the process as it was."""
    stand_in_for_closed()
    try:
        return _run(command, parse(command, arguments))
    except KeyboardInterrupt:
        sys.stderr.write("\nspert-hf: interrupted\n")
        return 130
    except BrokenPipeError:
        sys.stderr.close()  # the reader has left; Python would complain once more when it flushes
        return 1
    except (ValueError, OSError, ImportError, CheckpointError) as error:
        sys.stderr.write(f"spert-hf {command}: {error}\n")
        return 1


def _run(command: str, options: argparse.Namespace) -> int:
    """Import what carries a command out, which help and wrong usage are not kept waiting for, and run it."""
    from .global_state import restored_state

    run: Callable[[argparse.Namespace], int] = import_module(f"spert_hf.cli.{module_of(command)}").run
    with restored_state():
        return run(options)


if __name__ == "__main__":
    raise SystemExit(main())
