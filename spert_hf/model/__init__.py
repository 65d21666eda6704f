"""The model: what travels to the Hub inside every checkpoint."""
