"""The command line: `spert-hf COMMAND`."""
