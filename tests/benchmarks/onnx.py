"""`python -m tests.benchmarks.onnx`: exported graphs beside the pipeline, as the tables of docs/onnx.md.

Each measurement is a process of its own, and contenders take turns. First result: each process loads the model and
reads one text. Throughput, with `--texts`: seconds for many texts in one call, and for a hundred of them one by one.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

TEXT = "Marian Pell works for Northern Paper Co. in Duluth, Minn., where she was born."

_TORCH, _OPENVINO = "`spert_hf.load`", "`spert_hf.load`, OpenVINO INT8"
_LOADED_BY = {
    _TORCH: "import spert_hf; extract = spert_hf.load({model!r})",
    "`load_onnx`, float32": "from spert_hf.onnx import load_onnx; extract = load_onnx({model!r})",
    _OPENVINO: "import spert_hf; extract = spert_hf.load({model!r}, backend='openvino', dtype='int8')",
    "`load_onnx`, INT8": "from spert_hf.onnx import load_onnx; extract = load_onnx({model!r}, dtype='int8')",
}
_OF_TORCH = (_TORCH, _OPENVINO)

_FIRST = """
extract({text!r})
import json, resource
used = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps([used.ru_utime + used.ru_stime, used.ru_maxrss / 1e3]))
"""
_MANY = """
import json, time
words = [document["tokens"] for document in json.load(open({texts!r}, encoding="utf-8"))]
extract(words)  # once before: buffers for the largest batches are made then
start = time.perf_counter()
extract(words)
middle = time.perf_counter()
for text in words[:100]:
    extract({{"tokens": text}})
print(json.dumps([len(words) / (middle - start), len(words[:100]) / (time.perf_counter() - middle)]))
"""

Measured = Mapping[str, Sequence[Sequence[float]]]
"""By contender, the two figures of each round."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    options = _parser().parse_args(arguments)
    names = [name for name in _LOADED_BY if name != _OPENVINO]
    print(_table_of_first(_measure(names, _FIRST.format(text=TEXT), options)))
    if options.texts is not None:
        texts = str(Path(options.texts).resolve())
        print("\n" + _table_of_many(_measure(list(_LOADED_BY), _MANY.format(texts=texts), options)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.onnx", description=__doc__)
    parser.add_argument("--model", required=True, metavar="DIR", help="a checkpoint that was exported in both dtypes")
    parser.add_argument(
        "--texts",
        metavar="FILE",
        help="documents in SpERT's JSON form, for the throughput; the checkpoint must have been quantized, too",
    )
    parser.add_argument("--rounds", type=int, default=5, metavar="N")
    parser.add_argument(
        "--onnx-python", default=sys.executable, metavar="FILE", help="Python of an environment without torch, for ONNX"
    )
    return parser


def _measure(names: Sequence[str], then: str, options: argparse.Namespace) -> Measured:
    """Measure after a round that does not count, in which Python writes the byte code of what it imports."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    figures: dict[str, list[list[float]]] = {name: [] for name in names}
    for _ in range(1 + options.rounds):
        for name in names:
            python = sys.executable if name in _OF_TORCH else options.onnx_python
            program = _LOADED_BY[name].format(model=options.model) + then
            command = [python, "-c", program]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)
            figures[name].append(json.loads(done.stdout.splitlines()[-1]))
    return {name: of_rounds[1:] for name, of_rounds in figures.items()}


def _table_of_first(measured: Measured) -> str:
    lines = ["| | processor time | peak memory |", "|---|--:|--:|"]
    for name in measured:
        (seconds, memory), (of_time, of_memory) = _medians(measured, name, _TORCH)
        cells = [f"{seconds:.1f} s", f"{memory:.0f} MB"]
        if name != _TORCH:
            cells = [f"{cells[0]} ({of_time:.2f} ×)", f"{cells[1]} ({of_memory:.2f} ×)"]
        lines.append(f"| {name} | {cells[0]} | {cells[1]} |")
    return "\n".join(lines)


def _table_of_many(measured: Measured) -> str:
    lines = ["| | texts a second | one text a call | beside |", "|---|--:|--:|---|"]
    for name in measured:
        base = _OPENVINO if "INT8" in name else _TORCH
        figures, ratios = _medians(measured, name, base)
        cells = [f"{one:.0f}" for one in figures]
        if name != base:
            cells = [f"{cell} ({ratio:.2f} ×)" for cell, ratio in zip(cells, ratios, strict=True)]
        lines.append(f"| {name} | {cells[0]} | {cells[1]} | {'' if name == base else base} |")
    return "\n".join(lines)


def _medians(measured: Measured, name: str, base: str) -> tuple[list[float], list[float]]:
    """Medians of both figures, and of their ratios to another contender's in the same round."""
    rounds = [*zip(measured[name], measured[base], strict=True)]
    figures = [median(own[place] for own, _ in rounds) for place in (0, 1)]
    return figures, [median(own[place] / other[place] for own, other in rounds) for place in (0, 1)]


if __name__ == "__main__":
    main()
