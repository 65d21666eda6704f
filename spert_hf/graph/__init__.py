"""A knowledge graph of what is found in a corpus."""
