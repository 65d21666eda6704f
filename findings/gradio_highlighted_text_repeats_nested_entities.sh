#!/usr/bin/env bash
# gradio 6.31.0: `HighlightedText` shows the words of a nested entity twice. Given a text and its entities as offsets, it
# shows "Bank of BostonBoston opened." for "Bank of Boston opened." with the organization and, in it, the location; of
# two entities that overlap, the words of both. It says nothing, and the page's text is no longer the text that was given.
#
# Guess before looking: nested entities are shown in each other, or one of them is left out; the text can be read as it is.
# Who meets it: whoever shows predictions in a demo that may overlap: biomedical entities, SciERC, span-based models.
#
# Exit status 0: behaves as described here; 1: it no longer does.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/environment"
"$folder/environment/bin/pip" install -q --disable-pip-version-check gradio==6.31.0
GRADIO_ANALYTICS_ENABLED=False "$folder/environment/bin/python" - <<'PYTHON'
import gradio

print("gradio", gradio.__version__)
text = "Bank of Boston opened."


def shown(*entities):
    given = [{"entity": label, "start": start, "end": end} for label, start, end in entities]
    parts = gradio.HighlightedText().postprocess({"text": text, "entities": given}).root
    print([(part.token, part.class_or_confidence) for part in parts if part.token])
    return "".join(part.token for part in parts)


assert shown(("ORG", 0, 14)) == text
assert shown(("ORG", 0, 14), ("LOC", 8, 14)) == "Bank of BostonBoston opened."
assert shown(("ORG", 0, 14), ("EVENT", 8, 21)) == "Bank of BostonBoston opened."
PYTHON
