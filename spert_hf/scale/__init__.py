"""Extraction from corpora: shards, each written whole by one owner, a manifest, and the engines that compute them."""
