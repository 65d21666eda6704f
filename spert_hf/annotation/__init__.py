"""What a model does for people who annotate: it finds what they correct, and says what they should annotate next."""
