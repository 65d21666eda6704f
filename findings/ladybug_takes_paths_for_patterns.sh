#!/usr/bin/env bash
# Ladybug 0.22.0 takes the path in `COPY … FROM '<path>'` and `LOAD FROM '<path>'` for a pattern, always: a file in a
# folder with brackets in its name ("runs [1]") is not found, though it is there, and where there is a folder that the
# pattern fits ("runs 1"), the file in that one is read instead, without a word. `COPY … TO` takes its path as it is, so
# that what it wrote can't be read back by the same path. `glob.escape` of Python helps.
#
# Guess before looking: a path to a file that exists is that file, whatever its folder is called.
# Who meets it: whoever loads files from a folder that others have named, with brackets or a question mark in its name.
#
# Exit status 0: behaves as described here; 1: it no longer does.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/environment"
"$folder/environment/bin/pip" install -q --no-cache-dir --disable-pip-version-check ladybug==0.22.0
"$folder/environment/bin/python" - "$folder" <<'PYTHON'
import glob
import pathlib
import sys
from importlib.metadata import version

import ladybug

print("ladybug", version("ladybug"))
top = pathlib.Path(sys.argv[1])
connection = ladybug.Connection(ladybug.Database(str(top / "graph.lbug")))
connection.execute("CREATE NODE TABLE E(id INT64 PRIMARY KEY)")


def write(name, number):
    (top / name).mkdir()
    (top / name / "x.csv").write_text(f"id\n{number}\n")


def run(query, path):
    try:
        answer = connection.execute(query.format(path)).get_all()
    except RuntimeError as error:
        answer = str(error)
    print(f"{query.format(path)}: {answer}".replace(str(top), ""))
    return answer


LOAD, COPY = "LOAD FROM '{}' (header=true) RETURN *", "COPY E FROM '{}' (header=true)"
write("runs [1]", 1)
path = f"{top}/runs [1]/x.csv"
# The file is there, and is not found …
for query in (LOAD, COPY):
    assert "No file found that matches the pattern" in run(query, path)
assert run(LOAD, glob.escape(path)) == [[1]]
# … or is another one.
write("runs 1", 2)
assert run(LOAD, path) == [[2]]
run(COPY, path)
assert run("MATCH (e:E) RETURN e.id", path) == [[2]]
# What is written is written to the path as it is.
written = f"{top}/runs [1]/y.csv"
run("COPY (MATCH (e:E) RETURN e.id) TO '{}' (header=true)", written)
assert pathlib.Path(written).exists()
assert "No file found that matches the pattern" in run(LOAD, written)
PYTHON
echo "as described"
