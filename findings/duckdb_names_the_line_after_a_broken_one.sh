#!/usr/bin/env bash
# DuckDB 2.0.1 names the line behind the broken one in newline-delimited JSON: "Malformed JSON … in line 3" means the
# second, even where the file has only two. Of a value of the wrong type ("JSON transform error … in line 2") it
# names the right line.
#
# Guess before looking: the line that the error names is the one to mend, counted alike in all errors of one reader.
# Who meets it: whoever looks up the broken line of a large export by its number: the line they find is in order.
#
# Exit status 0: behaves as described here; 1: it no longer does.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/environment"
"$folder/environment/bin/pip" install -q --no-cache-dir --disable-pip-version-check duckdb==2.0.1
"$folder/environment/bin/python" - "$folder/lines.jsonl" <<'PYTHON'
import pathlib
import re
import sys
from importlib.metadata import version

import duckdb

print("duckdb", version("duckdb"))
QUERY = "SELECT * FROM read_json(?, format='newline_delimited', columns={a: 'BIGINT'})"


def named_line(*lines):
    pathlib.Path(sys.argv[1]).write_text("".join(line + "\n" for line in lines))
    try:
        duckdb.execute(QUERY, [sys.argv[1]]).fetchall()
    except duckdb.InvalidInputException as error:
        message = str(error).splitlines()[0].replace(sys.argv[1], "lines.jsonl")
        print(f"{list(lines)}: {message}")
        kind, line = re.search(r"Invalid Input Error: (.+?) in file .* in line (\d+)", message).groups()
        return kind, int(line)


# Broken: the last, the second of three, the first, the fourth of five …
malformed = "Malformed JSON"
assert named_line('{"a": 1}', '{"a": ') == (malformed, 3)
assert named_line('{"a": 1}', '{"a": nope}', '{"a": 3}') == (malformed, 3)
assert named_line('{"a" 1}', '{"a": 2}', '{"a": 3}') == (malformed, 2)
assert named_line('{"a": 1}', '{"a": 2}', '{"a": 3}', '{"a": ]}', '{"a": 5}') == (malformed, 5)
# … and of the wrong type: the second, the first.
assert named_line('{"a": 1}', '{"a": "x"}', '{"a": 3}') == ("JSON transform error", 2)
assert named_line('{"a": "x"}', '{"a": 2}') == ("JSON transform error", 1)
PYTHON
echo "as described"
