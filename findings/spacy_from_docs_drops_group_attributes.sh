#!/usr/bin/env bash
# spaCy 3.8.18 keeps the attributes of a group of spans (`doc.spans[key].attrs`, where spancat has its scores) in
# `DocBin`, `Doc.to_bytes` and `Doc.copy`, and drops them in `Doc.from_docs` and `Doc.to_json`, which keep the spans.
# Neither says so, though `from_docs` warns of user data that it drops (W101, W102). `to_json` drops the ids of
# spans, too.
#
# Guess before looking: attributes of a group go where its spans go, or a warning says that they do not.
# Who meets it: whoever joins docs of sentences or pages into one, or stores them as JSON: the spans are there, the
# scores are not, and code that reads them fails far from there.
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

from spacy.tokens import Doc, DocBin, Span, SpanGroup
from spacy.vocab import Vocab

print("spacy", version("spacy"))
vocab = Vocab()
doc = Doc(vocab, words=["a", "b", "c"])
spans = [Span(doc, 0, 2, label="P", span_id="first")]
doc.spans["s"] = SpanGroup(doc, name="s", spans=spans, attrs={"scores": [0.5]})


def through(name, copy):
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        copied = copy(doc)
    group = copied.spans["s"]
    kept = [(span.text, span.label_, span.id_) for span in group]
    print(f"{name:14}spans {kept}, attributes {group.attrs}, {len(warned)} warnings")
    assert not warned, [str(warning.message) for warning in warned]
    return kept, group.attrs


whole = [("a b", "P", "first")]
kept = {"scores": [0.5]}
assert through("DocBin", lambda doc: next(DocBin(docs=[doc]).get_docs(vocab))) == (whole, kept)
assert through("Doc.to_bytes", lambda doc: Doc(vocab).from_bytes(doc.to_bytes())) == (whole, kept)
assert through("Doc.copy", lambda doc: doc.copy()) == (whole, kept)
assert through("Doc.from_docs", lambda doc: Doc.from_docs([doc, doc])) == (whole * 2, {})
assert through("Doc.from_docs", lambda doc: Doc.from_docs([doc])) == (whole, {})
assert through("Doc.to_json", lambda doc: Doc(vocab).from_json(doc.to_json())) == ([("a b", "P", "")], {})
PYTHON
echo "as described"
