#!/usr/bin/env bash
# spaCy 3.8.18: `doc.retokenize()`, and with it the component `merge_entities`, moves the entities of a doc along and
# leaves the spans of `doc.spans` at the token numbers of before. They cover other words then, without a word; their
# `start_char` and `end_char` still are the right characters, so that a span contradicts itself. One near the end of the
# doc lies beyond it, which only shows as an error when it is read.
#
# Guess before looking: groups of spans follow the tokens as entities do, or merging is refused where there are any.
# Who meets it: whoever puts `merge_entities` or `merge_noun_chunks` behind a component that sets `doc.spans`; ahead of
# it they do no harm.
#
# Exit status 0: behaves as described here; 1: it no longer does.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/environment"
"$folder/environment/bin/pip" install -q --no-cache-dir --disable-pip-version-check spacy==3.8.18
"$folder/environment/bin/python" - <<'PYTHON'
import warnings
from importlib.metadata import version

import spacy
from spacy.tokens import Doc, Span

print("spacy", version("spacy"))
nlp = spacy.blank("en")


def marked():
    doc = Doc(nlp.vocab, words="New York greets Ann Lee today in Rome".split())
    spans = [Span(doc, 0, 2, label="GPE"), Span(doc, 3, 5, label="PER"), Span(doc, 7, 8, label="GPE")]
    doc.ents, doc.spans["s"] = spans, spans
    return doc


def by_retokenizer(doc):
    with doc.retokenize() as retokenizer:
        for span in doc.ents:
            retokenizer.merge(span)


def by_component(doc):
    nlp.create_pipe("merge_entities")(doc)


def read(group, number):
    try:
        return group[number].text, group.doc.text[group[number].start_char : group[number].end_char]
    except IndexError as error:
        return type(error).__name__, " ".join(str(error).split())[:80]


for merge in (by_retokenizer, by_component):
    doc = marked()
    before = [span.text for span in doc.spans["s"]]
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        merge(doc)
    entities, spans = [entity.text for entity in doc.ents], [read(doc.spans["s"], number) for number in range(3)]
    print(f"{merge.__name__}: entities {entities}; {len(warned)} warnings")
    print(f"    spans before {before}; text and characters after {spans}")
    assert not warned and entities == before == ["New York", "Ann Lee", "Rome"]
    # Of eight tokens six are left; the spans have the numbers of the eight.
    assert spans[:2] == [("New York greets", "New York"), ("today in", "Ann Lee")], spans
    assert spans[2][0] == "IndexError" and "[E035]" in spans[2][1], spans
PYTHON
echo "as described"
