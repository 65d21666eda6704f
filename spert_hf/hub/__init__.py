"""Conversion of published checkpoints, and publishing on the Hub."""
