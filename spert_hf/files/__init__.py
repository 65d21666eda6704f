"""Outputs: written whole or not at all, each by one owner, with the modes and links that were there."""
