"""Splitting of raw text into words, in each of the ways named in [`WORDS`][.text_reading].

A splitter is a function that takes a text and returns character offsets `[start, end)` in text order. Except for
`rules-v1`, each character that is not whitespace is in exactly one word.
"""

import re
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from importlib import import_module
from importlib.util import find_spec
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import regex

from .abbreviations import COMPANIES_AND_GENERATIONS, MONTHS, STATES, TITLES
from .messages import must, must_be
from .setting_checks import shown
from .text_reading import TextReading

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Ranges = list[tuple[int, int]]
SplitWords = Callable[[str], Ranges]

LONGEST_WORD = 64
"""The length in characters after which the rules split a run of letters into several words."""

SECONDS_OF_PATTERN = 10.0
"""The limit of a word pattern for a text, in seconds of processor time."""

SECONDS_OF_TRIAL = 1.0
"""The limit for each of a few difficult texts when the pattern is loaded, in seconds of processor time."""

_MOST_REPETITIONS = 1_000
_TRIAL = "Words Wort λέξη слово 単語 คำ 12 3.5 (x-y), it's @A$ _b_ U.S. "
_HARD_TRIALS = tuple(unit * 3_000 for unit in ("a", "1", "ab ", "a-", ".", "é", "字", "A1_"))


def _character_class(categories: tuple[str, ...], last: int) -> str:
    """Return the characters of Unicode categories, without whitespace, for use in a character class."""
    characters = (chr(code) for code in range(last))
    chosen = [one for one in characters if unicodedata.category(one) in categories and not one.isspace()]
    return re.escape("".join(chosen))


# Marks and joiners that belong to the letter before them, in any script.
MARKS = _character_class(("Mn", "Mc", "Me"), 0x20000) + "\u00ad\u200c\u200d"
# Control and format characters and unpaired surrogates: invisible, but part of the text.
_UNSEEN = _character_class(("Cc", "Cf", "Cs"), 0x10000) + "\U000e0001-\U000e007f"
# Scripts written without spaces between words. The first version knew some.
_UNSPACED_V1 = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
# Unicode's: scripts of complex context in South East Asia (UAX 14: SA, AK, AS), ideographs, kana, Bopomofo, Yi and the
# like (ID, CJ). Scripts of India that are broken between syllables nowadays have spaces between words.
UNSPACED = (
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ecf\u0edc-\u0edf\u1000-\u103f\u1050-\u108f\u109a-\u109f\u1780-\u17d3\u17d7"
    "\u17dc\u17dd\u1950-\u19ab\u19b0-\u19c9\u19de\u19df\u1a20-\u1a7c\u1aa0-\u1aad\u1b05-\u1b4c\ua980-\ua9c0\ua9cf"
    "\ua9e0-\ua9ef\ua9fa-\ua9fe\uaa00-\uaa36\uaa40-\uaa4d\uaa60-\uaac2\uaadb-\uaadf\U00011700-\U0001172b"
    "\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3038-\u303c\u3041-\u309f\u30a1-\u30fa\u30fc-\u312f\u31a0-\u31bf"
    "\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua48c\uf900-\ufaff\uff66-\uff9f"
    "\U00016fe0-\U00018d08\U0001aff0-\U0001b2fb\U00020000-\U0003347f"
)

# English abbreviations that always keep their full stop.
_ABBREVIATIONS = "|".join(sorted(TITLES | COMPANIES_AND_GENERATIONS | MONTHS | STATES))
_CLITICS = r"['’](?:s|S|d|m|ll|re|ve)\b"
_NEGATION = r"[nN]['’][tT]\b"
_WORD_V1 = re.compile(
    rf"""
      (?:[^\W\d_{_UNSPACED_V1}]\.){{2,}}                           # initials: U.S.
    | \b(?=[A-Z][a-z]+\.)(?:{_ABBREVIATIONS})\.                                  # Calif., Jan.
    | \d+(?:[.,:]\d+)*(?![^\W_])                                    # numbers: 2,300.5
    | [{_UNSPACED_V1}][{MARKS}]*
    | {_CLITICS}                                                    # the 's of Pell's
    | [^\W_{_UNSPACED_V1}]+(?:[{MARKS}]+[^\W_{_UNSPACED_V1}]*)*
    | \S[{MARKS}]*
    """,
    re.VERBOSE,
)


def _word_pattern(abbreviations: Iterable[str]) -> re.Pattern[str]:
    """Return the regular expression of the rules, with a model's additional abbreviations."""
    own = _alternatives(abbreviations)
    learnt = rf"| (?<![^\W_])(?:{own})\.(?!\w)" if own else ""
    return re.compile(
        rf"""
          [A-Za-z]+(?=[\ ,;:!?)\n])                                      # most words, at once
        | (?:
          (?:[^\W\d_{UNSPACED}](?:(?<=[A-Z])[a-z](?=\.))?\.){{2,}}       # initials: U.S., Ph.D.
        {learnt}
        | \b(?=[A-Z][a-z]+\.)(?:{_ABBREVIATIONS})\.                      # Calif., Jan.
        | \d+(?:[.,:]\d+)*[^\W_{UNSPACED}]*(?:[{MARKS}]+[^\W_{UNSPACED}]*)*  # numbers, with their unit: 3.5kg
        | (?P<unspaced> [{UNSPACED}][{UNSPACED}{MARKS}]*)
        | {_CLITICS}                                                    # the 's of Pell's
        | [A-Za-z]+(?={_NEGATION}) | {_NEGATION}                         # the wo and n't of won't
        | [^\W_{UNSPACED}]+(?:[{MARKS}]+[^\W_{UNSPACED}]*)*
        | [!-~][{MARKS}]*
        | (?P<symbols> [^\w\s!-~]+)                                      # may be clusters: flags, families
        | \S[{MARKS}]*
        )[{_UNSEEN}]*""",
        re.VERBOSE,
    )


def _alternatives(words: Iterable[str]) -> str:
    """Return words as alternatives of a regular expression, the longest of each first letter first."""
    by_letter: dict[str, list[str]] = {}
    for word in sorted(words, key=lambda word: (-len(word), word)):
        by_letter.setdefault(word[0], []).append(re.escape(word[1:]))
    return "|".join(f"{re.escape(letter)}(?:{'|'.join(rest)})" for letter, rest in by_letter.items())


def split_by_first_rules(text: str) -> Ranges:
    """Split text by the rules of the first version: runs of letters or digits, and every other visible character.

    Numbers, initials (*U.S.*), common abbreviations (*Calif.*) and clitics (*'s*) are not split; whitespace, control
    and format characters are in no word.
    """
    ranges: Ranges = []
    for match in _WORD_V1.finditer(text):
        start, end = match.span()
        if end - start > LONGEST_WORD:
            ranges.extend(_pieces(start, end))
        elif end - start > 2 or text[start].isalnum() or unicodedata.category(text[start]) not in ("Cc", "Cf", "Cs"):
            ranges.append((start, end))
    return ranges


def rules(abbreviations: Iterable[str] = (), split_unspaced: SplitWords | None = None) -> SplitWords:
    """Make a splitter by rules: runs of letters or digits, and every other character.

    Numbers with their unit (*3.5kg*), initials (*U.S.*, *Ph.D.*), common abbreviations (*Calif.*) and clitics (*'s*,
    *n't*) are not split. Scripts without spaces and symbols are split into grapheme clusters.

    Args:
        abbreviations: additional abbreviations that keep their full stop, given without it.
        split_unspaced: splitter for runs of scripts without spaces.
    """
    pattern = _word_pattern(abbreviations)
    splitters = {"unspaced": split_unspaced or split_into_characters, "symbols": split_into_characters}

    def split(text: str) -> Ranges:
        ranges: Ranges = []
        for match in pattern.finditer(text):
            start, end = match.span()
            kind = match.lastgroup
            if kind and end - start > 1:
                ranges.extend((start + first, start + last) for first, last in splitters[kind](text[start:end]))
            elif end - start > LONGEST_WORD:
                ranges.extend(_pieces(start, end))
            else:
                ranges.append((start, end))
        return ranges

    return split


def _pieces(start: int, end: int) -> Iterator[tuple[int, int]]:
    return ((first, min(first + LONGEST_WORD, end)) for first in range(start, end, LONGEST_WORD))


_UNSPACED = re.compile(rf"[{UNSPACED}]")


def has_unspaced(text: str) -> bool:
    """Whether a text has letters of a script without spaces between words."""
    return _UNSPACED.search(text) is not None


# Flags (pairs of letters) are matched separately: `\X` would count all preceding ones again and again.
_FLAG_LETTER = "[\U0001f1e6-\U0001f1ff]"
_EXTENDING = r"[\p{Grapheme_Cluster_Break=Extend}\p{Grapheme_Cluster_Break=ZWJ}\p{Grapheme_Cluster_Break=SpacingMark}]"
_CHARACTER = regex.compile(rf"{_FLAG_LETTER}{{1,2}}{_EXTENDING}*|\X")


def split_into_characters(text: str) -> Ranges:
    """Split text into grapheme clusters: letters with their marks, flags, families of emoji."""
    return _trimmed(text, (match.span() for match in _CHARACTER.finditer(text)))


_BETWEEN_SPACES = re.compile(r"\S+")


def split_at_spaces(text: str) -> Ranges:
    """Split text at whitespace."""
    return [match.span() for match in _BETWEEN_SPACES.finditer(text)]


_INITIALS = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]|[A-Z][a-z]\.(?:[A-Z]\.)*[A-Z]")
_CLITIC = re.compile(rf"(?<=\w)(?:{_NEGATION}|{_CLITICS})\Z")
_PAIRS = {")": "(", "]": "[", "}": "{", "⟩": "⟨"}


def spaces_and_punctuation(abbreviations: Iterable[str] = ()) -> SplitWords:
    """Make a splitter at whitespace that separates leading and trailing punctuation, character by character.

    Hyphens, full stops and matching brackets inside a word are kept. Initials and abbreviations keep their full stop;
    English clitics (*'s*, *n't*) are separate words.

    Args:
        abbreviations: abbreviations in addition to common English ones that keep their full stop, given without it.
    """
    known = TITLES | COMPANIES_AND_GENERATIONS | MONTHS | STATES | set(abbreviations)

    def split(text: str) -> Ranges:
        ranges: Ranges = []
        for match in _BETWEEN_SPACES.finditer(text):
            if match[0].isalnum():
                ranges.append(match.span())
            else:
                first = match.start()
                ranges.extend((first + start, first + end) for start, end in _set_apart(match[0], known))
        return ranges

    return split


def _set_apart(chunk: str, known: AbstractSet[str]) -> Ranges:
    """Split a chunk of text without whitespace."""
    if chunk[:-1].isalnum() and len(chunk) > 1:  # *Salem,*: the most frequent case
        apart = _is_punctuation(chunk[-1]) and not _keeps_point(chunk, 0, len(chunk), known)
        return [(0, len(chunk) - 1), (len(chunk) - 1, len(chunk))] if apart else [(0, len(chunk))]
    letters = [place for place, character in enumerate(chunk) if character.isalnum()]
    if not letters:
        return _clusters(chunk, 0, len(chunk))
    within = _brackets_within(chunk, letters[0], letters[-1])
    start, end = 0, len(chunk)
    while start not in within and _is_punctuation(chunk[start]):
        start += 1
    while end - 1 not in within and _is_punctuation(chunk[end - 1]) and not _keeps_point(chunk, start, end, known):
        end -= 1
    clitic = _CLITIC.search(chunk, start, end) if end - start <= LONGEST_WORD else None
    inner = [(start, clitic.start()), (clitic.start(), end)] if clitic and clitic.start() > start else [(start, end)]
    return [*_clusters(chunk, 0, start), *inner, *_clusters(chunk, end, len(chunk))]


def _brackets_within(chunk: str, first: int, last: int) -> set[int]:
    """Return the positions of brackets that belong to a word, which continues after or before the matching bracket.

    Args:
        chunk: text without whitespace.
        first: position of its first letter or digit.
        last: position of its last letter or digit.
    """
    within: set[int] = set()
    opened: list[int] = []
    for place, character in enumerate(chunk):
        if character in "([{⟨":
            opened.append(place)
        elif opened and _PAIRS.get(character) == chunk[opened[-1]]:
            partner = opened.pop()
            if place < last:
                within.add(partner)
            if partner > first:
                within.add(place)
    return within


def _is_punctuation(character: str) -> bool:
    """Whether a character is separated from a word: not a letter, digit, mark or invisible character."""
    return not character.isalnum() and unicodedata.category(character)[0] not in "MC"


def _keeps_point(chunk: str, start: int, end: int, known: AbstractSet[str]) -> bool:
    """Whether a word ends with a full stop that belongs to it."""
    if chunk[end - 1] != "." or end - start > LONGEST_WORD:
        return False
    return chunk[start : end - 1] in known or _INITIALS.fullmatch(chunk, start, end - 1) is not None


def _clusters(chunk: str, start: int, end: int) -> Ranges:
    return [(start + first, start + last) for first, last in split_into_characters(chunk[start:end])]


def pattern_matches(pattern: str) -> SplitWords:
    """Make a splitter by a regular expression; text between matches is split at whitespace.

    Args:
        pattern: the regular expression, in the syntax of the package `regex`.

    Raises:
        ValueError: it is invalid, matches nothing in ordinary text, or takes too long; the splitter raises it if it
            takes too long for a text.
    """
    compiled = compile_pattern(pattern)

    def split(text: str, seconds: float | None = None) -> Ranges:
        # The timeout of `finditer` applies to each match separately. The limit is of processor time: on a busy machine
        # any pattern takes long.
        seconds = SECONDS_OF_PATTERN if seconds is None else seconds
        deadline = time.thread_time() + seconds
        matches: Ranges = []
        try:
            for match in compiled.finditer(text, timeout=seconds):
                matches.append(match.span())
                if time.thread_time() > deadline:
                    raise TimeoutError
        except TimeoutError as error:
            given = f"{shown(pattern)}, which took more than {seconds:g} s for a text of {len(text)} characters"
            raise ValueError(must_be(_PATTERN, "one that does not backtrack without end", given)) from error
        return complete(text, matches)

    for trial in _HARD_TRIALS:
        try:
            split(trial, SECONDS_OF_TRIAL)
        except ValueError:  # once more: a garbage collection in between takes as long in a process with many objects
            split(trial, SECONDS_OF_TRIAL)
    if not any(match[0].strip() for match in compiled.finditer(_TRIAL)):
        given = f"{shown(pattern)}, which matches nothing in {_TRIAL[:22]!r} and the like"
        raise ValueError(must_be(_PATTERN, r"one that matches words, such as '\w+|[^\w\s]'", given))
    return split


_PATTERN = "text_reading.word_pattern"
_COUNTED = re.compile(r"\{(\d*),?(\d*)\}")
_RECURSION = re.compile(r"\(\?(?:R|[+-]?\d|&|P>)")


def compile_pattern(pattern: str) -> regex.Pattern[str]:
    """Compile a word pattern, which may be untrusted.

    Raises:
        ValueError: it is not a regular expression, or might need unlimited memory or time.
    """
    repetitions = 1
    for match in _COUNTED.finditer(pattern):
        repetitions *= max(1, *(int(number) if len(number) < 7 else 10**7 for number in match.groups() if number), 1)
    # Counted repetitions are expanded when a pattern is compiled.
    if repetitions > _MOST_REPETITIONS or _RECURSION.search(pattern):
        allowed = f"one without recursion, with counted repetitions of at most {_MOST_REPETITIONS} in all"
        raise ValueError(must_be(_PATTERN, allowed, shown(pattern)))
    try:
        compiled = regex.compile(pattern)
    except (regex.error, ValueError) as error:
        raise ValueError(must_be(_PATTERN, "a regular expression", f"{shown(pattern)} ({error})")) from error
    if compiled.flags & regex.REVERSE:
        raise ValueError(must_be(_PATTERN, "one that searches forwards", shown(pattern)))
    return compiled


def source_of(pattern: Any) -> str:
    """Return the source of a compiled pattern, of `re` or `regex`, with its flags inlined."""
    of_module: Any = regex if isinstance(pattern, regex.Pattern) else re
    letters = [letter for letter in "aimsx" if pattern.flags & getattr(of_module, letter.upper())]
    return f"(?{''.join(letters)}){pattern.pattern}" if letters else pattern.pattern


def of_tokenizer(tokenizer: "PreTrainedTokenizerBase") -> SplitWords:
    """Make a splitter by the tokenizer's pre-tokenization.

    Raises:
        ValueError: the tokenizer has none.
    """
    own = tokenizer.backend_tokenizer.pre_tokenizer

    def split(text: str) -> Ranges:
        return complete(text, (ranges for _, ranges in own.pre_tokenize_str(encodable(text))))

    if own is None or len(split("a a")) < 2:
        given = "'tokenizer', but this model's tokenizer does not split text into words"
        raise ValueError(must_be("text_reading.words", "another way, such as 'rules' or 'whitespace'", given))
    return split


def encodable(text: str) -> str:
    """Replace unpaired surrogates, which only Python supports, by question marks."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def dictionary_words() -> SplitWords:
    """Make a splitter of text without spaces by ICU's dictionaries.

    Raises:
        ValueError: the package `icu4py` is not installed.
    """
    breakers = import_extra("icu4py.breakers", "text_reading.words 'dictionary'", "icu")

    def split(text: str) -> Ranges:
        segments = breakers.WordBreaker(encodable(text), "en").segments()
        if text.isascii() or max(text) <= "\uffff":
            return complete(text, segments)
        # ICU counts UTF-16 units.
        place = {unit: number for number, unit in enumerate(accumulate((1 + (c > "\uffff") for c in text), initial=0))}
        return complete(text, ((place[start], place[end]) for start, end in segments))

    return split


def import_extra(module: str, asked: str, extra: str, package: str | None = None) -> Any:
    """Import an optional library without an import statement, which transformers would treat as required.

    Args:
        module: the module.
        asked: what needs it, for the message.
        extra: the extra that installs it.
        package: what pip calls it, if that is not the name of the module.

    Raises:
        ValueError: it is not installed; the message contains the command to install it.
    """
    try:
        return import_module(module)
    except ImportError as error:
        package = package or module.partition(".")[0]
        # Without torch, another distribution than spert-hf is installed.
        by_extra = f" (or 'spert-hf[{extra}]')" if find_spec("torch") else ""
        raise ValueError(f"{asked} needs the package {package}: pip install {package}{by_extra}") from error


def by_function(function: Callable[[str], Any]) -> SplitWords:
    """Make a splitter by a user's function, whose ranges are checked; text between them is split at whitespace."""

    def split(text: str) -> Ranges:
        return complete(text, _checked(function(text), len(text)))

    return split


_FUNCTION = "words: the function"


def _checked(given: Any, length: int) -> Ranges:
    """Check the ranges returned by a user's function.

    Raises:
        ValueError: a range is not within the text, or overlaps the previous one.
    """
    allowed = f"give pairs (start, end) of characters in text order, without overlap, from 0 to {length}"
    if not isinstance(given, Iterable):
        raise ValueError(must(_FUNCTION, allowed, shown(given)))
    ranges: Ranges = []
    reached = 0
    for one in given:
        try:
            start, end = (int(number) for number in one)
        except (TypeError, ValueError) as error:
            raise ValueError(must(_FUNCTION, allowed, shown(one))) from error
        if not reached <= start <= end <= length:
            raise ValueError(must(_FUNCTION, allowed, f"{shown((start, end))} after {reached}"))
        ranges.append((start, end))
        reached = end
    return ranges


def split_function(
    reading: TextReading, tokenizer: "PreTrainedTokenizerBase | None", function: Callable[[str], Any] | None = None
) -> SplitWords:
    """Return the splitter of a reading, or that of a user's function instead.

    Args:
        reading: the reading.
        tokenizer: the model's; `None` where there is no model, for any reading but one by `tokenizer`.
        function: the user's.

    Raises:
        ValueError: the pattern, tokenizer or library of the reading can't be used.
    """
    makers: dict[str, Callable[[], SplitWords]] = {
        "rules": lambda: rules(reading.abbreviations),
        "rules-v1": lambda: split_by_first_rules,
        "dictionary": lambda: rules(reading.abbreviations, dictionary_words()),
        "whitespace": lambda: split_at_spaces,
        "whitespace-punctuation": lambda: spaces_and_punctuation(reading.abbreviations),
        "characters": lambda: split_into_characters,
        "tokenizer": lambda: of_tokenizer(tokenizer),  # type: ignore[arg-type]
        "pattern": lambda: pattern_matches(reading.word_pattern or ""),
    }
    split = by_function(function) if function else makers[reading.words]()
    first_rules = reading.words == "rules-v1" and not function
    added = None if first_rules or tokenizer is None else _added_tokens(tokenizer)
    if added is None:
        return split
    return lambda text: keep_whole(split(text), [match.span() for match in added.finditer(text)])


def _added_tokens(tokenizer: "PreTrainedTokenizerBase") -> regex.Pattern[str] | None:
    """Return a pattern of the tokens that were added to a tokenizer, such as markers; `None` if there are none.

    Special tokens are not included: in a text they are ordinary characters.
    """
    own = {getattr(tokenizer, f"{name}_token", None) for name in ("bos", "eos", "unk", "sep", "pad", "cls", "mask")}
    tokens = [one for one in tokenizer.added_tokens_decoder.values() if one.content.strip() and one.content not in own]
    lowers = tokenizer.backend_tokenizer.normalizer is not None and _normalized(tokenizer, "Aa") == "aa"
    patterns = []
    for token in sorted(tokens, key=lambda token: -len(token.content)):
        content = token.content.strip()
        # Inside a longer word it is not a token.
        before = r"(?<![^\W_])" if content[0].isalnum() else ""
        after = r"(?![^\W_])" if content[-1].isalnum() else ""
        ignored_case = "i" if token.normalized and lowers else ""
        patterns.append(f"{before}(?{ignored_case}:{regex.escape(content)}){after}")
    return regex.compile("|".join(patterns)) if patterns else None


def _normalized(tokenizer: "PreTrainedTokenizerBase", text: str) -> str:
    return tokenizer.backend_tokenizer.normalizer.normalize_str(text)


def keep_whole(ranges: Ranges, tokens: Sequence[tuple[int, int]]) -> Ranges:
    """Make each token (a range of characters) part of a single word: overlapping words are cut at its borders."""
    if not tokens:
        return ranges
    waiting = ranges[::-1]
    kept: Ranges = []
    for start, end in tokens:
        while waiting and waiting[-1][1] <= start:
            kept.append(waiting.pop())
        if waiting and waiting[-1][0] <= start and end <= waiting[-1][1]:
            continue
        if waiting and waiting[-1][0] < start:
            kept.append((waiting[-1][0], start))
        last = end
        while waiting and waiting[-1][0] < end:
            last = waiting.pop()[1]
        if last > end:
            waiting.append((end, last))
        kept.append((start, end))
    return [*kept, *reversed(waiting)]


def complete(text: str, ranges: Iterable[tuple[int, int]]) -> Ranges:
    """Complete ranges in text order, so that each character that is not whitespace is in exactly one word.

    Leading and trailing whitespace of a range and overlaps with an earlier range are removed, and text between ranges
    is split at whitespace.
    """
    words: Ranges = []
    reached = 0
    for start, end in _trimmed(text, ranges):
        start = max(start, reached)
        if start < end:
            words.extend(_between(text, reached, start))
            words.extend(_trimmed(text, [(start, end)]))
            reached = end
    words.extend(_between(text, reached, len(text)))
    return words


def _between(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    return (match.span() for match in _BETWEEN_SPACES.finditer(text, start, end)) if start < end else iter(())


def _trimmed(text: str, ranges: Iterable[tuple[int, int]]) -> Ranges:
    """Remove leading and trailing whitespace from ranges, and ranges that consist of it."""
    trimmed: Ranges = []
    for start, end in ranges:
        while start < end and text[start].isspace():
            start += 1
        while start < end and text[end - 1].isspace():
            end -= 1
        if start < end:
            trimmed.append((start, end))
    return trimmed
