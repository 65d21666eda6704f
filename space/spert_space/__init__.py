"""The demo: a web page and an API around one SpERT model."""
