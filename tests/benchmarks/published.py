"""The published code as a contender: a local checkout, run by an interpreter of its own on the same weights."""

import json
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import torch

from spert_hf import SpertModel, SpertProcessor

from .options import Options
from .reference import ReferenceSpert
from .workloads import Workload

MODEL_FILE = Path("spert", "models.py")
SCRIPT = Path(__file__).with_name("published_process.py")
PUBLISHED_PREFIXES = {"encoder.": "bert.", "relation_classifier.": "rel_classifier."}


class PublishedCode:
    """The published model, loaded in a process that waits between its turns; use it as a context manager.

    Args:
        workload: its sentences, and the weights of its model.
        options: the checkout, the interpreter, the threads.

    Raises:
        RuntimeError: on entering, with what the process said, if the checkout's model does not load or run, or
            predicts something else than the reference.
    """

    def __init__(self, workload: Workload, options: Options) -> None:
        self._workload = workload
        self._options = options

    def __enter__(self) -> "PublishedCode":
        self._folder = tempfile.TemporaryDirectory()
        self._errors: IO[str] = tempfile.TemporaryFile("w+")
        write_job(Path(self._folder.name), self._workload)
        checkout = str(Path(self._options.reference_checkout or "").resolve())
        self._process = subprocess.Popen(
            [self._options.reference_python, str(SCRIPT), checkout, self._folder.name, str(self._options.threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        try:
            self._answer()
            self._check_predictions()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()
        self._errors.close()
        self._folder.cleanup()

    def run(self) -> None:
        """Predict all sentences of the workload."""
        self._request("run")

    def _check_predictions(self) -> None:
        expected = reference_predictions(self._workload)
        found = json.loads(self._request("predict"))
        for words, ours, theirs in zip(self._workload.words, expected, found, strict=True):
            if ours != theirs:
                raise RuntimeError(f"the published code predicts something else for: {' '.join(words)}")

    def _request(self, name: str) -> str:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{name}\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._errors.seek(0)
            raise RuntimeError(
                f"--reference-checkout: {self._options.reference_checkout} does not run under "
                f"{self._options.reference_python}: {self._errors.read().strip()[-1000:]}"
            )
        return line


def write_job(folder: Path, workload: Workload) -> None:
    """Write weights under their published names, the encoder's config, and the sentences' sub-words."""
    model: SpertModel = workload.pipeline.model
    config = model.config
    weights = {published_name(name): weight for name, weight in model.state_dict().items()}
    torch.save(weights, folder / "weights.pt")
    (folder / "config.json").write_text(config.encoder_config.to_json_string(), encoding="utf-8")
    sentences = [_inputs(workload.pipeline.spert_processor, words) for words in workload.words]
    job = {
        "sentences": sentences,
        "cls_token": sentences[0]["input_ids"][0],
        "entity_types": len(config.entity_types),
        "relation_types": len(config.relation_types),
        "size_embedding_dim": config.size_embedding_dim,
        "max_span_size": config.max_span_size,
        "relation_threshold": config.relation_threshold,
    }
    (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")


def published_name(name: str) -> str:
    """The published code's name of one of our weights."""
    for ours, theirs in PUBLISHED_PREFIXES.items():
        if name.startswith(ours):
            return theirs + name.removeprefix(ours)
    return name


def reference_predictions(workload: Workload) -> list[dict[str, Any]]:
    """The reference's predictions in the form of `published_process.predict`."""
    model, processor = workload.pipeline.model, workload.pipeline.spert_processor
    records = ReferenceSpert(model).eval().predict(processor, workload.words)
    return [
        _in_sub_words(record, _inputs(processor, words)["word_offsets"], model.config)
        for record, words in zip(records, workload.words, strict=True)
    ]


def _in_sub_words(record: dict[str, Any], offsets: Sequence[int], config: Any) -> dict[str, Any]:
    spans = [[offsets[entity["start"]], offsets[entity["end"]]] for entity in record["entities"]]
    types = [1 + config.entity_types.index(entity["type"]) for entity in record["entities"]]
    relations = [
        [spans[relation["head"]], spans[relation["tail"]], config.relation_types.index(relation["type"])]
        for relation in record["relations"]
    ]
    return {"entities": [list(entity) for entity in zip(spans, types, strict=True)], "relations": relations}


def _inputs(processor: SpertProcessor, words: Sequence[str]) -> dict[str, list[int]]:
    inputs = processor.collate(processor.encode([words]))
    return {name: inputs[name][0].tolist() for name in ("input_ids", "word_offsets")}
