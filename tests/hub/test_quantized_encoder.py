"""A quantized encoder goes to the Hub with its checkpoint, and is used from there."""

TEXT = "Marian Pell works for Northern Paper Co. in Duluth, where she was born."

PUBLISH_AND_USE = """
import sys
from transformers import pipeline
import spert_hf
from spert_hf.hub.publishing import publish_model
from spert_hf.openvino import use_openvino

folder, text = sys.argv[1:]
publish_model(folder, "ada/quantized", private=True)
found = []
for name in (folder, "ada/quantized"):
    pipe = pipeline("spert-extraction", model=name)
    use_openvino(pipe.model, "int8")
    found.append(pipe(text))
assert found[0] == found[1] and found[0]["entities"]
"""


def test_it_is_published_and_used(run_python, quantized_checkpoint):
    done = run_python("-c", PUBLISH_AND_USE, quantized_checkpoint, TEXT)
    assert done.returncode == 0, done.stderr
