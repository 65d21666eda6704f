"""What is done with results of the pipeline: triples, tables, graphs, drawings."""
