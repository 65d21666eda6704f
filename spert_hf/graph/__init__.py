"""From what `extract` found in a corpus to a knowledge graph: entities, triples, evidence, and files to open them."""
