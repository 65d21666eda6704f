"""Extraction by exported graphs: needs onnxruntime, tokenizers and NumPy, but neither torch nor transformers."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from os import PathLike, fspath
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from tokenizers import Tokenizer

from ..cores import usable_cores
from ..encoders import check_folder_or_id
from ..model.cpu_scheduling import batches_by_length
from ..model.decoding import CandidateScores, decode_arrays
from ..model.errors import CheckpointError
from ..model.extraction import (
    DEFAULT_BATCH_SIZE,
    ExtractionSettings,
    Extractor,
    ReadInput,
    check_settings_of,
    flag,
    positive_or_none,
)
from ..model.messages import must_be
from ..model.pieces import (
    EntityNumbers,
    Piece,
    cut,
    entities_in,
    group_by_window,
    pad_pieces,
    parts_of_texts,
    put_together,
    windows_at_once,
)
from ..model.predictions import Prediction, PredictionArrays
from ..model.selection import ALL, Selection, Threshold
from ..model.setting_checks import check_choice, check_integer
from ..model.subwords import SubwordEncoder
from .candidates import likeliest_pairs, pairs_to_score, predicted_entities
from .imports import import_onnxruntime
from .record import (
    FOLDER,
    RECORD_FILE,
    SPAN_FILES,
    TOKENIZER_FILE,
    OnnxRecord,
    check_files,
    check_weights_on_hub,
    copy_export,
    read_record,
)

PAIRS_AT_ONCE = 8192
"""The number of pairs scored at once, which bounds the memory for sentences with hundreds of entities."""

BATCH_SIZE = 8
"""Sequences in a batch by default: with onnxruntime, larger ones are not faster on a CPU."""

_BATCHES_OF_A_THREAD = 2
"""How many batches each thread gets of few sequences: with one, threads with short ones would wait for the others."""

_FEWEST_OF_A_THREAD = 4
"""With fewer sequences for each thread, the threads share out the operators of a single batch."""

_SLOW_FUSIONS = ["SkipLayerNormFusion"]
"""What onnxruntime does to a graph that costs time on a CPU: its fused operator takes seven times as long as the two
that it replaces, a tenth of all time in float32, a fifth in INT8."""


class _Graphs(NamedTuple):
    """Sessions of onnxruntime for spans and for pairs."""

    spans: Any
    pairs: Any | None


def load_onnx(
    model: str | PathLike[str],
    *,
    dtype: str | None = None,
    threads: int | None = None,
    revision: str | None = None,
    token: str | bool | None = None,
    **settings: Any,
) -> "OnnxExtractor":
    """Load what `spert-hf export` has written, without torch and transformers.

    Args:
        model (`str`): folder of an export, folder of a checkpoint with one, or Hub id of such a checkpoint.
        dtype (`str`, *optional*): `"float32"`, or `"int8"` for the quantized graph. Default: `"float32"` if the model
            was exported in it, else `"int8"`.
        threads (`int`, *optional*): number of threads. Default: those that this process may use.
        revision (`str`, *optional*): branch, tag or commit of a model on the Hub.
        token (`str`, *optional*): token for the Hub. Default: that of `hf auth login`.
        settings: settings of calls, such as `relation_threshold` or `overlap`; see [`OnnxExtractor`].

    Returns:
        The extractor.

    Raises:
        ValueError: an argument is invalid, there is no export, or none of this dtype.
        TypeError: a setting is unknown.
        ImportError: onnxruntime is not installed.
        CheckpointError: a file is damaged, or the export was made of other weights than those of the checkpoint.
    """
    return load_export(fspath(model), dtype, threads, {"revision": revision, "token": token}, settings)


def load_export(
    model: str,
    dtype: str | None,
    threads: int | None,
    where: Mapping[str, Any],
    settings: Mapping[str, Any],
    dashes: str = "",
) -> "OnnxExtractor":
    """Do what [`load_onnx`] does, for a function or a command.

    Args:
        model: see [`load_onnx`].
        dtype: see [`load_onnx`].
        threads: see [`load_onnx`].
        where: `revision` and `token`.
        settings: settings of calls.
        dashes: prefix of the names of arguments in messages: `--` on the command line.
    """
    if dtype is not None:
        check_choice(f"{dashes}dtype", dtype, tuple(SPAN_FILES))
    if threads is not None:
        check_integer("threads", threads, 1, 1024)
    check_settings_of(OnnxExtractor, settings)
    import_onnxruntime()
    folder = _find_export(f"{dashes}model", model, where)
    record = read_record(folder)
    if not Path(model).exists():
        check_weights_on_hub(model, folder.parent.name, where["token"], record)
    if dtype is None:
        dtype = record.dtypes[0]
    elif dtype not in record.dtypes:
        there = ", ".join(record.dtypes)
        raise ValueError(must_be(f"{dashes}dtype", f"{there}, as the model was exported", repr(dtype)))
    check_files(folder, record, record.used_files(dtype))
    return OnnxExtractor(folder, record, dtype, threads or usable_cores(), **settings)


def _find_export(field: str, model: str, where: Mapping[str, Any]) -> Path:
    """Return the folder of an export.

    Raises:
        ValueError: there is none.
    """
    for folder in (Path(model), Path(model, FOLDER)):
        if (folder / RECORD_FILE).is_file():
            return folder
    if Path(model).exists():
        raise ValueError(must_be(field, "a folder that `spert-hf export` has written", f"{model!r}"))
    check_folder_or_id(field, model)
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HTTPError, LocalEntryNotFoundError

    try:
        found = Path(snapshot_download(model, **where, allow_patterns=[f"{FOLDER}/*", "config.json"]))
    except (HTTPError, LocalEntryNotFoundError) as error:
        given = f"{model!r}: there is no such folder, and the Hub can't be reached"
        raise ValueError(must_be(field, "a folder or a Hub id", given)) from error
    if not (found / FOLDER / RECORD_FILE).is_file():
        raise ValueError(must_be(field, f"a repository with {FOLDER}/{RECORD_FILE} (`spert-hf export`)", repr(model)))
    return found / FOLDER


class _BackendTokenizer(NamedTuple):
    """What reading of text needs of a tokenizer."""

    backend_tokenizer: Tokenizer
    special_tokens: dict[str, str]

    @property
    def added_tokens_decoder(self) -> dict[int, Any]:
        """The added tokens by id, as in transformers."""
        added: dict[int, Any] = self.backend_tokenizer.get_added_tokens_decoder()
        return added

    def __getattr__(self, name: str) -> str | None:
        """Return a special token, such as `cls_token`."""
        return self.special_tokens.get(name)


class OnnxExtractor(Extractor):
    """Extracts entities and relations like [`SpertPipeline`], by exported graphs.

    A call accepts the same inputs and arguments, and returns the same results.

    Args:
        folder: the folder of the export.
        record: its record.
        dtype: `"float32"` or `"int8"`.
        threads: number of threads.
        batch_size: the most sequences in a batch.
        batches_ahead: see [`SpertPipeline`].
        show_progress: whether to show a progress bar on standard error.
        settings: defaults of a call's arguments; see [`SpertPipeline`].

    Raises:
        CheckpointError: a graph or the tokenizer can't be read.
    """

    def __init__(
        self,
        folder: Path,
        record: OnnxRecord,
        dtype: str,
        threads: int,
        batch_size: int | None = None,
        batches_ahead: int | None = None,
        show_progress: bool | None = None,
        **settings: Any,
    ) -> None:
        self.dtype = dtype
        self._folder, self._record = folder, record
        self._batch_size = positive_or_none("batch_size", batch_size) or BATCH_SIZE
        self._batches_ahead = positive_or_none("batches_ahead", batches_ahead)
        self._show_progress = flag("show_progress", show_progress)
        of_parts = self._sanitize_parameters(**settings)
        self._preprocess_params, self._forward_params, self._postprocess_params = of_parts
        how = record.tokenization
        backend = _read_tokenizer(folder / TOKENIZER_FILE)
        self.tokenizer = _BackendTokenizer(backend, how.special_tokens)
        self.spert_processor = SubwordEncoder(
            backend,
            prefix=how.prefix,
            suffix=how.suffix,
            unknown_id=how.unknown_id,
            pad_id=how.pad_id,
            window_size=how.window_size,
            letter_cases=how.letter_cases,
            overlap_words=how.overlap_words,
            context_window=how.context_window,
        )
        self._readers = {}
        self.text_reader(**self._preprocess_params)  # raises errors early
        self._threads = threads
        self._open()

    def _open(self) -> None:
        self._graphs = self._open_graphs(self._threads)
        self._state = self._state_of_files()
        self._narrow_graphs: _Graphs | None = None
        self._check_outputs()

    def _open_graphs(self, threads: int) -> _Graphs:
        pairs = self._record.pairs_file
        return _Graphs(
            _open(self._folder / self._record.span_file(self.dtype), threads),
            _open(self._folder / pairs, threads) if pairs else None,
        )

    def _state_of_files(self) -> list[tuple[int, int]]:
        """Sizes and times of change of the graphs' files."""
        names = [name for name in self._record.used_files(self.dtype) if name != TOKENIZER_FILE]
        return [(found.st_size, found.st_mtime_ns) for found in ((self._folder / name).stat() for name in names)]

    def _graphs_of_one_thread(self) -> _Graphs:
        """The graphs for batches that are computed side by side, opened when there are some.

        They are a tenth faster so: if onnxruntime shared out the operators of each batch, too, there would be more
        threads than cores.
        """
        if self._narrow_graphs is None:
            try:
                is_same = self._state_of_files() == self._state
                self._narrow_graphs = self._open_graphs(1) if is_same else self._graphs
            except (CheckpointError, OSError):  # removed since, as a temporary folder: what is open gives the same
                self._narrow_graphs = self._graphs
        return self._narrow_graphs

    def _check_outputs(self) -> None:
        """Check that the record, which may have been edited, is of graphs of this size.

        Raises:
            CheckpointError: it is not.
        """
        own = self.model_settings
        _, sizes, _, types = self._graphs.spans.get_outputs()[0].shape
        of_graphs = {"max_span_size": (own.max_span_size, sizes), "entity_types": (len(own.entity_types), types - 1)}
        if self._graphs.pairs is not None:
            of_graphs["relation_types"] = (len(own.relation_types), self._graphs.pairs.get_outputs()[0].shape[-1])
        for name, (given, exported) in of_graphs.items():
            if given != exported:
                of_what = "" if name == "max_span_size" else " names"
                field = f"{self._folder / RECORD_FILE}: settings: {name}"
                raise CheckpointError(must_be(field, f"{exported}{of_what}, as it was exported", given))

    @property
    def digest(self) -> str:
        """A digest of everything that affects predictions."""
        return self._record.digest(self.dtype)

    @property
    def model_settings(self) -> ExtractionSettings:
        """The model's settings."""
        return self._record.settings  # type: ignore[return-value] # it is frozen

    def save_pretrained(self, folder: str | PathLike[str]) -> None:
        """Save the export, in the dtype that it computes in.

        Args:
            folder: a folder, which is created if need be; `load_onnx` loads from it.

        Raises:
            CheckpointError: a file of the export has been changed since it was loaded.
            OSError: it can't be written.
        """
        names = self._record.used_files(self.dtype)
        check_files(self._folder, self._record, names)
        Path(folder).mkdir(parents=True, exist_ok=True)
        copy_export(self._folder, self._record, names, Path(folder))

    def __getstate__(self) -> dict[str, Any]:
        """As a pickle has it: the graphs are opened anew where it is read."""
        return {**vars(self), "_graphs": None, "_narrow_graphs": None, "_readers": {}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._open()

    def with_progress(self, results: Iterator[dict[str, Any]], total: int | None) -> Iterator[dict[str, Any]]:
        """Yield results with a progress bar."""
        from tqdm.auto import tqdm

        yield from tqdm(results, total=total, desc="extracting", unit=" texts")

    def forward(self, model_inputs: list[ReadInput], **parameters: Any) -> list[Prediction]:
        """Predict; see [`SpertPipeline.predict_words`]."""
        settings = self.prediction_settings(parameters)
        texts, sequences = [one.words for one in model_inputs], [one.sequences for one in model_inputs]
        pieces = cut(self.spert_processor, texts, sequences)
        entities = None
        if any(one.entities is not None for one in model_inputs):
            types = self.model_settings.entity_types
            entities = [entities_in(piece, model_inputs[piece.text].entities or (), types) for piece in pieces]
            settings["overlap"] = "keep"
            settings["selection"] = Selection(relation_types=settings["selection"].relation_types)
        return self._predict(pieces, len(texts), entities, **settings)

    def _predict(
        self,
        pieces: Sequence[Piece],
        count: int,
        entities: Sequence[Sequence[EntityNumbers]] | None,
        batch_size: int = DEFAULT_BATCH_SIZE,
        relation_threshold: Threshold = None,
        overlap: str | None = None,
        selection: Selection = ALL,
    ) -> list[Prediction]:
        config = self.model_settings
        groups = group_by_window(pieces)
        lengths = [len(pieces[group[0]].encoder_input.input_ids) for group in groups]
        most = min(windows_at_once(batch_size, groups), self._most_in_a_batch(len(groups)))
        batches = [
            [index for window in batch for index in groups[window]]
            for batch in batches_by_length(range(len(groups)), lengths, most, 1.0)
        ]

        def predict(batch: list[int], graphs: _Graphs) -> dict[int, PredictionArrays]:
            given = entities and [entities[index] for index in batch]
            scores = self._score(graphs, [pieces[index] for index in batch], given)
            decoded = decode_arrays(scores, config, len(batch), relation_threshold, selection)
            return dict(zip(batch, decoded, strict=True))

        found: dict[int, PredictionArrays] = {}
        for of_batch in self._side_by_side(predict, batches):
            found.update(of_batch)
        policy = overlap or config.overlap
        return [
            put_together([found[index] for index in range(len(pieces))[part]], pieces[part], config, policy, selection)
            for part in parts_of_texts(pieces, count)
        ]

    def _most_in_a_batch(self, windows: int) -> int:
        """Return the size of batches with which all threads have something to do."""
        if self._threads == 1 or windows < _FEWEST_OF_A_THREAD * self._threads:
            return max(1, windows)
        return math.ceil(windows / (_BATCHES_OF_A_THREAD * self._threads))

    def _side_by_side(
        self, predict: Callable[[list[int], _Graphs], dict[int, PredictionArrays]], batches: list[list[int]]
    ) -> Iterator[dict[int, PredictionArrays]]:
        """Yield predictions for batches, the longest first: if there are enough, each thread computes one, as single
        operators are too small to be shared out.
        """
        if self._threads == 1 or len(batches) < self._threads:
            yield from map(predict, batches, repeat(self._graphs))
            return
        graphs = self._graphs_of_one_thread()
        with ThreadPoolExecutor(self._threads) as pool:
            yield from pool.map(predict, reversed(batches), repeat(graphs))

    def _score(
        self, graphs: _Graphs, pieces: Sequence[Piece], given: Sequence[Sequence[EntityNumbers]] | None
    ) -> CandidateScores:
        """Score the spans of a batch, then the pairs of the entities among them."""
        inputs = pad_pieces(self.spert_processor, pieces)
        logits, hidden = graphs.spans.run(None, inputs)
        if given is None:
            entities = predicted_entities(logits)
        else:
            numbers = [(row, *entity) for row, of_row in enumerate(given) for entity in of_row]
            entities = np.array(numbers, dtype=np.int64).reshape(-1, 4)
        rows, starts, ends, _ = entities.T
        of_entities = logits[rows, ends - starts - 1, starts]
        pairs = pairs_to_score(entities, of_entities)
        graph = graphs.pairs
        if graph is None:
            return CandidateScores(entities, of_entities, pairs, None)
        shared = {"hidden": hidden, "word_offsets": inputs["word_offsets"], "entities": entities}

        def score(pairs: np.ndarray) -> np.ndarray:
            chunks = [pairs[first : first + PAIRS_AT_ONCE] for first in range(0, len(pairs), PAIRS_AT_ONCE)]
            types = len(self.model_settings.relation_types)
            none = np.empty((0, types), dtype=np.float32)
            return np.concatenate([none, *(graph.run(None, {**shared, "pairs": chunk})[0] for chunk in chunks)])

        pairs = likeliest_pairs(self.model_settings, entities, pairs, score)
        return CandidateScores(entities, of_entities, pairs, score(pairs))


def _read_tokenizer(path: Path) -> Tokenizer:
    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:  # tokenizers raises nothing more specific
        raise CheckpointError(f"{path} can't be read by tokenizers: {error}") from error


def _open(path: Path, threads: int) -> Any:
    """Open a graph.

    Raises:
        CheckpointError: onnxruntime can't read it.
    """
    onnxruntime = import_onnxruntime()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    # Waiting threads would take processor time from others, most of it when there are many.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"], disabled_optimizers=_SLOW_FUSIONS
        )
    except Exception as error:  # of onnxruntime's own classes
        raise CheckpointError(f"{path} can't be read by onnxruntime: {error}") from error
