#!/usr/bin/env bash
# icu4py 1.2.0 gives the segments of a Python string in UTF-16 code units, not in characters: slicing the string with
# them is right until a character beyond the basic plane (an emoji, a rare Han character) comes, and shifted behind it.
#
# Guess before looking: offsets of a library for Python's `str` count what `str` is indexed by, code points.
# Who meets it: whoever splits Thai, Lao, Khmer, Burmese, Chinese or Japanese text into words by ICU's dictionaries, to
# get character offsets of entities. Neither the package's description nor its docstrings name the unit.
#
# Exit status 0: behaves as described here; 1: it no longer does.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/environment"
"$folder/environment/bin/pip" install -q --disable-pip-version-check icu4py==1.2.0
"$folder/environment/bin/python" - <<'PYTHON'
from importlib.metadata import version

from icu4py.breakers import WordBreaker

print("icu4py", version("icu4py"))


def words(text):
    segments = list(WordBreaker(text, "en").segments())
    print(repr(text), len(text), "characters:", segments)
    return [text[start:end] for start, end in segments]


plain, with_emoji = words("red fox"), words("\N{FOX FACE} red fox")
print("sliced:", plain, with_emoji)
# Right where all characters are in the basic plane …
assert plain == ["red", " ", "fox"]
# … and shifted by one behind an emoji, with an end beyond the string's.
assert with_emoji == ["\N{FOX FACE} ", "r", "ed ", "f", "ox"], with_emoji
PYTHON
echo "as described"
