"""`python -m spert_hf COMMAND`: the command `spert-hf`, without it being installed."""

from .cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
