"""What a model does for annotators: predictions to correct, and which texts to annotate next."""
