"""Train SpERT: `accelerate launch train.py` (the quickstart), or with any setting of `train.py --help`."""

import sys

from spert_hf.cli.main import run_command

if __name__ == "__main__":
    raise SystemExit(run_command("train", sys.argv[1:]))
