"""What may be chosen, and what is told of it before OpenVINO and torch are imported."""

PRECISIONS = ("float32", "bfloat16", "int8")
"""Of the encoder's products."""

CALIBRATION_SENTENCES = 300
"""Sentences whose numbers are measured, at most: as many as NNCF takes unless told otherwise."""
