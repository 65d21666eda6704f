"""Where the sentences of raw text begin and end: models trained on sentences read a longer text sentence by sentence.

A missed boundary joins two sentences and one too many cuts a relation off, so a point that may belong to an
abbreviation or an initial ends a sentence only where the next word is one that sentences begin with.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import pairwise

from .abbreviations_spert import COMPANIES_AND_GENERATIONS, MONTHS, STATE_INITIALS, STATES, TITLES

_AGENCIES = "|".join(
    rf"(?<=\({space}{name}{space}\)\ )" for name in ("AP", "UPI", "AFP", "Reuters") for space in ("", r"\ ")
)
_DATES = r"(?<=\ (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\ \d\d\ )"
_HEADING_ENDS = r"(?<=[A-Z]{3}\ )|(?<=\d\d\ )"
_PAGES = r"p(?<=\ p)p?\ [A-Z]?\d{1,3}(?:(?:\ ?,\ |\ -\ |-)\d{1,3})*"
_CAPITALS = r"[A-Z](?<=[\ -][A-Z])[A-Z]+\ (?:[A-Z]{2,}\ ){2,5}[A-Z]{2,}"
_CAPITAL_OR_OPENING = r"""(?=[^\W\d_a-z]|[`"(])"""
_BEHIND_HEADINGS = "The|In|On|It|He|She|They|We|This|These|There|But|However|Although|If|When|While|During"
# Each alternative begins with a character, as one that looks back first is tried at every place.
_MARK = re.compile(
    rf"""
      (?P<gap>                                      # an empty line, a new page, an item of a list
        \n[^\S\n]*\n\s* | [\f\u2029]\s* | \n(?=[^\S\n]*(?:[•‣▪●]|[*-][^\S\n]))
      )
    | (?P<line>                                     # a line of source, of capitals or of figures, without a stop
        \ {_CAPITAL_OR_OPENING}(?:{_AGENCIES}|{_DATES}) | \ (?=(?:{_BEHIND_HEADINGS})\ )(?:{_HEADING_ENDS})
      | {_PAGES}\ {_CAPITAL_OR_OPENING} | {_CAPITALS}\ (?=[A-Z][a-z]|[`"(])
      )
    | (?P<full> [。！？｡।॥۔؟]+ )                     # needs no space behind it
    | (?P<stop> [.!?…]+ | ;(?=\s) )
    """,
    re.VERBOSE,
)
_SOURCE = re.compile(
    r"""
    (?:
      (?!(?:The|A|An|Former|Senior)\ )(?:[A-Z][a-z]+\ ){1,2}      # a place, and an agency, or a newspaper in capitals
      (?:
        (?:AFP|ANSA|AP|DPA|EFE|KYODO|PTI|TASS|UPI)
      | (?:(?!UN[EI])[A-Z]{6,}|[A-Z]{2,}-[A-Z]{3,}|(?!U[NS]\ )[A-Z]{2,}\ [A-Z]{4,})
        (?:\ [A-Z]+)*(?=\ (?:[A-Z][a-z\ ]|[`"(]))
      )
    | (?:[A-Z][\w-]*\ ){0,3}Radio\ (?:[A-Z][\w-]*\ ){0,3}Network
    | \(\ ?(?:By|Article\ by|Report\ by|Interview\ with)\ [^()]{1,120}\)
    )\ (?=[A-Z`"(])
    """,
    re.VERBOSE,
)
"""What a text begins with and has no stop behind it: where it comes from, or who wrote it."""

_OPENING = re.compile(r"""[\s"'`“‘«‹„(\[{「『（【¿¡]*""")
_CLOSING = r"""(?:['”’»›)\]}」』）】]|\ (?:''|'\ '|[”’»›)\]};]))*"""
_CLOSING_AFTER = {
    quote_is_open: re.compile(rf"""{_CLOSING}(?:{space}"{_CLOSING})?""")
    for quote_is_open, space in ((True, r"\ ?"), (False, ""))
}
"""What closes behind a mark; spaces set it apart in tokenised text, where a straight quote may as well open one."""

_LAST_WORD = re.compile(r"(?<![^\W_])[^\W\d_]+(?:-[^\W\d_]+)*(?:\.[^\W\d_]+)*\Z")
_LONGEST_ENTITY = 6
"""Characters of an HTML entity such as `&quot;`, whose semicolon is none."""

_LAST_WORD_REACH = 24
"""Characters before a point in which an abbreviation is looked for; longer words are none."""

_NEXT_WORD = re.compile(r"[^\W\d_]{0,12}")
_ENUMERATOR = re.compile(r"\d{1,3}|[^\W\d_]")
_NEVER_FIRST = ",;:-–—_/%&.!?…"
_NEVER_LAST = TITLES | {"vs", "cf", "e.g", "i.e", "approx", "viz"}
_BEHIND_CITIES = STATES | STATE_INITIALS
_BEFORE_NUMBERS = {"No", "Nos", "no", "nos", "p", "pp", "Fig", "Figs", "Eq", "Sec", "Vol", "Ch", "Art"} | MONTHS
_SELDOM_LAST = COMPANIES_AND_GENERATIONS | MONTHS | STATES | {"etc", "al", "Ave", "Blvd", "Rd", "Mt", "Ft", "Dept"}
_STARTERS = frozenset(
    """A After Again All Although Among An And Another Any As At Because Before Both But By During Each Earlier Even
    Every Few For From He Her Here His How However I If In Instead It Its Last Later Many Meanwhile More Most Much My
    Neither Next No None Nor Not Now Of On Once One Or Other Our Over Police She Since So Some Still Such Than That The
    Their Then There These They This Those Though Three Through Thus To Today Two Under Until We Well What When Where
    Whether Which While Who Why With Yes Yesterday Yet You Your""".split()  # noqa: SIM905 - a hundred quoted words are no easier to read
)
"""Words that sentences begin with, and names hardly ever."""


def sentence_ranges(text: str, words: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Split raw text into sentences.

    Sentences end at full stops, question and exclamation marks of many scripts, with the quotes and brackets that close
    behind them, at semicolons before a capital, at empty lines and the items of a list, and behind datelines, bylines
    and headings that run into the text; the end of a line alone is no boundary, for texts may be wrapped. Time and
    memory grow with the length of the text.

    Args:
        text: any.
        words: character offsets `[start, end)` of its words, in text order.

    Returns:
        Ranges of words `[first, end)`, in text order: every word is in one of them, and none is empty.
    """
    starts = [start for start, _ in words]
    firsts = {0, *(bisect_left(starts, boundary) for boundary in _boundaries(text))} - {len(starts)}
    behind_sources = {bisect_left(starts, _matched(_SOURCE, text, starts[first])) for first in firsts if starts}
    return list(pairwise(sorted(firsts | behind_sources | {len(starts)})))


def _boundaries(text: str) -> Iterator[int]:
    """Positions in the text from which on a sentence begins, in order, without the first."""
    begin = counted = quotes = 0
    for mark in _MARK.finditer(text):
        end = mark.end()
        if mark["full"] or mark["stop"]:
            # Counted from where the last count ended, so that each character is counted once.
            quotes += text.count('"', counted, end)
            counted = end
            end = _matched(_CLOSING_AFTER[quotes % 2 == 1], text, end)
            if mark["full"] is None and not _ends_sentence(text, begin, mark, end):
                continue
        yield end
        begin = _matched(_OPENING, text, end)
        counted, quotes = end, 0


def _ends_sentence(text: str, begin: int, mark: re.Match[str], end: int) -> bool:
    """Whether a mark, with what closes behind it up to `end`, ends the sentence whose first word is at `begin`."""
    following = _matched(_OPENING, text, end)
    if following == len(text) or not text[end].isspace():
        return False
    first = text[following]
    next_word = text[following : _matched(_NEXT_WORD, text, following)]
    if first in _NEVER_FIRST or first.islower() or next_word in COMPANIES_AND_GENERATIONS:
        return False
    if mark[0] == ";":
        return first.isupper() and "&" not in text[max(mark.start() - _LONGEST_ENTITY, begin) : mark.start()]
    begins_sentence = next_word in _STARTERS and not text.startswith(".", following + len(next_word))
    if mark[0][-1] in ".…" and mark[0] != ".":  # an ellipsis
        return begins_sentence
    if mark[0] != ".":
        return True
    if _ENUMERATOR.fullmatch(text, begin, mark.start()):
        return False
    before = _LAST_WORD.search(text[max(mark.start() - _LAST_WORD_REACH, 0) : mark.start()])
    if before is None:
        return True
    word = before[0]
    # Inside a sentence another comma follows the state; a bracket may be a dateline's.
    behind_city = word in _BEHIND_CITIES and _follows_comma(text, begin, mark.start() - len(word))
    if behind_city and "(" not in text[end:following] and not first.isdigit():
        return True
    if word in _NEVER_LAST or (first.isdigit() and word in _BEFORE_NUMBERS):
        return False
    abbreviated = len(word) == 1 or "." in word or word.rpartition("-")[2] in _SELDOM_LAST
    return begins_sentence or not abbreviated


def _follows_comma(text: str, begin: int, start: int) -> bool:
    """Whether the word at `start` follows a comma in the sentence from `begin` on."""
    return text[max(start - 2, begin) : start].rstrip().endswith(",")


def _matched(pattern: re.Pattern[str], text: str, start: int) -> int:
    """Where the match of the pattern from `start` on ends; `start` if there is none."""
    match = pattern.match(text, start)
    return match.end() if match else start
