"""A parser of options that says in one line what is wrong."""

import argparse
from typing import NoReturn


class CommandParser(argparse.ArgumentParser):
    """`argparse`'s parser without the usage above an error: with thirty options, it hides the line that matters."""

    def error(self, message: str) -> NoReturn:
        """Write the error, and exit with 2."""
        self.exit(2, f"{self.prog}: {message}; see `{self.prog} --help`\n")
