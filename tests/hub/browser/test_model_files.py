"""Files of a model are hashed in the browser as often as needed, in Node."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(shutil.which("node") is None, reason="there is no node"),
    pytest.mark.skipif(not (Path(__file__).parents[3] / "space").is_dir(), reason="no demo in this checkout"),
]


def test_a_file_is_hashed_once_and_another_one_is_refused():
    command = ["node", str(Path(__file__).with_name("model_files.mjs"))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "told": [
            {"found": "content", "hashed": 1, "requests": requests} for requests in (1, 0)
        ],  # then from those kept
        "error": "name is not what was exported: missing, cut off or changed",
        "kept": [],
    }
