"""The rules by which mentions of one type become one entity, as plain functions; each can be switched off.

Those of a text alone (`NORMALISING`) make its key: what has the same key is merged, in all documents. Those of a
document (`acronym`, `surname`) hold only in it. The user's table of aliases comes before all of them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence

from ..model.abbreviations import TITLES

NORMALISING = {
    "unicode": "forms of one character (NFKC), typographic quotes and hyphens, invisible characters",
    "blanks": "white space: its kind and length, and whether it stands beside punctuation",
    "case": "upper and lower case",
    "article": "the, a and an in front",
    "possessive": "'s and s' behind",
    "title": "what persons are addressed by, in front: Mr., Dr., Sen., President (types as for surname)",
    "point": "a full stop behind",
}
"""The rules of a text alone, in the order in which they are applied."""

MERGES = {
    **NORMALISING,
    "acronym": "the short form of a name, where the document defines it: Associated Press (AP), AP (Associated Press)",
    "surname": "the last word of a name, where one name in the document ends with it (persons, see --surname-types)",
}
"""All rules by name, with what they merge."""

ALIAS_TABLE = "alias table"
"""What an alias of the user's table is said to be merged by."""

PERSONS = r"(?i)^(per|pers|peop|person.*|people.*|human)$"
"""The types that have surnames if none are named; a pattern that DuckDB and Python read alike."""

_LOOKALIKES = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201b\u02bc\u2032", "'"),
        **dict.fromkeys("\u201c\u201d\u201f\u2033", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"),
        **dict.fromkeys("\u00ad\u200b\u200c\u200d\u2060\ufeff"),
    }
)
_BESIDE_PUNCTUATION = re.compile(r"\s*([^\w\s])\s*")
_ARTICLE = re.compile(r"(?:the|an?)\s+(?=\S)", re.IGNORECASE)
_POSSESSIVE = re.compile(r"(?<=\S)(?:\s*['\u2019]s|(?<=s)\s*['\u2019])$", re.IGNORECASE)
_BETWEEN_WORDS = re.compile(r"[\s.,]+")
_WORDS_OF_TITLES = (
    *TITLES,
    *("Ambassador", "Archbishop", "Bishop", "Captain", "Cardinal", "Chairman", "Chancellor", "Colonel", "Congressman"),
    *("Congresswoman", "Dame", "General", "Governor", "Judge", "Justice", "King", "Lady", "Lieutenant", "Lord"),
    *("Mayor", "Minister", "Miss", "Ms", "Pope", "Premier", "President", "Prime Minister", "Prince", "Princess"),
    *("Prof", "Professor", "Queen", "Representative", "Reverend", "Secretary", "Senator", "Sergeant", "Sir"),
    *("Vice President",),
)
_TITLE = re.compile(
    rf"(?:(?:{'|'.join(sorted(map(re.escape, _WORDS_OF_TITLES), key=len, reverse=True))})(?:\.\s*|\s+))+(?=\w)",
    re.IGNORECASE,
)
_GENERATION = re.compile(r"(?:jr|sr|ii|iii|iv)", re.IGNORECASE)
_SHORT_FORM = re.compile(r"[^\W_](?:[^\W_]|[.&/-](?=[^\W_])){1,9}\.?")


def normalise(text: str, rules: Collection[str], is_person: bool = False) -> str:
    """Return the key of a text: texts of one type with the same key are forms of one name.

    Args:
        text: a mention's.
        rules: names of [`NORMALISING`]; others do nothing here.
        is_person: whether its type is one whose names have titles.
    """
    if "unicode" in rules and not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(_LOOKALIKES)
    if "blanks" in rules:
        text = _BESIDE_PUNCTUATION.sub(r"\1", " ".join(text.split()))
    if "case" in rules:
        text = text.casefold()
        if "unicode" in rules and not text.isascii():
            text = unicodedata.normalize("NFKC", text)
    if "article" in rules:
        text = _without(_ARTICLE.match(text), text)
    if "possessive" in rules:
        text = _POSSESSIVE.sub("", text)
    if "title" in rules and is_person:
        text = _without(_TITLE.match(text), text)
    if "point" in rules and len(text) > 1:
        text = text.removesuffix(".").rstrip() or text
    return text if text.strip() else ""


def _without(match: re.Match[str] | None, text: str) -> str:
    """A text without what it begins with."""
    return text if match is None else text[match.end() :]


def rule_between(text: str, name: str, rules: Collection[str], is_person: bool = False) -> str:
    """Return the rule that makes two forms of a name one: the last, in their order, of those that it takes.

    Args:
        text: a form.
        name: another one, with the same key.
        rules: the rules by which the keys were made.
        is_person: as the keys were made.
    """
    used: list[str] = []
    for rule in NORMALISING:
        if rule in rules:
            used.append(rule)
            if normalise(text, used, is_person) == normalise(name, used, is_person):
                return rule
    raise ValueError(f"{text!r} and {name!r} have different keys")


def is_short_form(short: str, long: str) -> bool:
    """Whether a text may be the short form of a name that stands beside it (after Schwartz and Hearst, 2003).

    It is one word with two capitals or more, begins as the name does, an article apart, and its letters stand in the
    name in this order.

    Args:
        short: what stands before or inside the brackets, such as `"AP"`.
        long: the name, such as `"Associated Press"`.
    """
    if not _SHORT_FORM.fullmatch(short) or sum(map(str.isupper, short)) < 2 or len(long) <= len(short):
        return False
    letters = [letter for letter in short.casefold() if letter.isalnum()]
    rest = iter(letter for letter in _without(_ARTICLE.match(long), long).casefold() if letter.isalnum())
    return next(rest, None) == letters[0] and all(letter in rest for letter in letters[1:])


def words_of(key: str) -> list[str]:
    """The words of a name's key, without what tells generations apart (`Jr.`, `III`)."""
    words = [word for word in _BETWEEN_WORDS.split(key) if word]
    while len(words) > 1 and _GENERATION.fullmatch(words[-1]):
        words.pop()
    return words


def surname_in(key: str) -> str | None:
    """The last word of a full name's key; `None` for a name of one word."""
    words = words_of(key)
    return words[-1] if len(words) > 1 else None


def in_order(rules: Sequence[str]) -> list[str]:
    """Rules without repetitions, in the order of [`MERGES`]."""
    return [rule for rule in MERGES if rule in rules]
