"""Loading of the model that a server serves, in any of the ways there are to compute it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..encoders import check_folder_or_id
from ..model.choices import BACKENDS
from ..model.messages import must_be

SERVED_BACKENDS = tuple(dict.fromkeys((*BACKENDS, "onnx")))
"""Libraries that compute the model: those of the pipeline, and onnxruntime, for which torch is not imported."""

ONNX_DTYPES = ("float32", "int8")

_WARM_UP = "Marian Pell works for Northern Paper Co. in Duluth, where she was born."


@dataclass(frozen=True, slots=True)
class ModelSource:
    """Which model to load, and how to compute it; worker processes are given it.

    Attributes:
        model: folder or Hub id of a checkpoint, or folder of an ONNX export.
        backend: one of `SERVED_BACKENDS`.
        dtype: precision.
        device: device, for torch.
        threads: number of threads.
        revision: branch, tag or commit of a model on the Hub.
        token: token for the Hub.
    """

    model: str
    backend: str = "torch"
    dtype: str = "float32"
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
        if self.backend != "onnx":
            from ..loading import check_backend

            check_backend(self.backend, self.dtype, self.device, dashes="--")
            return
        if self.dtype not in ONNX_DTYPES:
            raise ValueError(must_be("--dtype", f"{' or '.join(ONNX_DTYPES)} with --backend onnx", self.dtype))
        if self.device not in (None, "cpu"):
            raise ValueError(must_be("--device", "cpu with --backend onnx", self.device))

    def load(self) -> Any:
        """Load the model and predict a text with it, which compiles what is compiled on first use.

        Returns:
            The pipeline, or another extractor with the same call.

        Raises:
            ValueError: it is not a SpERT model.
            CheckpointError: it is damaged, or an export of other weights.
        """
        where = {"revision": self.revision, "token": self.token}
        if self.backend == "onnx":
            from ..onnx import load_onnx

            extract: Any = load_onnx(self.model, dtype=self.dtype, threads=self.threads, **where)
        else:
            extract = self._load_pipeline(where)
        extract([_WARM_UP])
        return extract

    def _load_pipeline(self, where: dict[str, str | None]) -> Any:
        import torch
        from transformers.utils import logging

        from ..loading import load_checked

        torch.set_num_threads(self.threads)  # OpenVINO takes as many
        logging.set_verbosity_error()
        logging.disable_progress_bar()
        return load_checked("--model", self.model, self.backend, self.dtype, self.device, where, {})
