#!/usr/bin/env bash
# onnxruntime 1.32.0 keeps an id of the machine in the home folder once a session is made, on Linux, too, where its
# wheels of earlier years did not: a file below `~/.cache/Microsoft`, with a thread that stays. ORT_DISABLE_TELEMETRY=1,
# set before the import, stops both.
#
# Guess before looking: on Linux, onnxruntime writes nothing outside of what it is given.
# Who meets it: whoever runs exported models in containers with a read-only home folder, where each process writes a
# coloured warning to standard error, or where nothing may be reported to third parties.
#
# Exit status 0: behaves as described here; 1: it no longer does.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/environment"
"$folder/environment/bin/pip" install -q --no-cache-dir --disable-pip-version-check \
  onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6
"$folder/environment/bin/python" - <<'PYTHON'
import os
import subprocess
import sys
import tempfile
from importlib.metadata import version

print("onnxruntime", version("onnxruntime"))
SESSION = """
import os, time
import onnxruntime
from onnx import TensorProto, helper

ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in "xy"]
graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "same", ends[:1], ends[1:])
model = helper.make_model(graph, ir_version=10, opset_imports=[helper.make_opsetid("", 20)])
session = onnxruntime.InferenceSession(model.SerializeToString())
deadline = time.monotonic() + 5
while time.monotonic() < deadline:
    files = [os.path.join(above, name) for above, _, names in os.walk(os.environ["HOME"]) for name in names]
    if files:
        break
    time.sleep(0.1)
print(*(os.path.relpath(path, os.environ["HOME"]) for path in files))
"""


def files_at_home(**environment):
    with tempfile.TemporaryDirectory() as home:
        command = [sys.executable, "-c", SESSION]
        done = subprocess.run(command, env={"HOME": home, **environment}, check=True, capture_output=True, text=True)
        return done.stdout.split()


plain = files_at_home()
print("by default:", plain)
assert plain and all(path.startswith(".cache/Microsoft/") for path in plain)
silent = files_at_home(ORT_DISABLE_TELEMETRY="1")
print("with ORT_DISABLE_TELEMETRY=1:", silent)
assert silent == []
PYTHON
echo "as described"
