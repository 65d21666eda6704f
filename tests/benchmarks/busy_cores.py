"""`python -m tests.benchmarks.busy_cores`: training beside a process that keeps one of the cores busy.

The same run, in turns: undisturbed; disturbed; and disturbed with threads that wait for each other actively all the
time, as they would without `spert_hf.training.busy_cores`. Weights are compared, too.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from spert_hf.cores import usable_cores
from spert_hf.data.loading import load_splits
from spert_hf.encoders import QUICKSTART_ENCODER
from spert_hf.training import busy_cores
from spert_hf.training.arguments import SpertTrainingArguments
from spert_hf.training.trainer import SpertTrainer

STATES = ("undisturbed", "disturbed", "disturbed, waiting actively")
_NEVER = float("inf")


def main() -> None:
    """Measure, and print a row of a table for each state."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.busy_cores", description=__doc__)
    parser.add_argument("--sentences", type=int, default=480, metavar="N")
    parser.add_argument("--rounds", type=int, default=3, metavar="N")
    parser.add_argument("--state", choices=STATES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.state:
        print(*_train(options.sentences, options.state))
        return
    rates: dict[str, list[float]] = {state: [] for state in STATES}
    digests = set()
    for _ in range(options.rounds):
        for state in STATES:
            rate, digest = _measure(options.sentences, state)
            rates[state].append(rate)
            digests.add(digest)
    undisturbed = median(rates[STATES[0]])
    for state, found in rates.items():
        print(f"| {state} | {median(found):.1f} sentences/s | {median(found) / undisturbed:.2f} x |")
    print(f"weights: {'the same' if len(digests) == 1 else 'NOT the same'} in {len(STATES) * options.rounds} runs")


def _measure(sentences: int, state: str) -> tuple[float, str]:
    """Train in a process of its own."""
    command = [sys.executable, "-m", __spec__.name, "--sentences", str(sentences), "--state", state]
    with _neighbour(active=state != STATES[0]):
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    rate, digest = done.stdout.splitlines()[-1].split()
    return float(rate), digest


@contextmanager
def _neighbour(active: bool) -> Iterator[None]:
    """A process that keeps a core busy."""
    if not active:
        yield
        return
    with subprocess.Popen([sys.executable, "-S", "-c", "while True: pass"]) as process:
        os.sched_setaffinity(process.pid, {min(os.sched_getaffinity(0))})
        try:
            yield
        finally:
            process.kill()


def _train(sentences: int, state: str) -> tuple[float, str]:
    """Train for an epoch; return sentences per second, and a digest of the weights."""
    if state == STATES[2]:
        busy_cores._BUSY = _NEVER
    documents = load_splits("quickstart").train[:sentences]
    with tempfile.TemporaryDirectory() as folder:
        arguments = SpertTrainingArguments(
            num_train_epochs=1, per_device_train_batch_size=4, cpu_threads=usable_cores(), output_dir=folder
        )
        trainer = SpertTrainer(model=QUICKSTART_ENCODER, args=arguments, train_dataset=documents)
        begun = time.perf_counter()
        trainer.train()
        seconds = time.perf_counter() - begun
        weights = (Path(folder) / "model.safetensors").read_bytes()
    return sentences / seconds, hashlib.sha256(weights).hexdigest()


if __name__ == "__main__":
    main()
