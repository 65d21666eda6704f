"""The `evaluate` metric for SpERT, a folder that also works alone as a Space on the Hub."""
