"""Colours of drawings that are the same whatever the types."""

TEXT = "#1f2937"
QUIET = "#4b5563"
BACKGROUND = "#ffffff"
BORDER = "#d1d5db"
