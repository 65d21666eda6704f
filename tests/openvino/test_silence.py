"""OpenVINO and NNCF would report their use; from here they don't, and without them an error says what to install."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

WITHOUT_NETWORK = """
import socket, sys

def refuse(*arguments, **_):
    print("reached for", *arguments[1:], file=sys.stderr)
    raise OSError("no network here")

socket.getaddrinfo = refuse
socket.socket.connect = refuse
"""

USE = """
import sys
from spert_hf import SpertModel, SpertProcessor
from spert_hf.openvino import quantize_encoder, use_openvino
from tests.support.tiny_models import SENTENCES, make_tokenizer
model = SpertModel.from_pretrained(sys.argv[1])
quantize_encoder(model, SpertProcessor.for_config(make_tokenizer("bert"), model.config), SENTENCES)
use_openvino(model)
assert not [name for name in sys.modules if name.startswith("openvino_telemetry.")]
"""


@pytest.mark.e2e
def test_nothing_is_reported(tiny_checkpoint, tmp_path):
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-c", WITHOUT_NETWORK + USE, str(tiny_checkpoint)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, timeout=240)
    assert done.returncode == 0, done.stderr
    assert "reached for" not in done.stderr
    assert not (tmp_path / "intel").exists()  # where an id of the user would be kept


@pytest.mark.e2e
def test_the_package_is_imported_without_it(warm_python, tmp_path):
    code = "import sys, spert_hf, spert_hf.openvino; assert 'openvino' not in sys.modules"
    done = warm_python.run(["-c", code], ROOT, {"HOME": str(tmp_path)})
    assert done.returncode == 0, done.stderr


@pytest.mark.e2e
def test_what_is_missing_is_named(warm_python, tiny_checkpoint, tmp_path):
    hide = "import sys; sys.modules['openvino'] = None\n"
    code = hide + USE.replace("quantize_encoder(model", "#")
    done = warm_python.run(["-c", code, tiny_checkpoint], ROOT, {"HOME": str(tmp_path)})
    assert 'ImportError: openvino is not installed: pip install "spert-hf[openvino]"' in done.stderr
