"""Regular expressions of Python as those of JavaScript, so that rules are written once."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import chain
from typing import Any

if sys.version_info >= (3, 11):
    from re import _constants, _parser
else:
    import sre_constants as _constants
    import sre_parse as _parser

constants: Any = _constants
parser: Any = _parser

Ranges = list[tuple[int, int]]
"""Ranges of code points, with both ends, in order and apart."""

LAST = 0x10FFFF

_INLINE = 64
"""The length up to which a character class stands where it is used."""

_MOST_FOLDED = 5_000
"""The number of characters in a class up to which their other case is added."""

_SYNTAX = frozenset("^$\\.*+?()[]{}|/")


class JsRegexes:
    """Converts expressions; character classes that several of them use are kept once.

    Attributes:
        classes: what stands between the brackets of each class; `⟦3⟧` in an expression is the class of index 3.
    """

    def __init__(self) -> None:
        self.classes: list[str] = []
        self._indices: dict[str, int] = {}

    def convert(self, pattern: re.Pattern[str]) -> str:
        """Convert an expression to one with JavaScript's flag `u`, which matches the same.

        Args:
            pattern: it; what letters, digits and spaces are is what they are in this Python.

        Raises:
            ValueError: it uses something that has no counterpart here.
        """
        parsed = parser.parse(pattern.pattern, pattern.flags)
        names = {number: name for name, number in pattern.groupindex.items()}
        return self._sequence(parsed, pattern.flags, names)

    def convert_class(self, ranges: Ranges) -> str:
        """Convert a set of characters to a class."""
        return self._class(ranges)

    def _sequence(self, items: Iterable[tuple[Any, Any]], flags: int, names: dict[int, str]) -> str:
        return "".join(self._item(operation, argument, flags, names) for operation, argument in items)

    def _item(self, operation: Any, argument: Any, flags: int, names: dict[int, str]) -> str:
        if operation is constants.LITERAL or operation is constants.NOT_LITERAL:
            return self._set([(operation, argument)], flags)
        if operation is constants.IN:
            return self._set(argument, flags)
        if operation is constants.AT:
            return self._place(argument)
        if operation is constants.BRANCH:
            return f"(?:{'|'.join(self._sequence(one, flags, names) for one in argument[1])})"
        if operation is constants.SUBPATTERN:
            group, added, removed, inner = argument
            opening = "(?:" if group is None else f"(?<{names[group]}>" if group in names else "("
            return f"{opening}{self._sequence(inner, (flags | added) & ~removed, names)})"
        if operation in (constants.MAX_REPEAT, constants.MIN_REPEAT):
            least, most, inner = argument
            lazy = "?" if operation is constants.MIN_REPEAT else ""
            return f"(?:{self._sequence(inner, flags, names)}){_times(least, most)}{lazy}"
        if operation in (constants.ASSERT, constants.ASSERT_NOT):
            direction, inner = argument
            kind = ("<" if direction < 0 else "") + ("=" if operation is constants.ASSERT else "!")
            return f"(?{kind}{self._sequence(inner, flags, names)})"
        raise ValueError(f"there is no counterpart in JavaScript to {operation}")

    def _place(self, place: Any) -> str:
        if place in (constants.AT_BEGINNING, constants.AT_BEGINNING_STRING):
            return "(?<![^])"
        if place is constants.AT_END_STRING:
            return "(?![^])"
        if place is constants.AT_BOUNDARY:
            word = self._class(_category(constants.CATEGORY_WORD))
            return f"(?:(?<={word})(?!{word})|(?<!{word})(?={word}))"
        raise ValueError(f"there is no counterpart in JavaScript to {place}")

    def _set(self, items: Sequence[tuple[Any, Any]], flags: int) -> str:
        negated = items[0][0] in (constants.NEGATE, constants.NOT_LITERAL)
        ranges = union(chain.from_iterable(_ranges_of(*item) for item in items if item[0] is not constants.NEGATE))
        if flags & re.IGNORECASE:
            ranges = _in_both_cases(ranges)
        return self._class(complement(ranges) if negated else ranges)

    def _class(self, ranges: Ranges) -> str:
        if len(ranges) == 1 and ranges[0][0] == ranges[0][1]:
            return _escape(ranges[0][0])
        inside = min(_inside(ranges), "^" + _inside(complement(ranges)), key=len)
        if len(inside) <= _INLINE:
            return f"[{inside}]"
        if inside not in self._indices:
            self._indices[inside] = len(self.classes)
            self.classes.append(inside)
        return f"⟦{self._indices[inside]}⟧"


def union(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """Sort ranges, and join those that touch."""
    joined: Ranges = []
    for first, last in sorted(ranges):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return joined


def complement(ranges: Ranges) -> Ranges:
    """Return all other code points."""
    firsts = [0, *(last + 1 for _, last in ranges)]
    lasts = [*(first - 1 for first, _ in ranges), LAST]
    return [(first, last) for first, last in zip(firsts, lasts, strict=True) if first <= last]


def ranges_of_characters(characters: Iterable[str]) -> Ranges:
    """Return the ranges of single characters."""
    return union((ord(one), ord(one)) for one in characters)


@cache
def all_characters() -> str:
    """Return all characters, surrogates included, in order."""
    return "".join(map(chr, range(LAST + 1)))


@cache
def _category(category: Any) -> Ranges:
    opposites = {
        constants.CATEGORY_NOT_WORD: constants.CATEGORY_WORD,
        constants.CATEGORY_NOT_DIGIT: constants.CATEGORY_DIGIT,
        constants.CATEGORY_NOT_SPACE: constants.CATEGORY_SPACE,
    }
    if category in opposites:
        return complement(_category(opposites[category]))
    own = {constants.CATEGORY_WORD: r"\w", constants.CATEGORY_DIGIT: r"\d", constants.CATEGORY_SPACE: r"\s"}
    return [(found.start(), found.end() - 1) for found in re.finditer(f"{own[category]}+", all_characters())]


def _ranges_of(operation: Any, argument: Any) -> Ranges:
    if operation is constants.RANGE:
        return [argument]
    if operation is constants.CATEGORY:
        return _category(argument)
    return [(argument, argument)]


def _in_both_cases(ranges: Ranges) -> Ranges:
    if sum(last - first + 1 for first, last in ranges) > _MOST_FOLDED:
        raise ValueError("there is no counterpart in JavaScript to a large class of characters in both cases")
    characters = [chr(code) for first, last in ranges for code in range(first, last + 1)]
    others = [other for one in characters for other in (one.lower(), one.upper()) if len(other) == 1]
    return union([*ranges, *ranges_of_characters(others)])


def _inside(ranges: Ranges) -> str:
    return "".join(_pieces(ranges))


def _pieces(ranges: Ranges) -> Iterator[str]:
    for first, last in ranges:
        yield _escape_in_class(first)
        if last > first:
            yield ("" if last == first + 1 else "-") + _escape_in_class(last)


def _escape_in_class(code: int) -> str:
    return r"\-" if code == ord("-") else _escape(code)


def _escape(code: int) -> str:
    character = chr(code)
    if character in _SYNTAX:
        return f"\\{character}"
    return character if " " <= character <= "~" else f"\\u{{{code:x}}}"


def _times(least: int, most: Any) -> str:
    if most is constants.MAXREPEAT:
        return {0: "*", 1: "+"}.get(least, f"{{{least},}}")
    if (least, most) == (0, 1):
        return "?"
    return f"{{{least}}}" if least == most else f"{{{least},{most}}}"
