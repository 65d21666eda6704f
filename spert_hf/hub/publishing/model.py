"""Publishing of a trained model: a checkpoint, tested with the code that is uploaded with it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from ...model.messages import must_be
from ...model.setting_checks import check_choice
from ...onnx.record import FOLDER, SPAN_FILES
from ..endpoint import stage_endpoint
from ..model_card import CardSource, place_model_card
from ..staging import stage_checkpoint
from .repository import open_repository


def publish_model(
    folder: str | Path,
    repo_id: str | None,
    token: str | None = None,
    private: bool = False,
    card: str | Path | None = None,
    dry_run: bool = False,
    onnx: Sequence[str] = (),
    handler: bool = False,
) -> str:
    """Upload a checkpoint with its tokenizer and its code in one commit; the folder is not changed.

    The upload consists of config, weights, tokenizer, the code of config, model and pipeline, `training_run.json` and a
    quantized encoder, if they exist, an ONNX export, if it is asked for, and a model card, which is the first of:

    1. one made from the source `card`;
    2. the folder's `README.md`, if it is hand-written or edited;
    3. the repository's card, if it is hand-written or edited;
    4. a generated one, with the package's source for models of the training data, if there is one.

    So a hand-written card is never overwritten by a generated one, and a generated card always matches the weights.
    Generated cards contain a digest, by which edits are recognized.

    Args:
        folder: folder with config, weights and tokenizer.
        repo_id: repository on the Hub; created if it does not exist.
        token: for the Hub; default: that of `hf auth login`.
        private: whether to create a private repository.
        card: a Markdown file for the card; see [`CardSource`].
        dry_run: build and check everything, and list the files; nothing is uploaded, and no token is needed. The card
            in the repository is not checked.
        onnx: the dtypes, `"float32"` and `"int8"`, of an export in `onnx/`, from which `load_onnx(repo_id)` extracts.
            The one in `folder` is taken if it fits the weights, else a new one is made. Without dtypes, the repository
            has none afterwards: what is there would be of other weights.
        handler: whether to add what a Hugging Face Inference Endpoint needs: `handler.py` and `requirements.txt`.

    Returns:
        The URL of the repository.

    Raises:
        ImportError: a library for the ONNX export is not installed.
        ValueError: no repository is named, it is public although `private` is set, `card` can't be read, or the folder
            does not contain a checkpoint that loads and predicts. Nothing is uploaded.
        PublishingError: the Hub refuses the upload or can't be reached. The main branch is unchanged.
    """
    if not repo_id:
        raise ValueError(must_be("hub_model_id", "the name of a repository, such as USER/NAME", "none"))
    for dtype in onnx:
        check_choice("onnx", dtype, tuple(SPAN_FILES))
    source = CardSource.from_file(card) if card else None
    with TemporaryDirectory() as scratch:
        # A constant name, so that transformers reuses its copy of the code for the check.
        staged = stage_checkpoint(Path(folder), Path(scratch) / "checkpoint", onnx)
        if handler:
            stage_endpoint(staged.folder)
        with open_repository(repo_id, "model", token=token, private=private, dry_run=dry_run) as repository:
            place_model_card(staged, repository.id, source, None if dry_run else repository.api)
            repository.upload(staged.folder, "Upload SpERT model", replaced=[f"{FOLDER}/*"])
    return repository.url
