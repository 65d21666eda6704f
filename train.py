"""Train SpERT: `accelerate launch train.py` (the quickstart), or with any setting of `train.py --help`."""

from spert_hf.cli.train import main

if __name__ == "__main__":
    raise SystemExit(main())
