#!/usr/bin/env bash
# spaCy 3.8.18 (with confection 1.3.4) writes the keys of a component's nested config unquoted, as options of an INI
# file: behind `nlp.to_disk` and `spacy.load` a key with ":" or "=" is cut there, and the rest of it is in the value; a
# key that begins with "#" is gone. Neither side says a word. Where two keys are the same up to the colon, saving still
# works, and only loading fails.
#
# Guess before looking: a config that `nlp.add_pipe` takes (it checks that it is JSON) comes back the same from disk.
# Who meets it: whoever gives a component settings by type: types of relations are often called "per:title" (TACRED).
# A list of "per:title=0.5" comes back whole, since lists are written as JSON.
#
# Exit status 0: behaves as described here; 1: it no longer does.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/environment"
"$folder/environment/bin/pip" install -q --no-cache-dir --disable-pip-version-check spacy==3.8.18 confection==1.3.4
"$folder/environment/bin/python" - "$folder/pipeline" <<'PYTHON'
import configparser
import sys
import warnings
from importlib.metadata import version
from typing import Any

import spacy
from spacy.language import Language

print("spacy", version("spacy"), "confection", version("confection"))


@Language.factory("with_thresholds")
class WithThresholds:
    def __init__(self, nlp, name, thresholds: Any = None):
        self.thresholds = thresholds

    def __call__(self, doc):
        return doc


def there_and_back(thresholds):
    nlp = spacy.blank("en")
    nlp.add_pipe("with_thresholds", config={"thresholds": thresholds})
    assert nlp.get_pipe("with_thresholds").thresholds == thresholds
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        nlp.to_disk(sys.argv[1])
        try:
            loaded = spacy.load(sys.argv[1]).get_pipe("with_thresholds").thresholds
        except configparser.Error as error:
            loaded = type(error).__name__
    print(f"{thresholds} -> {loaded} ({len(warned)} warnings)")
    assert not warned, [str(warning.message) for warning in warned]
    return loaded


# What is read back whole …
for whole in ({"title": 0.5}, ["per:title=0.5"]):
    assert there_and_back(whole) == whole
# … what is cut or lost …
assert there_and_back({"per:title": 0.5}) == {"per": "title = 0.5"}
assert there_and_back({"per=title": 0.5}) == {"per": "title = 0.5"}
assert there_and_back({"#title": 0.5, "age": 0.25}) == {"age": 0.25}
# … and what is saved but not loaded again.
assert there_and_back({"per:title": 0.5, "per:age": 0.25}) == "DuplicateOptionError"
PYTHON
echo "as described"
