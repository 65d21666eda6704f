"""Settings, in a module that imports neither OpenVINO nor torch."""

PRECISIONS = ("float32", "bfloat16", "int8")
"""Precisions of the encoder's matrix products."""

CALIBRATION_SENTENCES = 300
"""The maximum number of sentences for calibration, which is the default of NNCF."""
