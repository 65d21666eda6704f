"""Allowed values of settings, in a module without heavy imports, as `--help` needs them."""

SPAN_POOLINGS = ("max", "mean", "sum")
RELATION_CONTEXTS = ("between", "sentence", "cls", "attention")
OVERLAP_POLICIES = ("keep", "drop", "best")

BACKENDS = ("torch", "openvino")
"""Libraries that can compute the encoder."""
