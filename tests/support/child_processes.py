"""Runs a pipeline in child processes of many kinds, as `python -m tests.support.child_processes KIND CHECKPOINT`.

Writes what the parent and its children found as a line of JSON: `{"expected": […], "found": [[…], …]}`.
"""

import json
import multiprocessing
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import torch
from transformers import pipeline

import spert_hf  # noqa: F401
from tests.support.tiny_models import SENTENCES

TEXTS = [" ".join(words) for words in SENTENCES[:3]]
pipe = None


def load(checkpoint: str) -> None:
    """Load the pipeline with several threads of torch, which have computed, as they do when larger weights are read."""
    global pipe
    torch.set_num_threads(3)
    pipe = pipeline("spert-extraction", model=checkpoint)
    torch.ones(1 << 20).sum()


def extract(text):
    return pipe(text)


def extract_each():
    return [pipe(text) for text in TEXTS]


def in_child(work: Callable[[], list]) -> list:
    """What some work gives in a process that is forked off here."""
    reading, writing = os.pipe()
    if not os.fork():
        with os.fdopen(writing, "w") as answer:
            json.dump(work(), answer)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        found = json.load(answer)
    os.wait()
    return found


def run_forked():
    """Right after loading, after one short text, and after sixty."""
    found = [in_child(extract_each)]
    pipe(TEXTS[0])
    found.append(in_child(extract_each))
    pipe(TEXTS * 20)
    found.append(in_child(extract_each))
    found.append(in_child(lambda: pipe(TEXTS * 20)[:3]))
    return [*found, in_child(lambda: in_child(extract_each))]


def run_preloaded():
    """As a server does that loads the model before it forks: children that answer with threads of their own."""

    def serve():
        with ThreadPoolExecutor(2) as threads:
            return list(threads.map(pipe, TEXTS))

    return [in_child(serve), in_child(serve)]


def run_with_more_threads():
    """In children that set torch's threads themselves."""

    def extract_with_threads():
        torch.set_num_threads(3)
        return extract_each()

    found = [in_child(extract_with_threads)]
    pipe(TEXTS[0])
    return [*found, in_child(extract_with_threads)]


def run_mapped():
    """By `datasets`, which pickles the pipeline, too."""
    from datasets import Dataset

    rows = Dataset.from_dict({"text": TEXTS})
    mapped = rows.map(lambda row: {"found": json.dumps(pipe(row["text"]))}, num_proc=2)
    return [[json.loads(found) for found in mapped["found"]]]


def run_pool():
    with multiprocessing.get_context("fork").Pool(2) as pool:
        return [pool.map(extract, TEXTS)]


def extract_by(given, text):
    return given(text)


def run_spawned():
    """In processes that are begun anew, and get the pipeline as a pickle."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return [pool.starmap(extract_by, [(pipe, text) for text in TEXTS])]


def run_forked_beside():
    """While another thread of the parent is in a call, at moments as they come."""
    done = threading.Event()

    def go_on():
        while not done.is_set():
            pipe(TEXTS)

    with ThreadPoolExecutor(1) as threads:
        going = threads.submit(go_on)
        try:
            return [in_child(extract_each) for _ in range(5)]
        finally:
            done.set()
            going.result()


def run_data_loader():
    class Extracted(torch.utils.data.Dataset):
        def __len__(self):
            return len(TEXTS)

        def __getitem__(self, index):
            return pipe(TEXTS[index])

    loader = torch.utils.data.DataLoader(Extracted(), num_workers=2, collate_fn=list, multiprocessing_context="fork")
    return [[found for batch in loader for found in batch]]


def run_openvino():
    """With the encoder's runtime compiled in the parent for one batch, and for several side by side."""
    from spert_hf.openvino import use_openvino

    def extract_with_threads():
        torch.set_num_threads(3)
        return pipe(TEXTS * 20)[:3]

    use_openvino(pipe.model)
    pipe(TEXTS[0])
    found = [in_child(extract_each)]
    pipe(TEXTS * 20)
    return [*found, in_child(extract_each), in_child(extract_with_threads)]


KINDS = {name.removeprefix("run_"): run for name, run in list(globals().items()) if name.startswith("run_")}

if __name__ == "__main__":
    load(sys.argv[2])
    children_found = KINDS[sys.argv[1]]()
    print(json.dumps({"expected": extract_each(), "found": children_found}))
