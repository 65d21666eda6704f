#!/usr/bin/env bash
# spaCy 3.8.18: `del group[i]` of a group of spans (`doc.spans[key]`) removes span i - 1 and keeps span i. Its docstring
# says "Delete a span from the span group at index i", and `group[i]` does give span i.
# One more case of such a deletion, which is left out here, ended the process instead of raising an error.
#
# Guess before looking: `del group[i]` removes what `group[i]` gives, as it does for a list.
# Who meets it: whoever filters the spans of spancat or of a component of their own in place. The length is right
# afterwards, the spans are not, and scores that are kept beside the spans belong to others. Building a new group of
# the spans to keep is safe.
#
# Exit status 0: behaves as described here; 1: it no longer does.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/environment"
"$folder/environment/bin/pip" install -q --no-cache-dir --disable-pip-version-check spacy==3.8.18
"$folder/environment/bin/python" - <<'PYTHON'
from importlib.metadata import version

from spacy.tokens import Doc, Span, SpanGroup
from spacy.vocab import Vocab

print("spacy", version("spacy"))
print("docstring:", next(line for line in SpanGroup.__delitem__.__doc__.splitlines() if "Delete" in line))
WORDS = ["a", "b", "c", "d", "e"]
doc = Doc(Vocab(), words=WORDS)
for index in (1, 2, 3, 4):
    group = doc.spans["s"] = SpanGroup(doc, name="s", spans=[Span(doc, n, n + 1, label="P") for n in range(5)])
    asked = group[index].text
    del group[index]
    left = [span.text for span in group]
    print(f"del group[{index}], which was {asked!r}, of {WORDS}: {left}")
    assert asked == WORDS[index]
    assert left == WORDS[: index - 1] + WORDS[index:], left
PYTHON
echo "as described"
