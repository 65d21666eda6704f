"""Fixtures that several parts share: the golden checkpoint, and tiny random models over many kinds of encoder."""

import json
import os
from pathlib import Path

import pytest

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch
from hypothesis import settings

# How often a property is tried, unless its test says so: `pytest --hypothesis-profile=nightly` tries it more often.
EXAMPLES, NIGHTLY_EXAMPLES = 25, 300
# A shared machine is slow at times: no test asserts wall time.
settings.register_profile("default", deadline=None, max_examples=EXAMPLES)
settings.register_profile("nightly", deadline=None, max_examples=NIGHTLY_EXAMPLES)
settings.load_profile("default")
torch.set_num_threads(1)  # tiny models: more threads only get in each other's way

from tests.support.lost_tests import pytest_addoption, pytest_configure  # noqa: E402, F401
from tests.support.made_once import made_once  # noqa: E402
from tests.support.running_order import slow_first  # noqa: E402
from tests.support.tiers import assign_tiers  # noqa: E402
from tests.support.tiny_models import SENTENCES, make_tiny_checkpoint, make_tokenizer  # noqa: E402
from tests.support.warm_python import WarmPython  # noqa: E402

GOLDEN = Path(__file__).parent / "golden"


def read_golden(name: str):
    return json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))


@pytest.hookimpl(tryfirst=True)  # before tests are deselected by their marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    assign_tiers(items)
    if "PYTEST_XDIST_WORKER" in os.environ:
        slow_first(items)


@pytest.fixture
def forget_precision():
    """Has Accelerate forget the precision that it keeps for a process: before the test, when called, and after it."""
    from accelerate.state import AcceleratorState

    def forget() -> None:
        AcceleratorState._reset_state(reset_partial_state=True)

    forget()
    yield forget
    forget()


@pytest.fixture(scope="session")
def warm_python(tmp_path_factory):
    """Python processes that begin with torch imported, which has computed nothing: they have no threads, as new ones.

    Use it where a process of its own is needed and how it is started makes no difference: starting costs most.
    """
    caches = {"HF_HOME": str(tmp_path_factory.mktemp("warm") / "cache")}
    with WarmPython({**os.environ, **caches}, tmp_path_factory.mktemp("streams")) as python:
        yield python


@pytest.fixture
def several_threads():
    """Three threads of torch, which have batches computed side by side."""
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def golden_model():
    """The golden checkpoint in our form, with its processor."""
    from spert_hf import SpertProcessor
    from spert_hf.hub.conversion import convert_checkpoint

    model, tokenizer = convert_checkpoint(GOLDEN / "model", GOLDEN / "types.json")
    return model, SpertProcessor.for_config(tokenizer, model.config)


@pytest.fixture(scope="session")
def tiny_checkpoint(tmp_path_factory):
    """Folder of a saved tiny SpERT with a BERT encoder, whose random weights predict entities and relations."""
    return make_tiny_checkpoint("bert", tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="session")
def quantized_checkpoint(tmp_path_factory):
    """Folder of a saved tiny SpERT with its encoder in INT8, too."""
    from spert_hf import SpertModel, SpertProcessor
    from spert_hf.openvino import quantize_encoder, write_quantized_encoder

    folder = make_tiny_checkpoint("bert", tmp_path_factory.mktemp("quantized"))
    model = SpertModel.from_pretrained(folder)
    processor = SpertProcessor.for_config(make_tokenizer("bert"), model.config)
    write_quantized_encoder(folder, model, quantize_encoder(model, processor, SENTENCES))
    return folder


@pytest.fixture(scope="session")
def exported_checkpoint(tmp_path_factory):
    """Folder of a saved tiny SpERT with its ONNX export, in float32 and INT8; no test may change it."""
    from spert_hf.cli.main import main

    def make(folder: Path) -> None:
        checkpoint = make_tiny_checkpoint("bert", folder, letter_case_embeddings=True)
        assert main(["export", "--model", str(checkpoint), "--dtype", "float32", "int8"]) == 0

    for library in ("onnxruntime", "onnxscript"):
        pytest.importorskip(library, reason="needs the extra onnx-export")
    return made_once(tmp_path_factory, "exported", make) / "checkpoint"


@pytest.fixture(scope="session")
def tiny_pipeline(tiny_checkpoint):
    from transformers import pipeline

    import spert_hf  # noqa: F401

    return pipeline("spert-extraction", model=str(tiny_checkpoint))


@pytest.fixture(scope="session")
def sentences():
    return SENTENCES


@pytest.fixture(scope="session")
def shared_data():
    """The real data sets, where they are at hand."""
    folder = Path(os.environ.get("SPERT_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("the real data sets are not at hand (SPERT_SHARED_DATA)")
    return folder
