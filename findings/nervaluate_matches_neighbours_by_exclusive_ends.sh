#!/usr/bin/env bash
# nervaluate 1.2.1 takes the end of a span for its last character, though it also takes spans as Prodigy has them, whose
# ends lie one behind it, as those of spaCy and Label Studio do. So two entities that touch without a common character
# overlap for it: a prediction of what stands beside an entity is half right by its "partial" scores, and right by
# "ent_type" if the type is the same.
#
# Guess before looking: whether ends are inclusive or exclusive makes no difference, as both sides are in one form.
# Who meets it: whoever scores entities by characters in Chinese, Japanese or Thai text, or names in compounds, where no
# blank keeps entities apart. Strict and exact F1 are not affected.
#
# Exit status 0: behaves as described here; 1: it no longer does.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/environment"
"$folder/environment/bin/pip" install -q --disable-pip-version-check nervaluate==1.2.1
"$folder/environment/bin/python" - <<'PYTHON'
from importlib.metadata import version

from nervaluate import Evaluator

print("nervaluate", version("nervaluate"))
text = "大阪京都"
osaka, kyoto = ({"label": "city", "start": start, "end": start + 2} for start in (0, 2))
assert [text[city["start"] : city["end"]] for city in (osaka, kyoto)] == ["大阪", "京都"]


def f1(gold, found):
    scores = Evaluator([gold], [found], tags=["city"], loader="dict").evaluate()["overall"]
    return {name: scores[name].f1 for name in ("strict", "exact", "partial", "ent_type")}


touching = f1([osaka], [kyoto])
print("gold [0, 2), found [2, 4):", touching)
assert touching == {"strict": 0, "exact": 0, "partial": 0.5, "ent_type": 1.0}
inclusive = f1([osaka | {"end": 1}], [kyoto | {"end": 3}])
print("the same with inclusive ends:", inclusive)
assert inclusive == {"strict": 0, "exact": 0, "partial": 0, "ent_type": 0}
PYTHON
