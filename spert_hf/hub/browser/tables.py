"""Everything that the rules in the browser know, taken from the rules in Python."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import cache
from typing import Any

import regex
from tokenizers import normalizers, pre_tokenizers

from ...model import cpu_scheduling, ranking, sentences, subwords, text_reader, words
from ...model.abbreviations import COMPANIES_AND_GENERATIONS, MONTHS, STATE_INITIALS, STATES, TITLES
from ...model.languages import BY_LANGUAGE, IN_NAMES
from ...onnx.extractor import BATCH_SIZE, PAIRS_AT_ONCE
from ...onnx.record import FOLDER, FORMAT, PAIRS_FILE, RECORD_FILE, SPAN_FILES, TOKENIZER_FILE
from .js_regex import JsRegexes, Ranges, all_characters, ranges_of_characters

WORDS = ("rules", "rules-v1", "dictionary", "whitespace", "whitespace-punctuation", "characters")
"""The ways to split text into words that work in a browser."""

SEQUENCES = ("sentences", "sentences-v1", "lines", "document")
"""The ways to split text into sequences that work in a browser."""

OWN_ABBREVIATIONS = "OWN_ABBREVIATIONS"
"""What stands in the pattern of words in place of a model's own abbreviations."""

_GRAPHEME_CLASSES = (
    *("CR", "LF", "Control", "Extend", "ZWJ", "Regional_Indicator", "Prepend", "SpacingMark"),
    *("L", "V", "T", "LV", "LVT"),
)


@cache
def make_tables() -> dict[str, Any]:
    """Make the tables, as JSON: expressions, classes of characters, abbreviations and limits.

    What letters, digits, spaces and grapheme clusters are is what they are in this Python and its packages `regex` and
    `tokenizers`, whatever version of Unicode a browser has.
    """
    regexes = JsRegexes()
    patterns = {name: regexes.convert(pattern) for name, pattern in _patterns().items()}
    characters = {name: regexes.convert_class(ranges) for name, ranges in _characters().items()}
    return {
        "files": {
            "folder": FOLDER,
            "record": RECORD_FILE,
            "format": FORMAT,
            "tokenizer": TOKENIZER_FILE,
            "spans": SPAN_FILES,
            "pairs": PAIRS_FILE,
        },
        "words": WORDS,
        "sequences": SEQUENCES,
        "patterns": patterns,
        "characters": characters,
        "classes": regexes.classes,
        "graphemes": _graphemes(),
        "abbreviations": _lists(
            {
                "titles": TITLES,
                "companies": COMPANIES_AND_GENERATIONS,
                "months": MONTHS,
                "states": STATES,
                "state_initials": STATE_INITIALS,
                "in_names": IN_NAMES,
            }
        ),
        "languages": {code: _lists(asdict(language)) for code, language in BY_LANGUAGE.items()},
        "first_rules": _lists(
            {name: value for name, value in vars(sentences.FIRST_RULES).items() if name not in ("marks", "sources")}
        ),
        "own_abbreviations": OWN_ABBREVIATIONS,
        "never_first": sentences._NEVER_FIRST,
        "limits": {
            "longest_word": words.LONGEST_WORD,
            "last_word_reach": sentences._LAST_WORD_REACH,
            "longest_entity": sentences._LONGEST_ENTITY,
            "longest_unknown_abbreviation": sentences._LONGEST_UNKNOWN_ABBREVIATION,
            "most_paired_entities": ranking.MOST_PAIRED_ENTITIES,
            "most_relations": ranking.MOST_RELATIONS,
            "pair_scores_at_once": ranking.PAIR_SCORES_AT_ONCE,
            "pairs_at_once": PAIRS_AT_ONCE,
            "batch_size": BATCH_SIZE,
            "batch_cost": cpu_scheduling.BATCH_COST,
        },
    }


def _lists(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return sets as lists, in a certain order."""
    return {
        name: sorted(value)
        if isinstance(value, (set, frozenset))
        else list(value)
        if isinstance(value, tuple)
        else value
        for name, value in values.items()
    }


def _patterns() -> dict[str, re.Pattern[str]]:
    return {
        "words": words._word_pattern([]),
        "words_with_own": words._word_pattern([OWN_ABBREVIATIONS]),
        "words_v1": words._WORD_V1,
        "between_spaces": words._BETWEEN_SPACES,
        "initials": words._INITIALS,
        "clitic": words._CLITIC,
        "marks": sentences._MARKS,
        "sources": sentences._SOURCES,
        "marks_v1": sentences.FIRST_RULES.marks,
        "sources_v1": sentences.FIRST_RULES.sources,
        "source_in_brackets": sentences._SOURCE_IN_BRACKETS,
        "opening": sentences._OPENING,
        "closes": sentences._CLOSES,
        "closes_behind_open_quote": sentences._CLOSES_BEHIND_QUOTE[True],
        "closes_behind_quote": sentences._CLOSES_BEHIND_QUOTE[False],
        "last_word": sentences._LAST_WORD,
        "initial_before": sentences._INITIAL_BEFORE,
        "ordinal": sentences._ORDINAL,
        "roman_numeral": sentences._ROMAN_NUMERAL,
        "consonants": sentences._CONSONANTS,
        "next_word": sentences._NEXT_WORD,
        "enumerator": sentences._ENUMERATOR,
        "enumerated": sentences._ENUMERATED,
        "line_end": text_reader._LINE_END,
        "letters": subwords._LETTERS,
    }


def _characters() -> dict[str, Ranges]:
    """Return the classes of characters that the rules ask for one by one."""

    def those(is_one: Callable[[str], bool]) -> Ranges:
        chosen = bytes(map(is_one, all_characters()))
        return [(found.start(), found.end() - 1) for found in re.finditer(b"\\x01+", chosen)]

    return {
        "alphanumeric": those(str.isalnum),
        "alphabetic": those(str.isalpha),
        "digit": those(str.isdigit),
        "space": those(str.isspace),
        "lower": those(str.islower),
        "upper": those(str.isupper),
        "title": those(lambda one: one.istitle() and not one.isupper()),
        "mark_or_other": those(lambda one: unicodedata.category(one)[0] in "MC"),
        **_characters_of_bert(),
    }


def _characters_of_bert() -> dict[str, Ranges]:
    """Return what the tokenizer of BERT takes for control characters, spaces, ideographs, accents and punctuation."""
    between = "0"  # which a normalizer leaves as it is, and no letter has as a part
    known = [one for one in all_characters() if not "\ud800" <= one <= "\udfff" and one != between]

    def normalized(setting: str) -> list[str]:
        off = dict.fromkeys(("clean_text", "handle_chinese_chars", "strip_accents", "lowercase"), False)
        return normalizers.BertNormalizer(**{**off, setting: True}).normalize_str(between.join(known)).split(between)

    cleaned = list(zip(known, normalized("clean_text"), strict=True))
    ideographs = zip(known, normalized("handle_chinese_chars"), strict=True)
    accents = zip(known, normalized("strip_accents"), strict=True)
    pieces = pre_tokenizers.BertPreTokenizer().pre_tokenize_str("".join(f"a{one}" for one in known) + "a")
    alone = [text for text, (start, end) in pieces if start % 2 and end == start + 1]
    return {
        "bert_removed": ranges_of_characters(one for one, other in cleaned if other == ""),
        "bert_space": ranges_of_characters(one for one, other in cleaned if other == " "),
        "bert_ideograph": ranges_of_characters(one for one, other in ideographs if other == f" {one} "),
        "bert_accent": ranges_of_characters(one for one, other in accents if other == ""),
        "bert_punctuation": ranges_of_characters(alone),
    }


def _graphemes() -> dict[str, list[int]]:
    """Return, for each class of grapheme clusters, first and last code points of its ranges in turn."""
    properties = {name: rf"\p{{Grapheme_Cluster_Break={name}}}" for name in _GRAPHEME_CLASSES}
    properties |= {"pictographic": r"\p{Extended_Pictographic}"}
    properties |= {
        f"conjunct_{name}": rf"\p{{Indic_Conjunct_Break={name}}}" for name in ("Consonant", "Linker", "Extend")
    }
    return {
        name: [border for one in regex.finditer(f"{own}+", all_characters()) for border in (one.start(), one.end() - 1)]
        for name, own in properties.items()
    }
