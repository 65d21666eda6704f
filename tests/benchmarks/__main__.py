"""Command line of the benchmark."""

from .command import main

main()
