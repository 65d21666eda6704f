"""What the section on memory runs in a fresh process: `FOLDER KIND CONTENDER ENCODER THREADS REPEATS`.

Prints JSON: `growth` in bytes of the first run on the long text, and `seconds` of that run and of those after it; if
there are any, the first, which touches all memory for the first time, is left out.
"""

import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch

from spert_hf.data.loading import load_splits

from .peak_memory import peak_growth
from .reference import ReferenceSpert
from .timing import time_once
from .training import TrainingContenders
from .workloads import words_of

Run = Callable[[], object]


def main(folder: str, kind: str, contender: str, encoder: str, threads: str, repeats: str) -> None:
    """Measure one contender."""
    torch.set_num_threads(int(threads))
    if kind == "inference":
        warm_up, run = inference_runs(Path(folder), contender)
    else:
        warm_up, run = training_runs(Path(folder), contender, encoder, int(threads))
    warm_up()
    seconds: list[float] = []
    growth = peak_growth(lambda: seconds.append(time_once(run)))
    later = [time_once(run) for _ in range(int(repeats))]
    print(json.dumps({"growth": growth, "seconds": later or seconds}))


def inference_runs(folder: Path, contender: str) -> tuple[Run, Run]:
    """What runs the contender on the short text, and on the long one."""
    from transformers import pipeline

    import spert_hf  # noqa: F401 - registers the pipeline

    pipe = pipeline("spert-extraction", model=str(folder / "model"), device="cpu")
    reference = ReferenceSpert(pipe.model).eval()

    def run_encoder(text: str) -> None:
        inputs = pipe.spert_processor.collate(pipe.spert_processor.encode([words_of(text)]))
        with torch.inference_mode():
            pipe.model.encoder(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"])

    runs: dict[str, Callable[[str], object]] = {
        "package": pipe,
        "encoder": run_encoder,
        "reference": lambda text: reference.predict(pipe.spert_processor, [words_of(text)]),
    }
    short, long = json.loads((folder / "texts.json").read_text(encoding="utf-8"))
    return partial(runs[contender], short), partial(runs[contender], long)


def training_runs(folder: Path, contender: str, encoder: str, threads: int) -> tuple[Run, Run]:
    """What takes the contender's step on the short document, and on the long one."""
    contenders = TrainingContenders(load_splits(folder / "documents", dev_fraction=0), encoder, threads, batch_size=1)
    short, long = [0], [1]
    if contender == "encoder":
        return contenders.encoder(short), contenders.encoder(long)
    step = contenders.package if contender == "package" else contenders.reference
    return partial(step, short), partial(step, long)


if __name__ == "__main__":
    main(*sys.argv[1:])
