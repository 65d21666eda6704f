"""Model cards: a hand-written part, a description generated from the config, and the recorded scores."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml
from huggingface_hub import HfApi, ModelCard, ModelCardData
from huggingface_hub.errors import RemoteEntryNotFoundError

from ..data.named_datasets import model_card_of
from ..model.adapters import PUBLISHED_FOLDER, Adapter
from ..model.card import (
    CITATION,
    EXAMPLE_TEXT,
    NOTHING_MEASURED,
    as_code,
    card_data,
    describe_model,
    describe_reading,
    describe_types,
    describe_use,
    fenced,
    printable,
    sealed,
)
from ..model.configuration_spert import SpertConfig
from ..model.hub import CARD_FILE
from ..model.pipeline_spert import SpertPipeline
from ..resources import package_folder
from .staging import StagedCheckpoint, is_generated_file
from .training_record import TrainingRecord

_TEMPLATE = "hub/templates/model_card.md.jinja"
_PLACE_OF_MEASURED = "<!-- measured -->"


@dataclass(frozen=True)
class CardSource:
    """The hand-written part of a model card.

    Attributes:
        data: the metadata, such as licence, language and tags; the first text under `widget` is the card's example.
        opening: the text before the generated part.
        closing: the text after the generated part.
    """

    data: ModelCardData
    opening: str = ""
    closing: str = ""

    @classmethod
    def from_file(cls, path: str | Path) -> CardSource:
        """Read a Markdown file.

        Args:
            path: the file; the generated part is inserted at its line `<!-- measured -->`, or else at its end.

        Raises:
            ValueError: the file can't be read, or its metadata are invalid.
        """
        try:
            card = ModelCard.load(Path(path))
        except (OSError, ValueError, TypeError, yaml.YAMLError) as error:
            raise ValueError(f"{path} can't be read as a model card: {error}") from error
        opening, _, closing = card.text.partition(_PLACE_OF_MEASURED)
        return cls(card.data, opening.strip(), closing.strip())

    @property
    def example_text(self) -> str:
        """The sentence for the card's example prediction."""
        widget = self.data.get("widget", [])
        texts = [item["text"] for item in widget if isinstance(item, Mapping) and isinstance(item.get("text"), str)]
        return texts[0] if texts else EXAMPLE_TEXT


def find_card_source(record: TrainingRecord | None) -> CardSource:
    """Return the package's card source for the data set of a training run, or an empty one.

    Args:
        record: the record of the training run, if there is one.
    """
    path = model_card_of(record.dataset) if record and record.dataset_kind == "package" else None
    return CardSource.from_file(path) if path else CardSource(ModelCardData())


def place_model_card(staged: StagedCheckpoint, repo_id: str, source: CardSource | None, api: HfApi | None) -> None:
    """Write the card to upload into a staged checkpoint; [`publish_model`] documents which one that is.

    Args:
        staged: the checkpoint.
        repo_id: its repository.
        source: the hand-written part of the card.
        api: client to look up the repository's card; with `None`, the repository is assumed to have no edited card.
    """
    path = staged.folder / CARD_FILE
    if source is None and staged.own_card is not None:
        path.write_bytes(staged.own_card)
    elif source is not None or api is None or not has_own_card(api, repo_id):
        card = make_model_card(
            staged.pipe,
            repo_id,
            staged.record,
            source or find_card_source(staged.record),
            staged.adapter,
            staged.onnx,
        )
        path.write_text(sealed(str(card)), encoding="utf-8", newline="\n")


def has_own_card(api: HfApi, repo_id: str) -> bool:
    """Whether a repository has a hand-written or edited card, which must not be overwritten."""
    try:
        card = api.hf_hub_download(repo_id, CARD_FILE)
    except RemoteEntryNotFoundError:
        return False
    return not is_generated_file(Path(card))


def make_model_card(
    pipe: SpertPipeline,
    repo_id: str,
    record: TrainingRecord | None,
    source: CardSource,
    adapter: Adapter | None = None,
    onnx: Sequence[str] = (),
) -> ModelCard:
    """Make a model card, with an example predicted by the pipeline.

    Args:
        pipe: the model to publish.
        repo_id: its repository, USER/NAME.
        record: the record of its training; without one the card has no scores and no settings.
        source: the hand-written part.
        adapter: the adapter to publish, if it is not a full model.
        onnx: the dtypes of the ONNX export in the repository.

    Returns:
        The card.
    """
    config = cast(SpertConfig, pipe.model.config)
    return ModelCard.from_template(
        _metadata(config, repo_id, record, source, adapter, onnx),
        template_path=str(package_folder() / _TEMPLATE),
        opening=_opening(config, repo_id, source),
        base=_describe_base(adapter),
        closing=source.closing or ("" if record else NOTHING_MEASURED),
        types=describe_types(config),
        reading=describe_reading(config),
        use=describe_use(repo_id, source.example_text),
        example=fenced(json.dumps(_rounded(pipe(source.example_text)), indent=2, ensure_ascii=False), "json"),
        onnx=_describe_onnx(repo_id, source.example_text, onnx),
        record=record,
        citation=CITATION,
        **(_described(record) if record else {}),
    )


def _metadata(
    config: SpertConfig,
    repo_id: str,
    record: TrainingRecord | None,
    source: CardSource,
    adapter: Adapter | None,
    onnx: Sequence[str],
) -> ModelCardData:
    """Merge the metadata of the source with those of the model, which take precedence."""
    written = source.data.to_dict()
    written.pop("model-index", None)  # only recorded scores are published
    known = ModelCardData(**card_data(config, written.pop("tags", None) or ()))
    if adapter:
        known.base_model, known["base_model_relation"] = printable(adapter.base), "adapter"
    more = (*(("peft", "lora") if adapter else ()), *(("onnx",) if onnx else ()))
    if more:
        known.tags = [*(known.tags or []), *(tag for tag in more if tag not in (known.tags or []))]
    if record and record.dataset_kind == "hub":
        known.datasets = [record.dataset]
    results = record.eval_results() if record else []
    if results:
        known.model_name, known.eval_results = repo_id.split("/")[-1], results
        known.metrics = sorted({result.metric_type for result in results})
    for name, value in written.items():
        if known.get(name) is None:
            known[name] = value
    return known


def _opening(config: SpertConfig, repo_id: str, source: CardSource) -> str:
    if source.opening.startswith("# "):
        return source.opening
    return "\n\n".join(part for part in (describe_model(config, repo_id), source.opening) if part)


def _describe_base(adapter: Adapter | None) -> str:
    """Describe the base model of an adapter."""
    if adapter is None:
        return ""
    revision = f" (revision {as_code(adapter.revision)})" if adapter.revision else ""
    return (
        "This repository contains a LoRA adapter and classifiers, not a full model. Its base model "
        f"{as_code(adapter.base)}{revision} is downloaded with it. The `peft` files are in `{PUBLISHED_FOLDER}/`."
    )


def _describe_onnx(repo_id: str, text: str, dtypes: Sequence[str]) -> str:
    """Show how to extract by the ONNX export."""
    if not dtypes:
        return ""
    choice = "" if "float32" in dtypes else ', dtype="int8"'
    code = f"""from spert_hf.onnx import load_onnx

extract = load_onnx("{repo_id}"{choice})
print(extract({json.dumps(printable(text), ensure_ascii=False)}))"""
    both = ' `dtype="int8"` selects the smaller one, whose scores differ a little.' if len({*dtypes}) > 1 else ""
    return f"""## Without torch

The folder `onnx` has this model as ONNX ({" and ".join(dtypes)}), which runs without torch and transformers, with the
package `spert-hf-onnx` or `spert-hf[onnx]`:

{fenced(code, "python")}

The results are of the same form.{both}"""


def _described(record: TrainingRecord) -> dict[str, Any]:
    """Describe the training run and the evaluated documents."""
    run = record.content
    dataset = as_code(record.dataset_title)
    for name in ("config", "revision"):
        if run["dataset"][name]:
            dataset += f", {name} {as_code(run['dataset'][name])}"
    learnt = " and ".join(f"{run['documents'][split]:,} of {split}" for split in record.trained_on)
    overlaps = "; overlapping entities excluded" if run["scores"]["no_overlapping"] else ""
    scored = f"{run['scores']['documents']:,} documents of {as_code(run['split'])}"
    versions = ", ".join(as_code(f"{name} {version}") for name, version in run["versions"].items())
    return {
        "scored": f"the {scored}, data set {dataset}{overlaps}",
        "training": f"{_describe_start(record)}Documents: {learnt}, data set {dataset}. "
        f"{run['steps']:,} steps in {run['seconds']:,} seconds on "
        f"{as_code(run['device'])}, processes: {run['processes']}, finished {as_code(run['finished'])}. "
        f"Versions: {versions}.{_describe_recipe(record)}",
        "settings": [
            (_cell(name), _cell(json.dumps(value, ensure_ascii=False))) for name, value in record.shown_settings.items()
        ],
    }


def _describe_start(record: TrainingRecord) -> str:
    """Name the trained model that a run fine-tuned, if there was one."""
    if not record.went_on_from:
        return ""
    model, revision, dataset = record.went_on_from
    where = f", commit {as_code(revision)}" if revision else ""
    before = f", trained on {as_code(dataset)}" if dataset else ""
    return f"Fine-tuned from {as_code(model)}{where}{before}. "


def _describe_recipe(record: TrainingRecord) -> str:
    """Name the recipe that a run took its settings from, if there was one."""
    if record.recipe is None:
        return ""
    file, reason = record.recipe
    return f" Settings: {as_code(file)} of spert-hf, unless given; taken {as_code(reason)}."


def _cell(text: str) -> str:
    """Format a text as inline code in a table cell, in which `|` must be escaped."""
    return as_code(text).replace("|", "\\|")


def _rounded(found: Any) -> Any:
    if isinstance(found, float):
        return round(found, 3)
    if isinstance(found, dict):
        return {name: _rounded(value) for name, value in found.items()}
    return [_rounded(value) for value in found] if isinstance(found, list) else found
