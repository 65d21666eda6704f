#!/usr/bin/env bash
# sentencex 1.0.32 takes a language code that it does not know for English, without a word: "de-AT", "de_AT", "DE" and
# "deu" cut the German date "3. Oktober" in two, which "de" keeps whole. And it cuts inside words: a point between letters,
# the second of them a capital, ends a sentence, as in "Node.JS" and "Amazon.Com" (in English and without white space).
#
# Guess before looking: codes with a region or in capitals are known or refused; a sentence ends at white space.
# Who meets it: whoever splits text into sentences before looking for entities and relations: company and product names
# are cut, and with a locale's code so are abbreviations and ordinals of any language but English.
#
# Exit status 0: behaves as described here; 1: it no longer does.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/environment"
"$folder/environment/bin/pip" install -q --disable-pip-version-check sentencex==1.0.32
"$folder/environment/bin/python" - <<'PYTHON'
from importlib.metadata import version

import sentencex

print("sentencex", version("sentencex"))


def split(language, text):
    parts = [part.strip() for part in sentencex.segment(language, text)]
    print(f"{language}: {parts}")
    return parts


date = "Er kam am 3. Oktober."
assert split("de", date) == [date]
for code in ("de-AT", "de_AT", "DE", "deu", "no such language"):
    assert split(code, date) == ["Er kam am 3.", "Oktober."]
assert split("en", "We use Node.JS in Berlin.") == ["We use Node.", "JS in Berlin."]
assert split("en", "Amazon.Com grew.") == ["Amazon.", "Com grew."]
PYTHON
