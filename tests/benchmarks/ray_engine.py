"""`python -m tests.benchmarks.ray_engine`: the Ray engine beside one process with all threads, in turns.

Both extract from the same shards. Start-up is left out and told by itself: of the Ray engine's run counts the time in
which all actors extract. Of shards that reach into it at its beginning or end counts their part.
"""

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any
from unittest import mock

import torch

from spert_hf.cores import usable_cores
from spert_hf.encoders import QUICKSTART_ENCODER
from spert_hf.scale.corpus import Corpus, open_corpus
from spert_hf.scale.engines import RunResult, run_local
from spert_hf.scale.job import Job
from spert_hf.scale.ray_engine import run_ray

from .workloads import load_subject, newspaper_texts

PRECISIONS = {"float32": {"backend": "torch", "dtype": "float32"}, "int8": {"backend": "openvino", "dtype": "int8"}}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.ray_engine", description=__doc__)
    parser.add_argument("--model", required=True, metavar="DIR", help="a checkpoint, for int8 with a quantized encoder")
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="folder of CoNLL04 (default: made-up sentences)")
    parser.add_argument("--texts", type=int, default=20_000, metavar="N")
    parser.add_argument("--shards", type=int, default=40, metavar="N")
    parser.add_argument("--rounds", type=int, default=1, metavar="N")
    parser.add_argument("--precision", choices=PRECISIONS, action="append", help="default: both")
    parser.add_argument("--actors", type=int, default=usable_cores(), metavar="N")
    parser.add_argument(
        "--memory", type=int, metavar="N", help="instead: the driver's memory in a run over N shards of one text each"
    )
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        if options.memory:
            print(_measure_memory(options, Path(folder)))
            return
        corpus = _write_corpus(options, Path(folder))
        for precision in options.precision or PRECISIONS:
            print(_compare(options, corpus, precision, Path(folder)), flush=True)


def _compare(options: argparse.Namespace, corpus: Corpus, precision: str, folder: Path) -> str:
    job = Job(options.model, str(folder / "found"), "parquet", corpus.schema(None, None), **PRECISIONS[precision])
    shards = corpus.shards(-(-options.texts // options.shards))
    torch.set_num_threads(usable_cores())
    pipe = job.load_pipeline()
    run_local(job, shards[:1], pipe=pipe, overwrite=True)  # to warm up
    plain, by_ray, starts = [], [], []
    for _ in range(options.rounds):
        begun = time.monotonic()
        run = run_local(job, shards, pipe=pipe, overwrite=True)
        plain.append(run.records / (time.monotonic() - begun))
        rate, seconds = _rate_of_ray(job, shards, options.actors)
        by_ray.append(rate)
        starts.append(seconds)
    ratios = [one / other for one, other in zip(by_ray, plain, strict=True)]
    return (
        f"{precision}: {len(shards)} shards, {run.records:,} texts; one process with {usable_cores()} threads "
        f"{median(plain):.1f} texts/s, {options.actors} actors with {max(1, usable_cores() // options.actors)} "
        f"{median(by_ray):.1f}: {median(ratios):.2f} x ({', '.join(f'{one:.3f}' for one in ratios)}); "
        f"from the call to all actors at work {median(starts):.1f} s"
    )


def _rate_of_ray(job: Job, shards: list[Any], actors: int) -> tuple[float, float]:
    """Texts a second while all actors extract, and the seconds until they do."""
    spans: list[tuple[float, float, int]] = []
    add = RunResult.add

    def noted(self: RunResult, result: Any) -> None:
        now = time.monotonic()
        spans.append((now - result.seconds, now, result.records))
        add(self, result)

    begun = time.monotonic()
    with mock.patch.object(RunResult, "add", noted):
        run_ray(job, shards, actors=actors, overwrite=True)
    start = sorted(first for first, _, _ in spans)[actors - 1]
    stop = sorted(last for _, last, _ in spans)[-actors]
    done = 0.0
    for first, last, records in spans:
        done += records * max(0.0, min(last, stop) - max(first, start)) / (last - first)
    return done / (stop - start), start - begun


def _write_corpus(options: argparse.Namespace, folder: Path) -> Corpus:
    subject = load_subject(QUICKSTART_ENCODER, options.data_dir)
    texts = newspaper_texts(subject, options.texts)
    texts = [texts[number % len(texts)] for number in range(options.texts)]
    path = folder / "texts.jsonl"
    path.write_text("".join(f"{json.dumps({'text': text})}\n" for text in texts), encoding="utf-8")
    return open_corpus([str(path)])


def _measure_memory(options: argparse.Namespace, folder: Path) -> str:
    (folder / "in").mkdir()
    for number in range(options.memory):
        (folder / "in" / f"{number:06}.txt").write_text("It rained .\n", encoding="utf-8")
    corpus = open_corpus([str(folder / "in")])
    job = Job(options.model, str(folder / "found"), "jsonl", **PRECISIONS["float32"])
    shards = corpus.shards(1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = time.monotonic()
    run = run_ray(job, shards, actors=usable_cores())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds = time.monotonic() - begun
    return (
        f"{run.done:,} shards in {seconds:.0f} s: the driver's peak memory is {peak / 1024:.0f} MB, "
        f"{(peak - before) / 1024:.0f} MB more than before the run"
    )


if __name__ == "__main__":
    main()
