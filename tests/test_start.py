"""What importing the package costs, and that transformers knows SpERT whatever is imported first."""

import subprocess
import sys

import pytest

HEAVY = ("torch", "transformers", "numpy", "datasets", "huggingface_hub")

KNOWN = """
from transformers import AutoConfig, AutoModel, pipeline
from transformers.pipelines import PIPELINE_REGISTRY
from spert_hf import SpertConfig, SpertModel, SpertPipeline

assert type(AutoConfig.for_model("spert")) is SpertConfig
assert AutoModel._model_mapping[SpertConfig] is SpertModel
assert PIPELINE_REGISTRY.check_task("spert-extraction")[1]["impl"] is SpertPipeline
assert (SpertConfig._auto_class, SpertModel._auto_class) == ("AutoConfig", "AutoModel")
"""


def run_python(code, *arguments):
    return subprocess.run([sys.executable, "-c", code, *arguments], check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize(
    "first",
    [
        "from transformers import pipeline; import spert_hf",
        "import spert_hf; from transformers import AutoModel",
        "from spert_hf import SpertConfig",
        "from spert_hf import SpertPipeline",
        "import spert_hf; import transformers.generation.utils",
    ],
)
def test_transformers_knows_spert_in_whatever_order_they_are_imported(first):
    run_python(f"{first}\n{KNOWN}")


@pytest.mark.parametrize(
    "code",
    [
        "import spert_hf, sys; spert_hf.__version__",
        "import sys; from spert_hf.cli.main import main; main(['--version'])",
    ],
)
def test_nothing_heavy_is_imported_before_it_is_used(code):
    loaded = run_python(f"{code}\nprint(*(name for name in {HEAVY} if name in sys.modules), sep=',')").splitlines()[-1:]
    assert loaded in ([], [""])


def test_public_names_are_all_there():
    import spert_hf

    assert {*spert_hf.__all__} <= {*dir(spert_hf)}
    assert all(getattr(spert_hf, name) is not None for name in spert_hf.__all__)
    with pytest.raises(AttributeError, match="SpertModal"):
        spert_hf.SpertModal  # noqa: B018
