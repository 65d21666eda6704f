"""What choosing the texts to annotate is worth: a simulation on a data set whose annotations are known."""
