"""What settings may be, for help texts, too, which are shown before torch and transformers are imported."""

SPAN_POOLINGS = ("max", "mean", "sum")
RELATION_CONTEXTS = ("between", "sentence", "cls", "attention")
OVERLAP_POLICIES = ("keep", "drop", "best")

BACKENDS = ("torch", "openvino")
"""What may compute the encoder."""
