"""A data set of the Hub says which commit it was read from, so that the record of a training can."""

import json

from tests.support.documents import TYPES, make_records
from tests.support.hub_server import Repository

LOAD = """
import json, sys
from spert_hf.data import load_splits
from dataclasses import asdict

splits = [load_splits("ada/news", revision=revision) for revision in (None, "main", sys.argv[1])]
print(json.dumps([{"name": one.name, "documents": len(one.train), **asdict(one.origin)} for one in splits]))
"""


def test_the_commit_is_told(hub, run_python):
    repository = hub.repositories["dataset", "ada/news"] = Repository(private=True)

    def commit(count):
        lines = "".join(json.dumps(record) + "\n" for record in make_records(count))
        files = {"train.jsonl": lines.encode(), "test.jsonl": lines.encode(), "types.json": json.dumps(TYPES).encode()}
        return repository.add("main", files, f"{count} documents").oid

    older, newer = commit(9), commit(7)
    done = run_python("-c", LOAD, older)
    assert done.returncode == 0, done.stderr
    expected = {"name": "ada/news", "kind": "hub", "config": "default"}
    assert json.loads(done.stdout.splitlines()[-1]) == [
        {**expected, "documents": 6, "revision": newer},
        {**expected, "documents": 6, "revision": newer},
        {**expected, "documents": 8, "revision": older},
    ]
