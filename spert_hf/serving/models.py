"""Loading of the model that a server serves, in any of the ways there are to compute it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..encoders import check_folder_or_id
from ..loading import check_backend, load_extractor

_WARM_UP = "Marian Pell works for Northern Paper Co. in Duluth, where she was born."


@dataclass(frozen=True, slots=True)
class ModelSource:
    """Which model to load, and how to compute it; worker processes are given it.

    Attributes:
        model: folder or Hub id of a checkpoint, or folder of an ONNX export.
        backend: one of `BACKENDS_OF_EXTRACTION`.
        dtype: precision; default: `float32`, or that of an ONNX export.
        device: device, for torch.
        threads: number of threads.
        revision: branch, tag or commit of a model on the Hub.
        token: token for the Hub.
    """

    model: str
    backend: str = "torch"
    dtype: str | None = None
    device: str | None = None
    threads: int = 1
    revision: str | None = None
    token: str | None = None

    @property
    def name(self) -> str:
        """The name that clients see: the id on the Hub, or the name of the folder without its path."""
        return Path(self.model).resolve().name if Path(self.model).is_dir() else self.model

    def check(self) -> None:
        """Check the settings, before anything large is imported.

        Raises:
            ValueError: settings contradict each other, or the model is neither a folder nor a Hub id.
            ImportError: a library is missing.
        """
        check_folder_or_id("--model", self.model)
        check_backend(self.backend, self.dtype, self.device, dashes="--")

    def load(self) -> Any:
        """Load the model and predict a text with it, which compiles what is compiled on first use.

        Returns:
            The pipeline, or another extractor with the same call.

        Raises:
            ValueError: it is not a SpERT model.
            CheckpointError: it is damaged, or an export of other weights.
        """
        where = {"revision": self.revision, "token": self.token}
        how = self.backend, self.dtype, self.device
        extract = load_extractor("--model", self.model, *how, where, {}, threads=self.threads)
        extract([_WARM_UP])
        return extract
