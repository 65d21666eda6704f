"""`python -m tests.benchmarks.serving`: a server that predicts together what waits together, beside one at a time.

With several numbers of `--workers`, servers with so many workers beside each other, each of which has all of `--cores`.
All servers run at once, and the same clients call one and then the other, in turns.
"""

import argparse
import json
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from psutil import Process

from spert_hf.cores import usable_cores
from spert_hf.loading import BACKENDS_OF_EXTRACTION
from tests.support.serve_process import ServerProcess, send_requests, serve, workers_of


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    options = _parser().parse_args(arguments)
    documents = json.loads(options.texts.read_text(encoding="utf-8"))
    texts = [" ".join(document["tokens"]) for document in documents]
    texts = (texts * (options.requests // len(texts) + 1))[: options.requests]
    common = [f"--model={options.model}", f"--backend={options.backend}", f"--queue-size={options.clients}"]
    common += [f"--dtype={options.dtype}"] if options.dtype else []
    with TemporaryDirectory() as folder, ExitStack() as stack:
        servers = {
            name: stack.enter_context(serve(Path(folder, f"{name}.log"), *common, *own))
            for name, own in _contenders(options).items()
        }
        for server in servers.values():  # warm
            _measure(server, texts[: 2 * options.clients], options.clients)
        rates: dict[str, list[float]] = {name: [] for name in servers}
        costs: dict[str, list[float]] = {name: [] for name in servers}
        for _ in range(options.rounds):
            for name, server in servers.items():
                rate, cost = _measure(server, texts, options.clients)
                rates[name].append(rate)
                costs[name].append(cost)
    for name in servers:
        print(f"{name}: {median(rates[name]):.1f} requests per second", end=", ")
        print(f"{1000 * median(costs[name]):.1f} ms of processor time for each")
    *others, reference = servers
    for name in others:
        ratios = [one / other for one, other in zip(rates[name], rates[reference], strict=True)]
        print(f"{name} / {reference}: {median(ratios):.2f} x ({', '.join(f'{one:.2f}' for one in ratios)})", end=", ")
        saved = [other / one for one, other in zip(costs[name], costs[reference], strict=True)]
        print(f"by processor time {median(saved):.2f} x", flush=True)


def _contenders(options: argparse.Namespace) -> dict[str, list[str]]:
    """The options of each server, the one that others are compared with last."""
    if len(options.workers) == 1:
        common = [f"--workers={options.workers[0]}", f"--threads={options.threads or 1}"]
        sizes = {"together": options.batch_size, "one at a time": 1}
        return {name: [*common, f"--batch-size={size}"] for name, size in sizes.items()}
    return {
        f"workers: {number}": [
            *(f"--workers={number}", f"--batch-size={options.batch_size}"),
            f"--threads={options.threads or max(1, options.cores // number)}",
        ]
        for number in sorted(set(options.workers), reverse=True)
    }


def _measure(server: ServerProcess, texts: Sequence[str], clients: int) -> tuple[float, float]:
    """Requests per second, and seconds of the server's processor time for each."""
    before = _processor_time(server)
    seconds = send_requests(server, texts, clients, every=len(texts)).seconds
    return len(texts) / seconds, (_processor_time(server) - before) / len(texts)


def _processor_time(server: ServerProcess) -> float:
    processes = [Process(server.process.pid), *(Process(pid) for pid in workers_of(server))]
    return sum(sum(process.cpu_times()[:2]) for process in processes)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.serving", description=__doc__)
    parser.add_argument("--model", required=True, metavar="DIR", help="a checkpoint, or an export of one")
    parser.add_argument("--texts", required=True, type=Path, metavar="FILE", help="documents in SpERT's JSON form")
    parser.add_argument("--backend", choices=BACKENDS_OF_EXTRACTION, default="torch")
    parser.add_argument("--dtype", help="as of spert-hf serve")
    parser.add_argument(
        "--workers", type=int, nargs="+", default=[1], metavar="N", help="several numbers: servers with so many workers"
    )
    parser.add_argument("--cores", type=int, default=usable_cores(), metavar="N", help="shared out to the workers")
    parser.add_argument(
        "--threads", type=int, metavar="N", help="of each worker (default: 1; with several --workers, their share)"
    )
    parser.add_argument("--batch-size", type=int, default=32, metavar="N")
    parser.add_argument("--clients", type=int, default=8, metavar="N")
    parser.add_argument("--requests", type=int, default=300, metavar="N", help="in each turn")
    parser.add_argument("--rounds", type=int, default=3, metavar="N")
    return parser


if __name__ == "__main__":
    main()
