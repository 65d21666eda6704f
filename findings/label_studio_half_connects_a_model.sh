#!/usr/bin/env bash
# Label Studio 1.23.2 answers 403 when a model on the same machine is connected, and has connected it all the same: with
# its setting ML_BLOCK_LOCAL_IP=false it takes the model's address, asks the model whether it is there, and saves it; only
# then it makes a webhook for the same address, which another setting (SSRF_PROTECTION_ENABLED) decides on. The request
# fails with the webhook's error, "URL resolves to a reserved network address", and the model is in the project.
# Without any setting the address that the documentation of the API shows, one at localhost, is refused outright.
#
# Guess before looking: the address of the documentation works; where it is refused, nothing is saved.
# Who meets it: whoever serves predictions to annotators from the machine that Label Studio runs on.
#
# Exit status 0: behaves as described here; 1: it no longer does.
set -euo pipefail
folder="$(mktemp -d)"
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$folder"' EXIT
python3 -m venv "$folder/environment"
"$folder/environment/bin/pip" install -q --disable-pip-version-check label-studio==1.23.2
cat > "$folder/model.py" <<'PYTHON'
"""The least that Label Studio takes for a model."""
import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer


class Model(BaseHTTPRequestHandler):
    def do_GET(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = json.dumps({"status": "UP", "model_version": "1", "versions": ["1"], "results": []}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *_):
        pass


HTTPServer(("127.0.0.1", int(sys.argv[1])), Model).serve_forever()
PYTHON
cat > "$folder/connect.py" <<'PYTHON'
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request

folder, model, port, token = sys.argv[1:3] + [sys.argv[3], "0123456789abcdef0123456789abcdef01234567"]


def call(method, path, body=None):
    headers = {"Authorization": f"Token {token}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or b"{}")


def connect(name, **settings):
    command = [f"{folder}/environment/bin/label-studio", "start", "--no-browser", "--internal-host", "127.0.0.1"]
    command += ["--port", port, "--username", "a@example.org", "--password", "not-a-secret-1", "--user-token", token]
    quiet = {"COLLECT_ANALYTICS": "False", "LATEST_VERSION_CHECK": "False", "SENTRY_DSN": "", "FRONTEND_SENTRY_DSN": ""}
    place = {"LABEL_STUDIO_BASE_DATA_DIR": f"{folder}/{name}", "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true"}
    with open(f"{folder}/{name}.log", "wb") as log:
        server = subprocess.Popen(command, env=os.environ | quiet | place | settings, stdout=log, stderr=log)
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5).close()
                break
            except OSError:
                time.sleep(1)
        text = '<View><Labels name="label" toName="text"><Label value="PER"/></Labels><Text name="text" value="$text"/></View>'
        _, project = call("POST", "/api/projects", {"title": name, "label_config": text})
        status, answer = call("POST", "/api/ml", {"url": f"http://127.0.0.1:{model}", "project": project["id"]})
        _, connected = call("GET", f"/api/ml?project={project['id']}")
        print(f"{settings or 'no setting'}: {status} {json.dumps(answer)[:160]}")
        print(f"    models of the project: {[one['readable_state'] for one in connected]}")
        return status, len(connected), json.dumps(answer)
    finally:
        server.terminate()
        server.wait(60)


plain = connect("plain")
half = connect("half", ML_BLOCK_LOCAL_IP="false")
assert plain[0] in (400, 403) and plain[1] == 0 and "reserved network address" in plain[2], plain
assert half[0] == 403 and half[1] == 1 and "reserved network address" in half[2], half
PYTHON
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
model="$(free_port)"
python3 "$folder/model.py" "$model" &
"$folder/environment/bin/pip" list --disable-pip-version-check 2>/dev/null | grep -i '^label-studio '
python3 "$folder/connect.py" "$folder" "$model" "$(free_port)"
