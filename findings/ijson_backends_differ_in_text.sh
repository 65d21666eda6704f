#!/usr/bin/env bash
# ijson 3.6.0 reads the same JSON to different text by its two backends: the C one (yajl2_c, the default where there is a
# wheel) gives a question mark for the escape of half a surrogate pair, without a word; the Python one gives what `json`
# gives, half of a pair. And with `use_float=True` the C one ends with an error at an integer beyond 64 bits, which it
# reads without that option, and which the Python one reads either way.
#
# Guess before looking: backends of one library agree on strings and integers, and what is no text is an error.
# Who meets it: whoever streams large exports of annotation tools. Tools that count in UTF-16 units cut text between the
# halves of an emoji, and numbers beyond 64 bits are ids and hashes.
#
# Exit status 0: behaves as described here; 1: it no longer does.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/environment"
"$folder/environment/bin/pip" install -q --disable-pip-version-check ijson==3.6.0
"$folder/environment/bin/python" - <<'PYTHON'
import io
import json
from importlib.metadata import version

import ijson

print("ijson", version("ijson"))
HALF = rb'["half of a pair: \ud83d"]'
LARGE = b"[123456789012345678901234567890]"


def read(backend, data, **options):
    try:
        (value,) = ijson.get_backend(backend).items(io.BytesIO(data), "item", **options)
    except ijson.JSONError as error:
        value = f"{type(error).__name__}: {' '.join(str(error).split())[:60]}"
    print(f"{backend:8}{ascii(value)} {options or ''}")
    return value


fast, plain = read("yajl2_c", HALF), read("python", HALF)
as_integers = [read(backend, LARGE) for backend in ("yajl2_c", "python")]
as_floats = [read(backend, LARGE, use_float=True) for backend in ("yajl2_c", "python")]
assert plain == json.loads(HALF)[0] == "half of a pair: \ud83d"
assert fast == "half of a pair: ?"
assert as_integers == json.loads(LARGE) * 2
assert "integer overflow" in as_floats[0] and as_floats[1] == json.loads(LARGE)[0]
PYTHON
