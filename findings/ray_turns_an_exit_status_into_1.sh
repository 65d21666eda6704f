#!/usr/bin/env bash
# Ray 2.60.0: a handler of SIGTERM that ends the program with `SystemExit(143)` ends it with status 1 if the signal
# arrives while the program is in `ray.wait` or `ray.get`, where a driver spends most of its time. Elsewhere, as in
# `time.sleep`, the status is the handler's.
#
# Guess before looking: the status of a `SystemExit` that a handler raises is that of the process, wherever it waits.
# Who meets it: whoever tells "was stopped" from "has failed" by the exit status: queues that start stopped jobs again,
# service managers, scripts.
#
# Exit status 0: behaves as described here; 1: it no longer does.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/environment"
"$folder/environment/bin/pip" install -q --no-cache-dir --disable-pip-version-check ray==2.60.0
cat > "$folder/driver.py" <<'PYTHON'
import os
import signal
import sys
import threading
import time

import ray

folder, where = sys.argv[1:]
ray.init("local", num_cpus=1, include_dashboard=False, log_to_driver=False, logging_level="ERROR", _temp_dir=folder)


def stop(number, _):
    raise SystemExit(128 + number)


# Behind `ray.init`, which sets a handler of its own.
signal.signal(signal.SIGTERM, stop)


@ray.remote
def slow():
    time.sleep(600)


task = slow.remote()
threading.Timer(5, os.kill, (os.getpid(), signal.SIGTERM)).start()
if where == "time.sleep":
    time.sleep(120)
elif where == "ray.wait":
    ray.wait([task], timeout=120)
else:
    ray.get(task, timeout=120)
PYTHON
"$folder/environment/bin/python" -c 'import ray; print("ray", ray.__version__)'
check() {
    local status=0
    RAY_USAGE_STATS_ENABLED=0 "$folder/environment/bin/python" "$folder/driver.py" "$folder/ray" "$1" \
        2> "$folder/errors" || status=$?
    echo "SIGTERM in $1: exit status $status, $(grep -c Traceback "$folder/errors" || true) tracebacks"
    [ "$status" = "$2" ] || { cat "$folder/errors"; exit 1; }
}
check time.sleep 143
check ray.wait 1
check ray.get 1
echo "as described"
