"""Commands as pages show them, read by the parsers of the programs that would run them; no file is opened."""

import argparse
import re
import shlex
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from spert_hf.cli.main import COMMANDS
from spert_hf.cli.parsers import module_of
from tests.support.markdown_pages import ROOT

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib

OTHER_PROGRAMS = frozenset(
    {"apt-get", "curl", "docker", "lint-imports", "mkdocs", "mypy", "pre-commit", "pyproject-build", "ruff", "twine"}
)
"""Programs of others, whose arguments are not looked at."""

_BENCHMARKS = {
    "tests.benchmarks": "tests.benchmarks.command",
    "tests.benchmarks.serving": "tests.benchmarks.serving",
    "tests.benchmarks.graph_writers": "tests.benchmarks.graph_writers",
    "tests.benchmarks.onnx": "tests.benchmarks.onnx",
}
"""By the module that is run, the one with its parser."""

_ASSIGNMENT = re.compile(r"[A-Z_]+=.*")


class CommandError(ValueError):
    """A command that its program would not take."""


def split_commands(script: str) -> Iterator[list[str]]:
    """Words of the commands of a shell script, without comments and variables set before a command."""
    for line in script.replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        command: list[str] = []
        for word in [*lexer, "&&"]:
            if word in ("&&", "||", "|", ";"):
                if command:
                    yield command
                command = []
            elif command or not (word == "time" or _ASSIGNMENT.fullmatch(word)):
                command.append(word)


def check_command(command: list[str]) -> None:
    """Have a command read by its program's parser.

    Raises:
        CommandError: if it would be refused, or the program is not known.
    """
    program, *arguments = command
    if program in _CHECKS:
        _CHECKS[program](arguments)
    elif "/" in program:
        _check(ROOT.joinpath(program).is_file(), f"{program}: no such file")
    else:
        _check(program in OTHER_PROGRAMS, f"{program}: no program that the pages use")


@cache
def parser_of(name: str) -> argparse.ArgumentParser:
    """The parser of a `spert-hf` command."""
    return import_module(f"spert_hf.cli.parsers.{module_of(name)}").make_parser()


def known_options() -> set[str]:
    """Every option of the package's commands, of the demo and of the benchmark."""
    parsers = [*map(parser_of, COMMANDS), _parser_of_demo(), *map(_parser_of, _BENCHMARKS.values())]
    return {option for parser in parsers for option in _options_of(parser)}


def _options_of(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in parser._actions:
        yield from action.option_strings
        if isinstance(action, argparse._SubParsersAction):
            for own in action.choices.values():
                yield from _options_of(own)


def _check(holds: bool, reason: str) -> None:
    if not holds:
        raise CommandError(reason)


def _parse(parser: argparse.ArgumentParser, arguments: list[str]) -> argparse.Namespace:
    try:
        return parser.parse_args(arguments)
    except SystemExit as error:
        _check(error.code in (0, None), f"{parser.prog}: refuses {shlex.join(arguments)}")
        return argparse.Namespace()


def _check_own(arguments: list[str]) -> None:
    _check(arguments[0] in COMMANDS, f"spert-hf: has no command {arguments[0]}")
    _parse(parser_of(arguments[0]), arguments[1:])


def _check_accelerate(arguments: list[str]) -> None:
    from accelerate.commands.launch import launch_command_parser

    _check(arguments[0] == "launch", "accelerate: only launch is used")
    launched = _parse(launch_command_parser(), arguments[1:])
    _check(ROOT.joinpath(launched.training_script).is_file(), f"{launched.training_script}: no such file")
    _parse(parser_of("train"), launched.training_script_args)


def _check_python(arguments: list[str]) -> None:
    if arguments[0] == "-m":
        module, rest = arguments[1], arguments[2:]
        _check(find_spec(module) is not None, f"python -m {module}: no such module")
        if module in _BENCHMARKS:
            _parse(_parser_of(_BENCHMARKS[module]), rest)
    else:
        _check(arguments[0] == "space/app.py", f"python {arguments[0]}: no script that the pages use")
        _parse(_parser_of_demo(), arguments[1:])


def _parser_of(benchmark: str) -> argparse.ArgumentParser:
    return import_module(benchmark)._parser()


def _parser_of_demo() -> argparse.ArgumentParser:
    return import_module("spert_hf.cli.parsers.demo").make_parser(requests_per_minute=0)


def _check_pytest(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="pytest")
    parser.add_argument("paths", nargs="*")
    parser.add_argument("-n")
    parser.add_argument("-m")
    parsed = _parse(parser, arguments)
    for path in parsed.paths:
        _check(ROOT.joinpath(path).exists(), f"pytest: no such file {path}")
    markers = [marker.partition(":")[0] for marker in _project()["tool"]["pytest"]["ini_options"]["markers"]]
    _check(parsed.m in (None, "", *markers), f"pytest: no marker {parsed.m}")


def _check_pip(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="pip")
    parser.add_argument("action", choices=["install"])
    parser.add_argument("packages", nargs="*")
    parser.add_argument("--no-deps", action="store_true")
    parser.add_argument("-c")
    parser.add_argument("-e")
    parsed = _parse(parser, arguments)
    _check(parsed.c is None or ROOT.joinpath(parsed.c).is_file(), f"pip: no such file {parsed.c}")
    for package in parsed.packages:
        folder, _, extras = package.partition("[")
        _check(not package.startswith(".") or ROOT.joinpath(folder, "pyproject.toml").is_file(), f"pip: no {package}")
        if extras:
            _check_extras(extras, ROOT if folder == "spert-hf" else ROOT / folder)
    if parsed.e is not None:
        _check_extras(parsed.e.partition("[")[2], ROOT)


def _check_extras(extras: str, folder: Path) -> None:
    missing = {name for name in extras.removesuffix("]").split(",") if name}
    missing -= set(_project(folder)["project"]["optional-dependencies"])
    _check(not missing, f"pip: no extras {sorted(missing)}")


def _project(folder: Path = ROOT) -> dict:
    return tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))


_CHECKS: dict[str, Callable[[list[str]], None]] = {
    "accelerate": _check_accelerate,
    "pip": _check_pip,
    "pytest": _check_pytest,
    "python": _check_python,
    "spert-hf": _check_own,
}
