"""What importing the package costs, and that transformers knows SpERT whatever is imported first."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from spert_hf.cli.main import COMMANDS
from tests.support.warm_python import WarmPython

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "train.py"

IMPORTED_BY_TRANSFORMERS = ("torch._dynamo", "huggingface_hub.hf_api", "accelerate", "tokenizers", "scipy.optimize")

HEAVY = (
    *("torch", "transformers", "numpy", "datasets", "huggingface_hub", "accelerate", "evaluate", "rich", "pandas"),
    *("pyarrow", "tokenizers", "safetensors", "psutil", "jinja2", "tqdm", "openvino", "matplotlib"),
)

SHOW_HEAVY = f"print(*(name for name in {HEAVY} if name in sys.modules), sep=',')"

LEAVE = f"""
import sys
from spert_hf.cli.main import main

def leave(code):
    {SHOW_HEAVY}
    print(code)
    raise SystemExit(0)

import argparse
argparse.ArgumentParser.exit = lambda parser, status=0, message=None: leave(status)
"""

KNOWN = """
from transformers import AutoConfig, AutoModel, pipeline
from transformers.pipelines import PIPELINE_REGISTRY
from spert_hf import SpertConfig, SpertModel, SpertPipeline

assert type(AutoConfig.for_model("spert")) is SpertConfig
assert AutoModel._model_mapping[SpertConfig] is SpertModel
assert PIPELINE_REGISTRY.check_task("spert-extraction")[1]["impl"] is SpertPipeline
assert (SpertConfig._auto_class, SpertModel._auto_class) == ("AutoConfig", "AutoModel")
"""


@pytest.fixture(scope="module")
def python_before_transformers(tmp_path_factory):
    """Processes that begin with what transformers takes long to import, but without transformers."""
    with WarmPython(os.environ, tmp_path_factory.mktemp("streams"), IMPORTED_BY_TRANSFORMERS) as python:
        yield python


def run_python(code, *arguments):
    return subprocess.run([sys.executable, "-c", code, *arguments], check=True, capture_output=True, text=True).stdout


@pytest.mark.e2e
@pytest.mark.parametrize(
    "first",
    [
        "from transformers import pipeline; import spert_hf",
        "import spert_hf; from transformers import AutoModel",
        "from spert_hf import SpertConfig",
        "from spert_hf import SpertPipeline",
        "import spert_hf; import transformers.generation.utils",
        "import spert_hf.model.loading",
        "import spert_hf.hub.conversion",
    ],
)
def test_transformers_knows_spert_in_whatever_order_they_are_imported(python_before_transformers, first):
    code = f"import sys\nassert 'transformers' not in sys.modules\n{first}\n{KNOWN}"
    done = python_before_transformers.run(["-c", code], ROOT, {})
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "code",
    [
        "import spert_hf, sys; spert_hf.__version__",
        "import sys; from spert_hf.cli.main import main; main(['--version'])",
    ],
)
def test_nothing_heavy_is_imported_before_it_is_used(code):
    loaded = run_python(f"{code}\n{SHOW_HEAVY}").splitlines()[-1:]
    assert loaded in ([], [""])


@pytest.mark.parametrize("command", [*COMMANDS, "publish model"])
@pytest.mark.parametrize(("argument", "code"), [("--help", 0), ("--no-such-option=1", 2)])
def test_help_and_wrong_usage_wait_for_nothing_heavy(command, argument, code):
    arguments = [*command.split(), argument]
    done = run_python(f"{LEAVE}\nmain({arguments})\nraise AssertionError('goes on')")
    *shown, loaded, exit_code = done.splitlines()
    assert (loaded, exit_code) == ("", str(code))
    assert any(line.startswith("usage:") for line in shown) == (code == 0)


def test_the_script_shows_its_help_without_anything_heavy():
    run = f"import runpy\nsys.argv = ['train.py', '--help']\nrunpy.run_path({str(SCRIPT)!r}, run_name='__main__')"
    *shown, loaded, exit_code = run_python(f"{LEAVE}\n{run}").splitlines()
    assert (loaded, exit_code) == ("", "0")
    assert any(line.strip().startswith("--num-train-epochs") for line in shown)


def test_public_names_are_all_there():
    import spert_hf

    assert {*spert_hf.__all__} <= {*dir(spert_hf)}
    assert all(getattr(spert_hf, name) is not None for name in spert_hf.__all__)
    with pytest.raises(AttributeError, match="SpertModal"):
        spert_hf.SpertModal  # noqa: B018
