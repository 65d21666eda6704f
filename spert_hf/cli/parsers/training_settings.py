"""The settings of training as command-line options, in groups."""

import argparse
from argparse import RawDescriptionHelpFormatter
from typing import Any

from ...model.settings import Setting
from ...training.arguments import GROUPS, SETTINGS
from ...training.recipes import AUTO, MEASURED, check_recipe
from .command_parser import CommandParser

_YES = ("yes", "true", "t", "y", "1")
_NO = ("no", "false", "f", "n", "0")


def _yes_or_no(text: str) -> bool:
    """Parse a boolean, in one of the spellings that transformers accepts."""
    if text.lower() in (*_YES, *_NO):
        return text.lower() in _YES
    allowed = ", ".join(f"{yes}/{no}" for yes, no in zip(_YES, _NO, strict=True))
    raise argparse.ArgumentTypeError(
        f"Truthy value expected: got {text} but expected one of {allowed} (case insensitive)."
    )


def _recipe(text: str) -> str:
    """Parse the name of a recipe."""
    try:
        check_recipe(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error).removeprefix("recipe ")) from error
    return text


_READERS: dict[type, tuple[Any, str]] = {bool: (_yes_or_no, "YES|NO"), int: (int, "N"), float: (float, "X")}
"""Parsers of values, and their names in `--help`, by type; other values are strings."""


def make_settings_parser(prog: str, description: str) -> argparse.ArgumentParser:
    """Make the parser of all settings, of `--config` and of `--recipe`.

    Options are written with dashes or underscores, and never abbreviated, so that the given ones can be determined.
    """
    parser = CommandParser(
        prog=prog,
        usage="%(prog)s [--config FILE] [--recipe NAME] [--SETTING VALUE ...]",
        description=description,
        formatter_class=_HelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--config", metavar="FILE", help="YAML file of settings, with the names below; options override it"
    )
    parser.add_argument(
        "--recipe",
        type=_recipe,
        metavar="|".join((AUTO, *MEASURED)),
        help="settings that were measured to be the best on a data set, for other data; `auto`: those of the data set "
        "that is most like the training documents",
    )
    groups = {name: parser.add_argument_group(heading) for name, heading in GROUPS.items()}
    for declared in SETTINGS.values():
        _add_setting(groups[declared.group], declared)
    return parser


def is_given(name: str, arguments: Any) -> bool:
    """Whether a setting is given on the command line."""
    spellings = {spelling for prefix in ("", "no_") for spelling in _spellings(f"{prefix}{name}")}
    return any(argument.split("=")[0] in spellings for argument in arguments)


def _add_setting(group: Any, setting: Setting) -> None:
    """Add the option of a setting; for a flag that is on by default, also its negation."""
    read, metavar = _READERS.get(setting.type, (str, setting.metavar))
    # A default of `None` whose meaning is in the help would only confuse.
    is_shown = setting.default is not None and setting.default is not False and setting.default != ""
    shown = " (default: %(default)s)" if is_shown else ""
    options: dict[str, Any] = {"type": read, "default": setting.default, "choices": setting.choices or None}
    options |= {} if setting.choices else {"metavar": metavar}
    options |= {"nargs": "?", "const": True} if setting.type is bool else {}
    group.add_argument(*_spellings(setting.name), help=setting.help.replace("%", "%%") + shown, **options)
    if setting.default is True:
        opposite = {"dest": setting.name, "action": "store_false", "default": True, "help": argparse.SUPPRESS}
        group.add_argument(*_spellings(f"no_{setting.name}"), **opposite)


def _spellings(name: str) -> tuple[str, ...]:
    """Return an option with dashes, which is shown, and with underscores, as in a file."""
    return tuple(dict.fromkeys((f"--{name.replace('_', '-')}", f"--{name}")))


class _HelpFormatter(RawDescriptionHelpFormatter):
    """Keeps the line breaks of the description, and shows only the spelling with dashes of each option."""

    def _format_action_invocation(self, action: argparse.Action) -> str:
        shown = [option for option in action.option_strings if "_" not in option]
        if action.nargs == 0 or not shown:
            return ", ".join(shown)
        return f"{', '.join(shown)} {self._format_args(action, action.dest.upper())}"
