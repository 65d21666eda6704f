"""`python -m tests.benchmarks.onnx`: exported graphs beside the pipeline, in turns.

The first result: whole processes, of which each loads the model and reads one text. Throughput: processor time for many
texts in one process.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

TEXT = "Marian Pell works for Northern Paper Co. in Duluth, Minn., where she was born."

_FIRST = {
    "torch": "import spert_hf; extract = spert_hf.load({model!r})",
    "onnx float32": "from spert_hf.onnx import load_onnx; extract = load_onnx({model!r})",
    "onnx int8": "from spert_hf.onnx import load_onnx; extract = load_onnx({model!r}, dtype='int8')",
}
_THEN = """
extract({text!r})
import json, resource
used = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps([used.ru_utime + used.ru_stime, used.ru_maxrss / 1e3]))
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.onnx", description=__doc__)
    parser.add_argument("--model", required=True, metavar="DIR", help="a checkpoint that was exported in both dtypes")
    parser.add_argument("--texts", type=Path, metavar="FILE", help="documents in SpERT's JSON form, for the throughput")
    parser.add_argument("--rounds", type=int, default=5, metavar="N")
    options = parser.parse_args(arguments)
    first = {name: [_run(code, options.model) for _ in range(options.rounds)] for name, code in _FIRST.items()}
    for name, runs in first.items():
        seconds, memory = (median(run[place] for run in runs) for place in (0, 1))
        base = [median(run[place] for run in first["torch"]) for place in (0, 1)]
        print(f"first result, {name}: {seconds:.2f} s ({seconds / base[0]:.2f} x), {memory:.0f} MB", end=" ")
        print(f"({memory / base[1]:.2f} x)")
    if options.texts is not None:
        words = [document["tokens"] for document in json.loads(options.texts.read_text(encoding="utf-8"))]
        _compare(options.model, words, options.rounds)


def _run(code: str, model: str) -> list[float]:
    """Processor time in seconds, and peak memory in MB."""
    program = code.format(model=model) + _THEN.format(text=TEXT)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    measured: list[float] = json.loads(done.stdout)
    return measured


def _compare(model: str, words: list[list[str]], rounds: int) -> None:
    import spert_hf
    from spert_hf.onnx import load_onnx

    extractors = {
        "torch": spert_hf.load(model),
        "onnx float32": load_onnx(model),
        "onnx int8": load_onnx(model, dtype="int8"),
    }
    ways: dict[str, Callable[[Callable[..., object]], object]] = {
        "many texts": lambda extract: extract(words),
        "one text a call": lambda extract: [extract({"tokens": text}) for text in words[:100]],
    }
    for way, use in ways.items():
        times: dict[str, list[float]] = {name: [] for name in extractors}
        for _ in range(rounds):
            for name, extract in extractors.items():
                start = time.perf_counter()
                use(extract)
                times[name].append(time.perf_counter() - start)
        for name, taken in times.items():
            ratios = [base / one for base, one in zip(times["torch"], taken, strict=True)]
            print(f"{way}, {name}: {median(taken):.2f} s, {median(ratios):.2f} x torch's speed")


if __name__ == "__main__":
    main()
