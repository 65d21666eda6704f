"""SpERT as a part of other libraries' pipelines; each of these is an extra."""
