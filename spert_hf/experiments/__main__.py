"""`python -m spert_hf.experiments TABLE`: the command `spert-hf experiment`, without it being installed."""

import sys

from ..cli.main import run_command

if __name__ == "__main__":
    raise SystemExit(run_command("experiment", sys.argv[1:]))
