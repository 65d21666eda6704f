"""The metric published to, and loaded by `evaluate` from, a server that speaks the Hub's API."""

import json

from tests.support.hub_server import Fault

NAME = "ada/scores-of-spert"

# The example of the metric's card, run where the package is not.
SCORE = """
import json, sys
sys.modules["spert_hf"] = None  # not to be imported, even if it is installed
import evaluate

metric = evaluate.load(sys.argv[1])
reference = {
    "tokens": ["Ada", "works", "for", "Acme"],
    "entities": [{"type": "Person", "start": 0, "end": 1}, {"type": "Company", "start": 3, "end": 4}],
    "relations": [{"type": "Works_For", "head": 0, "tail": 1}],
}
prediction = {
    "entities": [{"type": "Person", "start": 0, "end": 1}, {"type": "Place", "start": 3, "end": 4}],
    "relations": [{"type": "Works_For", "head": 0, "tail": 1}],
}
scores = metric.compute(predictions=[prediction], references=[reference])
print(json.dumps([scores["ner_f1"], scores["rel_f1"], scores["rel_plus_f1"]]))
"""


def test_evaluate_loads_it_from_its_space(hub, run_python):
    done = run_python("-m", "spert_hf.cli.main", "publish", "metric", NAME)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"Published at {hub.url}/spaces/{NAME}\n"
    space = hub.repositories["space", NAME]
    assert space.sdk == "static" and not space.private
    files = space.find("main").files
    assert {"README.md", "index.html", "scores-of-spert.py", "scoring.py", "__init__.py"} <= set(files)
    assert not [path for path in files if "__pycache__" in path]
    for text in ("README.md", "index.html"):
        assert f'evaluate.load("{NAME}")'.encode() in files[text]

    scored = run_python("-c", SCORE, NAME, package=False)
    assert scored.returncode == 0, scored.stderr
    assert json.loads(scored.stdout) == [50.0, 100.0, 0.0]
    assert ("GET", f"/spaces/{NAME}/resolve/main/scores-of-spert.py") in hub.requests


def test_an_upload_that_fails_leaves_main_and_can_be_repeated(hub, publish_in_turn):
    call = ("publish_metric", {"repo_id": NAME})
    hub.faults = [
        Fault("POST .*/preupload/main", nth=1, status=403),
        Fault("POST .*/commit/main", nth=1, status=503),
        Fault("POST .*/commit/main", nth=2),
    ]
    refused, without_owner = (call[0], {**call[1], "token": "hf_wrong"}), (call[0], {"repo_id": "scores"})
    reports = publish_in_turn(refused, without_owner, call, call, call, call, call)
    expected = ["PublishingError", "ValueError", *["PublishingError"] * 3, "published", "published"]
    assert [outcome for outcome, _ in reports] == expected, reports
    for (_, said), reason in zip(reports[2:5], ("403", "503", "disconnected"), strict=True):
        assert reason in said
        assert "its main branch is as before; the same command can be run again" in said
    history = hub.repositories["space", NAME].branches["main"]
    assert [commit.message for commit in history] == ["initial commit", "Upload SpERT metric"]
