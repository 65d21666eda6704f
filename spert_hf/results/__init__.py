"""Conversion of the pipeline's results to triples, tables, graphs and drawings."""
