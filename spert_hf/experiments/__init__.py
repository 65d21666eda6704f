"""Experiments: tables of results, the training runs behind them, and their rendering."""
