"""Signals are handled after a model that OpenVINO computes is gone, in whatever thread that was."""

import subprocess
import sys

import pytest

pytest.importorskip("openvino")

CODE = """
import gc, signal, sys, threading
from transformers import pipeline
import spert_hf
from spert_hf.openvino import use_openvino

def extract():
    pipe = pipeline("spert-extraction", model=sys.argv[1])
    use_openvino(pipe.model)
    assert pipe("Marian Pell works in Oslo .") is not None
    return [pipe]

def forget(held):
    held.clear()
    gc.collect()

def in_thread(work, *arguments):
    thread = threading.Thread(target=work, args=arguments)
    thread.start()
    thread.join()

in_thread(forget, extract())
in_thread(lambda: forget(extract()))
handled = []
signal.signal(signal.SIGTERM, lambda number, frame: handled.append(number))
signal.raise_signal(signal.SIGTERM)
assert handled == [signal.SIGTERM]
"""


@pytest.mark.e2e
def test_a_signal_is_handled_when_a_model_went_in_another_thread(tiny_checkpoint):
    done = subprocess.run([sys.executable, "-c", CODE, tiny_checkpoint], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
