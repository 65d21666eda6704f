#!/usr/bin/env bash
# datasets 5.2.0: `load_dataset("parquet", data_dir=folder)` takes every file of the folder for Parquet, whatever it is
# called, and fails at the first one that is not. README.md, config.json and dataset_info.json are passed over, and so
# are names with a point in front; names with an underscore (Spark's `_SUCCESS`) are not. `pyarrow.dataset` (26.0.1) is
# as strict, by other names: it passes over underscores and points, and reads README.md.
#
# Guess before looking: the builder "parquet" reads the files *.parquet of the folder.
# Who meets it: whoever writes a manifest, a licence or a mark that all is done beside the shards. Only a name with a
# point in front suits both.
#
# Exit status 0: behaves as described here; 1: it no longer does.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/environment"
"$folder/environment/bin/pip" install -q --no-cache-dir --disable-pip-version-check datasets==5.2.0 pyarrow==26.0.1
HF_HOME="$folder/cache" HF_HUB_OFFLINE=1 "$folder/environment/bin/python" - "$folder" <<'PYTHON'
import pathlib
import sys
from importlib.metadata import version

import datasets
import pyarrow
import pyarrow.dataset
import pyarrow.parquet

print("datasets", version("datasets"), "pyarrow", version("pyarrow"))
datasets.disable_progress_bars()
datasets.logging.set_verbosity(datasets.logging.CRITICAL)
ROWS = [{"a": 1}]


def attempt(read):
    try:
        return read()
    except (datasets.exceptions.DatasetGenerationError, pyarrow.ArrowInvalid) as error:
        return type(error).__name__


def beside_shard(name):
    folder = pathlib.Path(sys.argv[1]) / f"beside {name}"
    folder.mkdir()
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(ROWS), folder / "shard.parquet")
    (folder / name).write_text("{}")
    loaded = attempt(lambda: datasets.load_dataset("parquet", data_dir=str(folder), split="train").to_list())
    read = attempt(lambda: pyarrow.dataset.dataset(str(folder)).to_table().to_pylist())
    print(f"shard.parquet and {name}: datasets {loaded}, pyarrow {read}")
    return loaded == ROWS, read == ROWS


for name in ("manifest.json", "LICENSE", "notes.txt"):
    assert beside_shard(name) == (False, False), name
for name in ("README.md", "config.json", "dataset_info.json"):
    assert beside_shard(name) == (True, False), name
assert beside_shard("_SUCCESS") == (False, True)
assert beside_shard(".manifest.json") == (True, True)
PYTHON
echo "as described"
