"""What an engine needs to know to extract from any shard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..model.extraction import DEFAULT_BATCH_SIZE
from .shards import Shard
from .stores import join

if TYPE_CHECKING:
    import pyarrow as pa

    from ..model.extraction import Extractor

SUFFIXES = {"parquet": ".parquet", "jsonl": ".jsonl"}
"""Formats of outputs, with the suffixes of their files."""

MAX_ERRORS = 100
"""Records with an error that a run puts up with, by default."""


@dataclass(frozen=True)
class Job:
    """A corpus' extraction, but for its shards. It can be pickled.

    Attributes:
        model: Folder or Hub id of the checkpoint.
        output: Folder or URL of the outputs.
        format: `parquet` or `jsonl`.
        schema: Of the columns that are passed through, for Parquet.
        revision: Of the model on the Hub.
        token: For the Hub.
        backend: `torch`, `openvino` or `onnx`.
        dtype: Precision of the encoder; `None`: `float32`, or that of an ONNX export.
        device: Where to compute; default: a GPU if there is one.
        reading: Overrides of the model's text reading, `words` and `sequences`.
        settings: Arguments of the pipeline's calls, such as `batch_size`, `overlap` and thresholds.
        text_column: Column of texts, or of lists of words; default: `text`, or else `tokens`.
        id_column: Column of ids, which is written as `id`.
        max_errors: Records with an error from which on a shard is given up.
    """

    model: str
    output: str
    format: str = "parquet"
    schema: pa.Schema | None = None
    revision: str | None = None
    token: str | None = field(default=None, repr=False)
    backend: str = "torch"
    dtype: str | None = "float32"
    device: str | None = None
    reading: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    text_column: str | None = None
    id_column: str | None = None
    max_errors: int = MAX_ERRORS

    @property
    def batch_size(self) -> int:
        """Texts in a batch."""
        return int(self.settings.get("batch_size") or DEFAULT_BATCH_SIZE)

    def target(self, shard: Shard) -> str:
        """The path or URL of a shard's output."""
        return join(self.output, self.file_name(shard))

    def file_name(self, shard: Shard) -> str:
        """The path of a shard's output in the output folder."""
        return f"{shard.name}{SUFFIXES[self.format]}"

    def load_pipeline(self, threads: int | None = None) -> Extractor:
        """Load the pipeline.

        Args:
            threads: How many threads compute; default: as many as this process may use.

        Raises:
            ValueError: There is no SpERT checkpoint, or an argument is invalid.
        """
        from ..loading import load_extractor

        where = {"revision": self.revision, "token": self.token}
        how = self.backend, self.dtype, self.device
        return load_extractor("--model", self.model, *how, where, self.reading, threads)
