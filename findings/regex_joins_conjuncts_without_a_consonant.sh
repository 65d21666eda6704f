#!/usr/bin/env bash
# regex 2026.11.19: `\X` does not break between a linker (a virama) and a consonant whatever stands before them, so that
# "a", U+09CD and U+0995 are one cluster. Unicode's rule GB9c joins them behind a consonant only; ICU finds two.
#
# Guess before looking: `\X` follows Unicode's rules for extended grapheme clusters, as regex's documentation says, and
# gives the borders that ICU and browsers (Intl.Segmenter) give.
# Who meets it: whoever cuts text at clusters in Python and compares offsets with a browser's or ICU's, in Indic scripts
# with damaged or abbreviated words.
#
# Exit status 0: behaves as described here; 1: it no longer does.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/environment"
"$folder/environment/bin/pip" install -q --no-cache-dir --disable-pip-version-check regex==2026.11.19 icu4py==1.2.0
"$folder/environment/bin/python" - <<'PYTHON'
from importlib.metadata import version

import regex
from icu4py.breakers import CharacterBreaker

print("regex", version("regex"), "icu4py", version("icu4py"))
VIRAMA, KA = "\u09cd", "\u0995"


def clusters(text):
    by_icu = [str(part) for part in CharacterBreaker(text, "en")]
    by_regex = regex.findall(r"\X", text)
    print([ascii(part) for part in by_regex], "ICU:", [ascii(part) for part in by_icu])
    return len(by_regex), len(by_icu)


assert clusters(KA + VIRAMA + KA) == (1, 1)  # behind a consonant
assert clusters("a" + VIRAMA + KA) == (1, 2)  # behind a letter that is none
assert clusters("1" + VIRAMA + KA) == (1, 2)
PYTHON
echo "as described"
