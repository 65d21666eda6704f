"""Colours of drawings that do not depend on the types."""

TEXT = "#1f2937"
QUIET = "#4b5563"
BACKGROUND = "#ffffff"
BORDER = "#d1d5db"
