"""Splitting of raw text into sentences, as models trained on sentences read longer texts sentence by sentence.

A missed boundary joins two sentences, and a false one splits a relation, so a full stop that may belong to an
abbreviation or an initial ends a sentence only if sentences often start with the next word.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from .abbreviations import COMPANIES_AND_GENERATIONS, MONTHS, STATE_INITIALS, STATES, TITLES
from .languages import BY_LANGUAGE, ENGLISH_STARTERS, IN_NAMES
from .messages import must_be

_AGENCIES = "|".join(
    rf"(?<=\({space}{name}{space}\)\ )" for name in ("AP", "UPI", "AFP", "Reuters") for space in ("", r"\ ")
)
_DAYS = r"\ (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\ \d\d\ "
_PAGES = r"p(?<=\ p)p?\ [A-Z]?\d{1,3}(?:(?:\ ?,\ |\ -\ |-)\d{1,3})*"
_CAPITALS = r"[A-Z](?<=[\ -][A-Z])[A-Z]+\ (?:[A-Z]{2,}\ ){2,5}[A-Z]{2,}"
_CAPITAL_OR_OPENING = r"""(?=[^\W\d_a-z]|[`"(])"""
_BEHIND_HEADINGS = "The|In|On|It|He|She|They|We|This|These|There|But|However|Although|If|When|While|During"


def _marks(dates: str, figures: str) -> re.Pattern[str]:
    """Return a pattern of everything that may end a sentence, given patterns of dates and figures that end a line."""
    # Each alternative starts with a character, as one that starts with a lookbehind is tried at every position.
    return re.compile(
        rf"""
          (?P<gap>                                      # an empty line, a new page, an item of a list
            \n[^\S\n]*\n\s* | [\f\u2029]\s* | \n(?=[^\S\n]*(?:[•‣▪●]|[*-][^\S\n]))
          )
        | (?P<line>                                     # a line of source, of capitals or of figures, without a stop
            \ {_CAPITAL_OR_OPENING}(?:{_AGENCIES}|{dates})
          | \ (?=(?:{_BEHIND_HEADINGS})\ )(?:(?<=[A-Z]{{3}}\ )|(?<={figures}))
          | {_PAGES}\ {_CAPITAL_OR_OPENING} | {_CAPITALS}\ (?=[A-Z][a-z]|[`"(])
          )
        | (?P<full> [。！？｡।॥۔؟]+ )                     # needs no space behind it
        | (?P<stop> [.!?…]+ | ;(?=\s) )
        """,
        re.VERBOSE,
    )


def _sources(behind: str) -> re.Pattern[str]:
    """Pattern of what a text begins with and has no stop behind it, where it comes from or who wrote it.

    Args:
        behind: pattern of what follows.
    """
    return re.compile(
        rf"""
    (?:
      (?!(?:The|A|An|Former|Senior)\ )(?:[A-Z][a-z]+\ ){{1,2}}      # a place, and an agency, or a newspaper in capitals
      (?:
        (?:AFP|ANSA|AP|DPA|EFE|KYODO|PTI|TASS|UPI)
      | (?:(?!UN[EI])[A-Z]{{6,}}|[A-Z]{{2,}}-[A-Z]{{3,}}|(?!U[NS]\ )[A-Z]{{2,}}\ [A-Z]{{4,}})
        (?:\ [A-Z]+)*(?=\ (?:[A-Z][a-z\ ]|[`"(]))
      )
    | (?:[A-Z][\w-]*\ ){{0,3}}Radio\ (?:[A-Z][\w-]*\ ){{0,3}}Network
    | \(\ ?(?:By|Article\ by|Report\ by|Interview\ with)\ [^()]{{1,120}}\)
    )\ (?={behind})
    """,
        re.VERBOSE,
    )


_SOURCE_IN_BRACKETS = re.compile(r"Text|Excerpts?|By|Article|Editorial|Report|Interview|AP|UPI|AFP|Reuters")
_OPENING = re.compile(r"""[\s"'`“‘«‹„(\[{「『（【¿¡]*""")
_CLOSING = r"""(?:['”’»›)\]}」』）】]|\ (?:''|'\ '|[”’»›)\]};]))*"""
_CLOSES = re.compile(_CLOSING)
_CLOSES_BEHIND_QUOTE = {
    quote_is_open: re.compile(rf"""(?:{space}"{_CLOSING})?""") for quote_is_open, space in ((True, r"\ ?"), (False, ""))
}
"""What closes behind a mark; spaces set it apart in tokenised text, where a straight quote may as well open one."""

_LAST_WORD = re.compile(r"(?<![^\W_])[^\W\d_]+(?:-[^\W\d_]+)*(?:\.[^\W\d_]+)*\Z")
_INITIAL_BEFORE = re.compile(r"(?<![^\W_])([^\W\d_])\.\s\Z")
_ORDINAL = re.compile(r"(?<![\w.,:])\d{1,2}\Z")
_ROMAN_NUMERAL = re.compile(r"[IVXL]{2,}")
_CONSONANTS = re.compile(r"(?i:[b-df-hj-np-tv-xzßçćčďđðğłñńňřśšşťźżžþбвгджзйклмнпрстфхцчшщьъ]+)")
_LONGEST_ENTITY = 6
"""The maximum length of an HTML entity such as `&quot;`, whose semicolon does not end a sentence."""

_LAST_WORD_REACH = 24
"""The maximum length of an abbreviation, in characters before the full stop."""

_LONGEST_UNKNOWN_ABBREVIATION = 3
"""The maximum length of an abbreviation that is recognized by its length alone."""

_NEXT_WORD = re.compile(r"[^\W\d_]{0,12}")
_ENUMERATOR = re.compile(r"\d{1,3}|[^\W\d_]")
_ENUMERATED = re.compile(r"\d{1,3}[.)]\s")
_NEVER_FIRST = ",;:-–—_/%&.!?…"
LANGUAGES: tuple[str, ...] = tuple(BY_LANGUAGE)
"""ISO 639-1 codes of the languages whose abbreviations are known."""


@dataclass(frozen=True)
class SentenceRules:
    """What tells the points that end sentences from those that do not. See [`sentence_rules`] and [`FIRST_RULES`].

    Abbreviations stand without their last point.

    Args:
        marks: finds all that may end a sentence.
        sources: finds what a text may begin with that is a sentence by itself.
        learnt: abbreviations that never end one, whatever else is known of them.
        never_last: abbreviations that end none, unless they are a state behind its city.
        seldom_last: abbreviations that end one only before a word of `starters`.
        before_numbers: words that are abbreviations where a number follows.
        never_first: words before which no sentence ends.
        behind_cities: abbreviated states, which end a sentence more often than not where a comma precedes.
        starters: words that sentences begin with.
        particles: starters that do not tell behind an initial, for family names begin with them, too.
        short_words: words that are no abbreviations, however much they look like one.
        ordinals: whether a number with a point may be an ordinal.
        endings: what compounds end with that are abbreviated.
        capitalised_by_length: whether a short word with a capital first letter looks like an abbreviation.
        cautious: leave text whole where an abbreviation is known by its shape alone, at semicolons in brackets, before
            brackets set apart unless they hold a source, before numbers, and at the spaced initials of tokenised text.
    """

    marks: re.Pattern[str]
    sources: re.Pattern[str]
    learnt: frozenset[str]
    never_last: frozenset[str]
    seldom_last: frozenset[str]
    before_numbers: frozenset[str]
    never_first: frozenset[str]
    behind_cities: frozenset[str]
    starters: frozenset[str]
    particles: frozenset[str] = frozenset()
    short_words: frozenset[str] = frozenset()
    ordinals: bool = False
    endings: tuple[str, ...] = ()
    capitalised_by_length: bool = False
    cautious: bool = True


FIRST_RULES = SentenceRules(
    marks=_marks(rf"(?<={_DAYS})", r"\d\d\ "),
    sources=_sources('[A-Z`"(]'),
    learnt=frozenset(),
    never_last=TITLES | {"vs", "cf", "e.g", "i.e", "approx", "viz"},
    seldom_last=COMPANIES_AND_GENERATIONS | MONTHS | STATES | {"etc", "al", "Ave", "Blvd", "Rd", "Mt", "Ft", "Dept"},
    before_numbers=MONTHS | {"No", "Nos", "no", "nos", "p", "pp", "Fig", "Figs", "Eq", "Sec", "Vol", "Ch", "Art"},
    never_first=COMPANIES_AND_GENERATIONS,
    behind_cities=STATES | STATE_INITIALS,
    starters=ENGLISH_STARTERS,
    cautious=False,
)
"""The rules of models whose config names none: those of the first version, for English newspapers."""

_MARKS = _marks(rf"(?<=\d{_DAYS})(?!\((?!\ ?Text)|TASS|[A-Z]\w+\ (?:Edition|Supplement)\b)", r"\ \d\d\ ")
_SOURCES = _sources(r"""(?!I\ |[A-Z][a-z]+\ Service\b|\(\ ?[A-Z]{2})[A-Z`"(]""")


def sentence_rules(languages: Sequence[str] = (), abbreviations: Iterable[str] = ()) -> SentenceRules:
    """Return the rules for text in the given languages; equal arguments give the same object.

    Args:
        languages: codes of [`LANGUAGES`]; empty for any language.
        abbreviations: additional abbreviations that never end a sentence, with or without their full stop.

    Raises:
        ValueError: a language is unknown.
    """
    for code in languages:
        if code not in BY_LANGUAGE:
            raise ValueError(must_be("languages", f"among {', '.join(LANGUAGES)}", repr(code)))
    return _sentence_rules(tuple(sorted(set(languages))), tuple(sorted(set(abbreviations))))


@lru_cache(maxsize=64)
def _sentence_rules(codes: tuple[str, ...], abbreviations: tuple[str, ...]) -> SentenceRules:
    known = [BY_LANGUAGE[code] for code in codes or LANGUAGES]
    short_words = _union(language.short_words for language in known)
    companies = _union(language.companies for language in known)
    never_last = _with_capitals(_union(language.never_last for language in known))
    starters = _union(language.starters for language in known)
    if not codes:
        # What is an abbreviation in one language may be a word in another, and an article there a part of names here.
        never_last = frozenset(word for word in never_last if len(word) > 1 and word not in short_words)
        starters -= IN_NAMES
    before_numbers = _with_capitals(_union(language.before_numbers for language in known))
    abbreviated = _with_capitals(_union(language.seldom_last | language.never_last for language in known))
    abbreviated |= {word for word in before_numbers if word.lower() not in short_words}
    english = not codes or "en" in codes
    return SentenceRules(
        marks=_MARKS,
        sources=_SOURCES,
        learnt=frozenset(abbreviation.removesuffix(".") for abbreviation in abbreviations) - {""},
        never_last=never_last,
        seldom_last=companies | (abbreviated - never_last),
        before_numbers=before_numbers,
        never_first=companies,
        behind_cities=STATES | STATE_INITIALS if english else frozenset(),
        starters=starters,
        particles=IN_NAMES,
        short_words=short_words,
        endings=tuple(ending for language in known for ending in language.endings),
        ordinals=any(language.ordinals for language in known),
        capitalised_by_length=not codes,
    )


def _union(sets: Iterable[frozenset[str]]) -> frozenset[str]:
    return frozenset().union(*sets)


def _with_capitals(words: frozenset[str]) -> frozenset[str]:
    """The words, and those in lower case with a capital first letter, as at the beginning of a sentence."""
    return words | {word[0].upper() + word[1:] for word in words}


def sentence_ranges(
    text: str, words: Sequence[tuple[int, int]], rules: SentenceRules = FIRST_RULES
) -> list[tuple[int, int]]:
    """Split raw text into sentences.

    Sentences end at full stops, question and exclamation marks of many scripts, including closing quotes and brackets;
    at semicolons before a capital letter; at empty lines and list items; and after datelines, bylines and headings on
    the same line. A line break alone is not a boundary, as texts may be wrapped. Time and memory grow linearly with the
    length of the text.

    Args:
        text: the text.
        words: character offsets `[start, end)` of its words, in text order.
        rules: the rules for the text's language.

    Returns:
        Ranges of words `[first, end)`, in text order: every word is in exactly one of them, and none is empty.
    """
    starts = [start for start, _ in words]
    firsts = {0, *(bisect_left(starts, boundary) for boundary in _boundaries(text, rules))} - {len(starts)}
    behind_sources = {bisect_left(starts, _matched(rules.sources, text, starts[first])) for first in firsts if starts}
    return list(pairwise(sorted(firsts | behind_sources | {len(starts)})))


def _boundaries(text: str, rules: SentenceRules) -> Iterator[int]:
    """Positions in the text from which on a sentence begins, in order, without the first."""
    begin = counted = quotes = brackets = bracketed = closed = 0
    for mark in rules.marks.finditer(text):
        end = mark.end()
        if mark["full"] or mark["stop"]:
            # Counted from where the last count ended, so that each character is counted once.
            quotes += text.count('"', counted, end)
            counted = end
            # What closes behind this mark closes behind those among it, too, and is looked for once.
            closed = closed if end <= closed else _matched(_CLOSES, text, end)
            end = _matched(_CLOSES_BEHIND_QUOTE[quotes % 2 == 1], text, closed)
            ends = mark["full"] is not None or _ends_sentence(text, begin, mark, end, rules)
            if ends and rules.cautious and mark[0] == ";":
                brackets += _opened_brackets(text, bracketed, end)
                bracketed = end
                ends = brackets <= 0
            if not ends:
                continue
        yield end
        begin = _matched(_OPENING, text, end)
        counted = bracketed = end
        quotes = brackets = 0


def _opened_brackets(text: str, start: int, end: int) -> int:
    """How many more brackets open than close between two places."""
    return sum(text.count(bracket, start, end) for bracket in "([") - sum(
        text.count(bracket, start, end) for bracket in ")]"
    )


def _ends_sentence(text: str, begin: int, mark: re.Match[str], end: int, rules: SentenceRules) -> bool:
    """Whether a mark, with what closes behind it up to `end`, ends the sentence whose first word is at `begin`."""
    following = _matched(_OPENING, text, end)
    if following == len(text) or not text[end].isspace():
        return False
    first = text[following]
    next_word = text[following : _matched(_NEXT_WORD, text, following)]
    if rules.cautious and text.startswith(" ( ", end) and not _SOURCE_IN_BRACKETS.match(text, end + 3):
        return False
    if first in _NEVER_FIRST or first.islower() or next_word in rules.never_first:
        return False
    if mark[0] == ";":
        return first.isupper() and "&" not in text[max(mark.start() - _LONGEST_ENTITY, begin) : mark.start()]
    begins_sentence = next_word in rules.starters and not text.startswith(".", following + len(next_word))
    if mark[0][-1] in ".…" and mark[0] != ".":  # an ellipsis
        return begins_sentence
    if mark[0] != ".":
        return True
    following_word = _FollowingWord(following, next_word, begins_sentence)
    return _point_ends_sentence(text, begin, mark.start(), end, following_word, rules)


class _FollowingWord(NamedTuple):
    """The word after a full stop: its position, its first letters, and whether sentences start with it."""

    place: int
    word: str
    begins_sentence: bool


def _point_ends_sentence(
    text: str, begin: int, point: int, end: int, following: _FollowingWord, rules: SentenceRules
) -> bool:
    """Whether a point, with what closes behind it up to `end`, ends the sentence whose first word is at `begin`."""
    first = text[following.place]
    stop = point
    if rules.cautious:
        if text[stop - 1 : stop].isspace():
            stop -= 1
        elif first.isdigit() and not _ENUMERATED.match(text, following.place):
            return False
    attached = stop == point
    if _ENUMERATOR.fullmatch(text, begin, stop):
        return False
    before = text[max(stop - _LAST_WORD_REACH, 0) : stop]
    match = _LAST_WORD.search(before)
    if match is None:
        return following.begins_sentence or not (rules.ordinals and attached and _ORDINAL.search(before))
    word = match[0]
    if first.isdigit() and word in rules.before_numbers:
        return False
    if not attached:
        # A point set apart is a sentence's, but for that of an initial.
        if len(word) > 1:
            return word not in TITLES
        if following.word[1:] == "" and text.startswith((".", " ."), following.place + 1):
            return False
    if rules.learnt and _is_learnt(word, before, rules):
        return False
    behind_city = _ends_behind_city(text, begin, stop, word, attached, rules)
    if behind_city is not None and (
        not behind_city or ("(" not in text[end : following.place] and not first.isdigit())
    ):
        return behind_city
    if word in rules.never_last or (rules.cautious and _with_initial(word, before) in rules.never_last):
        return False
    if len(word) == 1 and following.word in rules.particles:
        return False
    return following.begins_sentence or not _looks_abbreviated(word, rules)


def _ends_behind_city(text: str, begin: int, stop: int, word: str, attached: bool, rules: SentenceRules) -> bool | None:
    """Whether a state behind its city, up to `stop`, ends a sentence; `None` if the word is none.

    Inside a sentence another comma follows the state; a bracket may be a dateline's. Where a space stands before the
    comma, the text is tokens, whose sentences end with a point that is set apart.
    """
    start = stop - len(word)
    if word not in rules.behind_cities or not _follows_comma(text, begin, start):
        return None
    return not (rules.cautious and attached and "." in word and text.startswith(" , ", start - 3))


def _is_learnt(word: str, before: str, rules: SentenceRules) -> bool:
    """Whether the last word, or all that stands behind the last space, is an abbreviation of the training data."""
    return word in rules.learnt or before.rsplit(None, 1)[-1] in rules.learnt


def _with_initial(word: str, before: str) -> str:
    """A word of one or two letters, with the letter and point before it: `z.B` of *z. B*."""
    initial = _INITIAL_BEFORE.search(before[: -len(word)]) if len(word) <= 2 else None
    return f"{initial[1]}.{word}" if initial else word


def _looks_abbreviated(word: str, rules: SentenceRules) -> bool:
    """Whether a point behind the word may be its own: it is known as an abbreviation, or has the shape of one."""
    if len(word) == 1 or "." in word or word.rpartition("-")[2] in rules.seldom_last:
        return True
    if not rules.cautious or word in rules.short_words:
        return False
    if not word[1:].islower():
        return rules.ordinals and _ROMAN_NUMERAL.fullmatch(word) is not None
    if len(word) <= _LONGEST_UNKNOWN_ABBREVIATION and (word[0].islower() or rules.capitalised_by_length):
        return True
    return word.endswith(rules.endings) or _CONSONANTS.fullmatch(word) is not None


def _follows_comma(text: str, begin: int, start: int) -> bool:
    """Whether the word at `start` follows a comma in the sentence from `begin` on."""
    return text[max(start - 2, begin) : start].rstrip().endswith(",")


def _matched(pattern: re.Pattern[str], text: str, start: int) -> int:
    """Where the match of the pattern from `start` on ends; `start` if there is none."""
    match = pattern.match(text, start)
    return match.end() if match else start
