"""Restores the text that tokens come from: as recorded, or by rules for English-like tokenization.

Data sets consist of tokens, while users have text. To measure how well a model reads text, a data set's tokens are
joined to text again: without a space before a comma or after an opening bracket, and so on. Each token is in the text
unchanged, so that spans of tokens are spans of characters, too. What tokenization has replaced (such as a bracket by
`-LRB-`) is not restored, and remains a word of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from .documents import Document

_CLOSING = re.compile(r"[.,;:!?%)\]}…°’”、。，．：；！？）］｝」』】〉》〕]+")
"""Tokens with no space before them."""

_OPENING = frozenset("( [ { “ ‘ „ ¿ ¡ ~ （ ［ ｛ 「 『 【 〈 《 〔".split())  # noqa: SIM905 - easier to read
"""Tokens with no space after them."""

_BEFORE_NUMBERS = frozenset("$ £ € ¥ ₹ # US$ C$ A$ HK$".split())  # noqa: SIM905
"""Tokens with no space between them and a following number; elsewhere they may follow a number."""

_APOSTROPHES = ("'", "’")
_CLITIC = re.compile(r"['’](?:s|t|re|ve|ll|d|m)|n['’]t", re.IGNORECASE)
_TAIL = re.compile(r"['’](?!(?:n|em|til|till|cause|bout|round|tis|twas)\Z)[a-z]+")
"""The end of a word from an apostrophe on, as in *o'clock*, but not a shortened word, as in *rock 'n' roll*."""

_SHORT_NAMES = frozenset("OoDdLl")
"""Beginnings of names before an apostrophe: *O'Neill*, *D'Amato*."""

_SUFFIX = re.compile(r"-[^\W\d_]{2,}")
_UNSPLIT = re.compile(r"[^\W_]-[^\W_]|[^\W\d_]\.")
"""Marks in tokens of tokenizers that split words only at white space, where a single hyphen is a dash."""

_JOINED = "()[]\"'%+-"
"""Characters that a hyphen may join to the other side."""

_SPLIT_NUMBER = re.compile(r"\D?(?:\d{1,3}(?:,\d{3})*,\d{3}|\d{1,2}:\d+)")
_CONJUNCTIONS = (["and"], ["or"], ["to"])
_QUOTES = frozenset(("'", "`", '"', "''", "``"))
_ENDS_OF_CLAUSES = (",", ".", "?", "!")
_WHITE_SPACE = re.compile(r"\s*")

# Scripts without spaces between words; the ranges include the marks that follow their letters.
_IDEOGRAPHS = "\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
_WIDE_SIGNS = "\u3001-\u3003\u3008-\u3011\u3014-\u301b\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"
_THAI_AND_LAO = "\u0e01-\u0e3a\u0e40-\u0e4e\u0e80-\u0eff"
_TIBETAN_BURMESE_KHMER = "\u0f40-\u0fbc\u1000-\u109f\u1780-\u17dd\ua9e0-\ua9fe\uaa60-\uaa7f"
_UNSPACED = re.compile(
    rf"""
      [{_IDEOGRAPHS}{_WIDE_SIGNS}][{_IDEOGRAPHS}{_WIDE_SIGNS}] | \d[{_IDEOGRAPHS}] | [{_IDEOGRAPHS}{_WIDE_SIGNS}]\d
    | [{_WIDE_SIGNS}]\w | \w[{_WIDE_SIGNS}] | [{_THAI_AND_LAO}]{{2}} | [{_TIBETAN_BURMESE_KHMER}]{{2}}
    """,
    re.VERBOSE,
)
"""Two neighbouring characters with no space between them."""


def text_of(document: Document) -> tuple[str, list[tuple[int, int]]]:
    """Return the text that a document's tokens come from.

    Args:
        document: the document, whose record may have the text in a further field `text`. It is used if it consists of
            the tokens, in their order, and white space; otherwise the tokens' positions in it are unknown.

    Returns:
        The text (the recorded one or that of [`join_tokens`]), and each token's character offsets `[start, end)` in it.
    """
    text = document.extra.get("text")
    if isinstance(text, str):
        offsets = _align(text, document.tokens)
        if offsets is not None:
            return text, offsets
    return join_tokens(document.tokens)


def join_tokens(tokens: Sequence[str]) -> tuple[str, list[tuple[int, int]]]:
    """Join tokens to the text that they are likely to come from.

    Time and memory are linear in the length of the text.

    Args:
        tokens: words, numbers and punctuation marks.

    Returns:
        The text, and the character offsets `[start, end)` of each token, which is in it unchanged.
    """
    spacing = _Spacing(tokens)
    parts: list[str] = []
    offsets: list[tuple[int, int]] = []
    position = 0
    for index, token in enumerate(tokens):
        if index and spacing.is_before(index):
            parts.append(" ")
            position += 1
        parts.append(token)
        offsets.append((position, position + len(token)))
        position += len(token)
    return "".join(parts), offsets


def _align(text: str, tokens: Sequence[str]) -> list[tuple[int, int]] | None:
    """Return the offsets of tokens in a text; `None` if it has other text than tokens and white space, or lacks one."""
    offsets: list[tuple[int, int]] = []
    end = 0
    for token in tokens:
        visible = token.lstrip()
        start = end
        if visible and (space := _WHITE_SPACE.match(text, end)):
            start = max(space.end() - (len(token) - len(visible)), end)
        if not text.startswith(token, start):
            return None
        end = start + len(token)
        offsets.append((start, end))
    return offsets if _WHITE_SPACE.fullmatch(text, end) else None


class _Spacing:
    """Decides which tokens have a space between them.

    Args:
        tokens: all tokens of a text.
    """

    def __init__(self, tokens: Sequence[str]) -> None:
        self._tokens = list(tokens)
        self._splits_compounds = not any(_UNSPLIT.search(token) for token in tokens)
        self._opens = _sides_of_quotes(tokens)

    def is_before(self, index: int) -> bool:
        """Return whether there is a space before the token at an index, which is not 0."""
        left, right = self._tokens[index - 1], self._tokens[index]
        if self._opens.get(index - 1) is True or self._opens.get(index) is False:
            return False
        if left in _OPENING or (self._joins(index - 1) and not self._is_suspended(index - 1)):
            return False
        if self._opens.get(index):
            return True
        return not (
            _CLOSING.fullmatch(right)
            or (left in _BEFORE_NUMBERS and right[:1].isdigit())
            or _UNSPACED.fullmatch(left[-1:] + right[:1])
            or _is_tail(left, right)
            or self._joins(index)
            or self._is_suspended(index)
            or self._is_inside_abbreviation(index - 1)
            or self._is_inside_number(index - 1)
        )

    def _joins(self, index: int) -> bool:
        """Return whether the token at an index is a slash or a hyphen without spaces around it."""
        token = self._tokens[index]
        if token not in ("-", "/") or not 0 < index < len(self._tokens) - 1:
            return False
        return token == "/" or (self._splits_compounds and self._is_in_compound(index))

    def _is_in_compound(self, index: int) -> bool:
        left, right = self._tokens[index - 1], self._tokens[index + 1]
        if left == ")" and right[:1].isupper():  # a dateline's dash: (AFP) - The …
            return False
        return _may_join(left[-1:]) and _may_join(right[:1])

    def _is_suspended(self, index: int) -> bool:
        """Return whether the token at an index is a suspended hyphen, as in *two- and three-year*."""
        behind = self._tokens[index + 1 : index + 3]
        return self._tokens[index] == "-" and behind[:1] in _CONJUNCTIONS and behind[1:] != ["-"]

    def _is_inside_abbreviation(self, index: int) -> bool:
        """Return whether the token at an index is a point inside an abbreviation such as *e.g.*, split into letters."""
        around = self._tokens[index - 1 : index + 3] if index else ()
        if len(around) < 4 or around[1] != "." or around[3] != ".":
            return False
        return all(len(letter) == 1 and letter.isalpha() for letter in (around[0], around[2]))

    def _is_inside_number(self, index: int) -> bool:
        """Return whether the token at an index is punctuation inside a number or a time, such as *2,300* or *1:44*."""
        around = self._tokens[index - 1 : index + 2] if index and self._tokens[index] in (",", ":") else ()
        return bool(_SPLIT_NUMBER.fullmatch("".join(around)))


def _may_join(character: str) -> bool:
    return character.isalnum() or character in _JOINED


def _is_tail(left: str, right: str) -> bool:
    """Return whether the right token ends the word that the left one begins."""
    if _CLITIC.fullmatch(right):
        return True
    if not left[-1:].isalpha():
        return False
    in_name = left in _SHORT_NAMES and right[:1] in _APOSTROPHES and right[1:2].isalpha()
    return in_name or bool(_TAIL.fullmatch(right) or _SUFFIX.fullmatch(right))


def _sides_of_quotes(tokens: Sequence[str]) -> dict[int, bool]:
    """Return whether each token that is a straight quote or a grave accent opens a quotation (or closes one), by index.

    If a quote consists of two tokens, such as the two apostrophes of `''`, both have the same side and so are joined.
    """
    opens: dict[int, bool] = {}
    open_quotes: set[int] = set()  # by their number of strokes, one or two
    last_apostrophe = max((index for index, token in enumerate(tokens) if token == "'"), default=-1)
    for start, end in _quotes(tokens):
        quote = "".join(tokens[start:end])
        strokes = 1 if quote in ("'", "`") else 2
        if quote in ("`", "``"):
            side = True
        elif strokes in open_quotes or end - start == 2:  # two apostrophes close a quotation that two accents opened
            side = False
        else:
            side = _may_open(quote, tokens[start - 1 : start], tokens[end : end + 1], last_apostrophe >= end)
        (open_quotes.add if side else open_quotes.discard)(strokes)
        opens.update(dict.fromkeys(range(start, end), side))
    return opens


def _quotes(tokens: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield the range of tokens of each quote."""
    end = 0
    for index, token in enumerate(tokens):
        if token in _QUOTES and index >= end:
            is_pair = token in ("'", "`") and index + 1 < len(tokens) and tokens[index + 1] == token
            end = index + 1 + is_pair
            yield index, end


def _may_open(quote: str, before: Sequence[str], after: Sequence[str], has_partner: bool) -> bool:
    """Return whether a quote opens a quotation when none is open, by the tokens before and after it, if any."""
    if not before or not after:
        return not before
    if before[0] in _ENDS_OF_CLAUSES:  # as in `, " she said`, after a quotation from before
        return not after[0][:1].islower()
    return quote != "'" or (has_partner and not before[0].endswith("s"))  # else an apostrophe: the authors' results
