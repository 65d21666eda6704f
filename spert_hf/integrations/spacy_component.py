"""SpERT as a component of spaCy's pipelines, the factory `"spert"`: `nlp.add_pipe("spert", config={"model": …})`.

spaCy finds it by the package's entry point. transformers is imported with the first text; with ONNX, not at all.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

try:
    import spacy  # noqa: F401
except ImportError as error:
    raise ImportError(f'spacy is not installed: pip install "spert-hf[spacy]" ({error})') from error

from spacy.language import Language
from spacy.pipeline import Pipe
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import minibatch
from srsly import msgpack_dumps, msgpack_loads

from .spacy_annotations import (
    EXPANDED,
    SCORES,
    Relation,
    add_best_ents,
    add_extensions,
    relations_of,
    relations_with,
    set_found,
    set_relations,
)
from .spacy_displacy import relations_to_displacy
from .spacy_scoring import score_examples
from .spacy_settings import check_settings

if TYPE_CHECKING:
    from ..model.pipeline_spert import SpertPipeline
    from ..onnx import OnnxExtractor

__all__ = [
    "Relation",
    "SpertComponent",
    "relations_of",
    "relations_to_displacy",
    "relations_with",
    "set_relations",
]

_OF_THE_PIPELINE = (
    *("backend", "dtype", "device", "batch_size"),
    *("relation_threshold", "entity_threshold", "entity_types", "relation_types", "overlap"),
)
"""Settings that [`spert_hf.load`] takes."""

_logger = logging.getLogger(__name__)


@Language.factory("spert", assigns=["doc.spans", "doc.ents", "doc._.relations", "span._.relations"])
class SpertComponent(Pipe):
    """Finds entities and relations in spaCy's docs.

    `doc.spans["spert"]` has all entities, with `attrs["scores"]`; `doc._.relations` has the relations as [`Relation`],
    `span._.relations` those of a span. spaCy's tokens stay as they are: an entity that begins or ends inside one is
    widened to whole tokens, and `doc.spans["spert"].attrs["expanded"]` counts these.

    The model is loaded with the first text; [`SpertComponent.pipeline`] loads it at once. A pipeline that is
    saved has the model in it.

    Args:
        nlp: The pipeline.
        name: The component's name in it.
        model (`str`): Folder or Hub id of a checkpoint.
        backend (`str`, *optional*, defaults to `"torch"`): `"torch"`, `"openvino"`, or `"onnx"` for a model that
            `spert-hf export` has exported, without torch.
        dtype (`str`, *optional*): Precision of the encoder, see [`spert_hf.load`].
        device (`str`, *optional*): Device, such as `"cuda:0"`. Default: a GPU if there is one.
        revision (`str`, *optional*): Branch, tag or commit of a model on the Hub.
        words (`str`, *optional*, defaults to `"model"`): Whether the model reads the text as it is made for
            (`"model"`), or spaCy's tokens (`"spacy"`), in the doc's sentences if it has any, else in one sequence.
        ents (`str`, *optional*, defaults to `"best"`): Whether entities are added to `doc.ents`, those with the best
            scores where they overlap (`"best"`), or not (`"none"`). Entities that are there already stay, and take
            precedence.
        spans_key (`str`, *optional*, defaults to `"spert"`): The group of `doc.spans`; what is in it is replaced.
        attribute (`str`, *optional*, defaults to `"relations"`): What `doc._.relations` and `span._.relations` are
            called.
        relation_threshold (`float`, `dict` or `list`, *optional*): Minimum score of a relation, or minimum scores by
            type, as `{"TYPE": 0.8}` or `["TYPE=0.8"]`. Default: the model's.
        entity_threshold (`float`, *optional*): Minimum score of an entity.
        entity_types (`list`, *optional*): Types of the entities to keep.
        relation_types (`list`, *optional*): Types of the relations to keep.
        overlap (`str`, *optional*): What becomes of overlapping entities: `"keep"`, `"drop"` or `"best"`. Default: the
            model's setting.
        batch_size (`int`, *optional*): The most sequences that are computed together. Default: 32; 8 with ONNX.

    Raises:
        ValueError: A setting is not allowed.
    """

    # Settings have no types here: spaCy would check them, and answer with all settings instead of one line.
    def __init__(
        self,
        nlp: Language,
        name: str = "spert",
        *,
        model: Any = None,
        backend: Any = "torch",
        dtype: Any = None,
        device: Any = None,
        revision: Any = None,
        words: Any = "model",
        ents: Any = "best",
        spans_key: Any = "spert",
        attribute: Any = "relations",
        relation_threshold: Any = None,
        entity_threshold: Any = None,
        entity_types: Any = None,
        relation_types: Any = None,
        overlap: Any = None,
        batch_size: Any = None,
    ) -> None:
        self.name = name
        self._settings = check_settings(
            {
                "model": model,
                "backend": backend,
                "dtype": dtype,
                "device": device,
                "revision": revision,
                "words": words,
                "ents": ents,
                "spans_key": spans_key,
                "attribute": attribute,
                "relation_threshold": relation_threshold,
                "entity_threshold": entity_threshold,
                "entity_types": entity_types,
                "relation_types": relation_types,
                "overlap": overlap,
                "batch_size": batch_size,
            }
        )
        self._pipeline: SpertPipeline | OnnxExtractor | None = None
        self._unpacked: TemporaryDirectory[str] | None = None
        add_extensions(attribute)

    @property
    def pipeline(self) -> "SpertPipeline | OnnxExtractor":
        """The [`SpertPipeline`] with the model, or the [`OnnxExtractor`], which is loaded when it is first asked for.

        Raises:
            ValueError: There is no SpERT checkpoint, or it has not the types of a setting.
            ImportError: The backend is not installed.
            CheckpointError: The export is damaged, or of other weights.
        """
        if self._pipeline is None:
            self._pipeline = self._load(self._settings["model"], self._settings["revision"])
        return self._pipeline

    @property
    def labels(self) -> tuple[str, ...]:
        """The entity types of the model; none before it is loaded."""
        return () if self._pipeline is None else tuple(self._pipeline.model_settings.entity_types)

    def __call__(self, doc: Doc) -> Doc:
        """Find entities and relations in a doc."""
        self._annotate(doc, self._find([doc])[0])
        return doc

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 128) -> Iterator[Doc]:
        """Find entities and relations in a stream of docs; what fails for one doc is for the pipeline's error handler.

        Args:
            stream: The docs.
            batch_size: Number of docs that are read ahead; `batch_size` of the settings says how many sequences are
                computed together.

        Yields:
            The docs, in order.
        """
        handle_error = self.get_error_handler()
        self.pipeline  # noqa: B018 - that a model does not load is no fault of a doc
        for docs in minibatch(stream, batch_size):
            try:
                found: Sequence[Any] = self._find(docs)
            except Exception:
                found = [None] * len(docs)  # one by one, below: a faulty doc spoils no other
            for doc, result in zip(docs, found, strict=True):
                try:
                    self._annotate(doc, self._find([doc])[0] if result is None else result)
                except Exception as error:
                    handle_error(self.name, self, [doc], error)
                else:
                    yield doc

    def score(self, examples: Iterable[Example], **kwargs: Any) -> dict[str, Any]:
        """Score predicted docs, as `nlp.evaluate` does.

        Args:
            examples: Pairs of predicted and annotated docs; these have their entities in the same group of `doc.spans`,
                and relations by [`set_relations`].
            kwargs: What spaCy passes to every component; not used.

        Returns:
            `spans_spert_f`, `rel_micro_f` and others, from 0 to 1; spaCy's `ents_f` and others if `doc.ents` is set.
            A relation is right if its type and the spans and types of head and tail are (REL+).
        """
        symmetric = self.pipeline.model_settings.symmetric_relation_types
        by_ents = self._settings["ents"] != "none"
        return score_examples(examples, self._settings["spans_key"], ents=by_ents, symmetric_relation_types=symmetric)

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        """Save the model, or the export, so that it loads without its source; in INT8 if that is what computes.

        Args:
            path: The component's folder.
            exclude: As spaCy passes it; not used.
        """
        from ..files.model_folder import write_model

        write_model(Path(path), self._write)

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> "SpertComponent":
        """Load the model that was saved; settings stay those of the pipeline's config."""
        self._pipeline = self._load(path, None)
        return self

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        """Return what [`SpertComponent.to_disk`] saves."""
        with TemporaryDirectory() as folder:
            self._write(Path(folder))
            content: bytes = msgpack_dumps({path.name: path.read_bytes() for path in Path(folder).iterdir()})
        return content

    def from_bytes(self, bytes_data: bytes, *, exclude: Iterable[str] = ()) -> "SpertComponent":
        """Load the model from what [`SpertComponent.to_bytes`] returned."""
        self._unpacked = TemporaryDirectory()  # is kept: an export is mapped from its files, and saved from them
        for name, content in msgpack_loads(bytes_data).items():
            Path(self._unpacked.name, Path(name).name).write_bytes(content)
        return self.from_disk(self._unpacked.name)

    def _load(self, source: str | Path, revision: str | None) -> "SpertPipeline | OnnxExtractor":
        from ..loading import load

        given = {name: self._settings[name] for name in _OF_THE_PIPELINE if self._settings[name] is not None}
        return load(source, revision=revision, **given)

    def _write(self, folder: Path) -> None:
        pipeline = self.pipeline
        pipeline.save_pretrained(folder)
        if (self._settings["backend"], self._settings["dtype"]) == ("openvino", "int8"):
            from ..openvino import OpenVinoRuntime, write_quantized_encoder

            model: Any = pipeline.model  # type: ignore[union-attr] # an extractor has no OpenVINO
            if isinstance(model.runtime, OpenVinoRuntime):
                write_quantized_encoder(folder, model, model.runtime.openvino_model)

    def _find(self, docs: Sequence[Doc]) -> list[list[tuple[int, dict[str, Any]]]]:
        """What the model finds in docs: for each its results, with the position of the first token that each is of."""
        parts = [(number, *part) for number, doc in enumerate(docs) for part in self._parts(doc)]
        results = self.pipeline([content for _, _, content in parts])
        found: list[list[tuple[int, dict[str, Any]]]] = [[] for _ in docs]
        for (number, first, _), result in zip(parts, results, strict=True):
            found[number].append((first, result))
        return found

    def _parts(self, doc: Doc) -> list[tuple[int, Any]]:
        """What the model is given of a doc, with the positions of the first tokens."""
        if self._settings["words"] == "model":
            return [(0, doc.text)]
        sentences = doc.sents if doc.has_annotation("SENT_START") else [doc[:]]
        return [(sentence.start, [token.text for token in sentence]) for sentence in sentences if len(sentence)]

    def _annotate(self, doc: Doc, results: Iterable[tuple[int, Mapping[str, Any]]]) -> None:
        group = set_found(doc, self._settings["spans_key"], results)
        if expanded := group.attrs[EXPANDED]:
            _logger.info("%s: %d of %d entities widened to whole tokens", self.name, expanded, len(group))
        if self._settings["ents"] == "best":
            add_best_ents(doc, group, group.attrs[SCORES])
