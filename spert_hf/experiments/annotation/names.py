"""What help tells of the simulation; a file of its own, which imports nothing heavy."""

NAME = "annotation"
"""What the simulation is asked for by, and the folder of its results."""

TITLE = "What to annotate next"
SEEDS = (42, 43, 44)
