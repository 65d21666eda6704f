"""How a run of the benchmark is set up."""

import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Options:
    """Settings of a run; see `--help`.

    Args:
        encoder: folder or Hub id.
        threads: of torch.
        repeats: rounds that count.
        quick: fewer and smaller workloads, to try the benchmark itself.
        data_dir: folder with CoNLL04.
        reference_checkout: folder of the published code.
        reference_python: interpreter that runs it.
    """

    encoder: str
    threads: int
    repeats: int
    quick: bool = False
    data_dir: Path | None = None
    reference_checkout: Path | None = None
    reference_python: str = sys.executable


def progress(message: str) -> None:
    """Tell on standard error what is being measured."""
    print(f"… {message}", file=sys.stderr, flush=True)
