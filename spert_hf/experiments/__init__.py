"""Tables of results: what is trained for each, the runs behind it, and what they are rendered to."""
