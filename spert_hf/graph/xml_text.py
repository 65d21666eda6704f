"""Text in XML: what XML 1.0 has no place for is replaced, and nothing in it is markup."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

_UNSTORABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_MARKUP = re.compile('[&<>"\t\n\r]')
_AS_REFERENCE = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "\t": "&#9;",
    "\n": "&#10;",
    "\r": "&#13;",  # a reader would make blanks of them in attributes
}


def xml_text(text: str) -> str:
    """A text as it may stand between tags or in an attribute's double quotes.

    Control characters, lone surrogates and U+FFFE, U+FFFF, which no XML file can hold, become U+FFFD.
    """
    return _MARKUP.sub(lambda found: _AS_REFERENCE[found[0]], _UNSTORABLE.sub("\ufffd", text))


def xml_value(value: Any) -> str:
    """A text, number or truth value as XML has it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return xml_text(value) if isinstance(value, str) else repr(value)


def present(values: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    """The items that have a value."""
    return ((name, value) for name, value in values.items() if value is not None)
