"""Settings of a training run: a dataclass, read from the command line and from a YAML file."""

import os
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..data.documents import SELF_RELATIONS
from ..data.faults import plain_name, short_repr
from ..encoders import QUICKSTART_ENCODER
from ..model.messages import did_you_mean, must_be
from ..model.setting_checks import check_keywords
from ..model.settings import ModelSettings, Setting, setting, settings_of
from ..model.text_reading import parse_reading
from .peft_imports import check_peft
from .yaml_files import load_yaml

if TYPE_CHECKING:
    from ..data.sampling import SamplingSettings

OPTIMIZERS = ("adamw", "adamw_no_bias_correction")
SCHEDULERS = ("linear", "cosine", "constant", "constant_with_warmup")
METRICS = ("ner_f1", "rel_f1", "rel_plus_f1", "ner_macro_f1", "rel_macro_f1", "rel_plus_macro_f1")
TRACKERS = (*("none", "tensorboard", "wandb", "trackio", "mlflow", "comet_ml", "aim", "clearml", "dvclive", "swanlab"),)
"""Those of Accelerate."""
EVAL_SPLITS = ("auto", "train", "dev", "test")
GROUPS = {
    "data": "data",
    "start": "start: a pretrained encoder, or a trained model",
    "model": "model",
    "candidates": "negatives and copies",
    "optimisation": "optimisation",
    "adapters": "adapters (LoRA) in place of all the encoder's weights; extra `peft`",
    "hardware": "hardware",
    "evaluation": "evaluation and logging",
    "saving": "saving and resuming",
    "hub": "Hub",
}
"""The headings that settings are shown under, in their order."""

_data = partial(setting, kind="data", group="data")
_start = partial(setting, kind="data", group="start")
_model = partial(setting, group="model")
_candidates = partial(setting, kind="step", group="candidates")
_optimisation = partial(setting, kind="step", group="optimisation")
_adapters = partial(setting, kind="step", group="adapters")
_hardware = partial(setting, kind="run", group="hardware")
_evaluation = partial(setting, kind="run", group="evaluation")
_saving = partial(setting, kind="run", group="saving")
_hub = partial(setting, kind="hub", group="hub")


@dataclass
class SpertTrainingArguments(ModelSettings):
    """Settings of a training run. Names are those of transformers' `TrainingArguments` where it has one; the defaults
    are the paper's (Eberts & Ulges, ECAI 2020) where it has one.
    """

    dataset: str = _data(
        "quickstart",
        "What to train on: `quickstart`, `conll04`, `scierc`, `ade`, a folder with a loading script, a folder of "
        "documents (train/dev/test), a single file of documents, or a Hub id.",
        metavar="DIR_OR_ID",
    )
    dataset_config_name: str | None = _data(None, "Configuration of the data set, where it has several.")
    data_dir: str | None = _data(None, "Folder with local copies of the data set's sources.", decides=(), metavar="DIR")
    revision: str | None = _data(None, "Revision of the data set, where it is taken from the Hub.", decides=("model",))
    self_relations: str = _data(
        "error", "Relations of an entity to itself are faults, or dropped and counted.", choices=SELF_RELATIONS
    )
    train_on_dev: bool = _data(False, "Train on train + dev, as for the paper's final figures.")

    encoder: str | None = _start(
        QUICKSTART_ENCODER,
        "Pretrained encoder: a folder or the id of any encoder on the Hub. None with `model`.",
        metavar="DIR_OR_ID",
    )
    model: str | None = _start(
        None,
        "Trained SpERT model to go on from, a folder or Hub id, in place of an encoder: with all its weights (types of "
        "the same name keep theirs, new ones get fresh ones), and with its settings where none are given.",
        metavar="DIR_OR_ID",
    )
    random_encoder: bool = _start(False, "Start from the encoder's architecture with random weights.")
    random_layers: bool = _start(
        False, "Start from the encoder's architecture with random weights, but with its pretrained word embeddings."
    )
    freeze_embeddings: bool = _start(
        False, "Leave the encoder's word embeddings as they are: quicker steps, above all on a CPU.", kind="step"
    )

    learn_signatures: bool = _model(
        False,
        "Predict relations only between entity types that they join somewhere in the training documents.",
        kind="step",
    )
    text_reading: str = _model(
        "auto",
        "How the model reads text: `auto` takes the way that gives the data's tokens and sequences; or settings of "
        "`SpertConfig.text_reading` that are not to be chosen, such as `words=whitespace,sequences=document`.",
        kind="data",
        decides=("model",),
        metavar="SETTINGS",
    )

    negative_spans: int = _candidates(100, "Negative spans drawn a sentence and epoch.")
    negative_pairs: int = _candidates(100, "Negative pairs drawn a sentence and epoch.")
    strong_negatives: bool = _candidates(
        True, "Draw negative pairs among gold entities; --no-strong-negatives: among all candidates."
    )
    lower_case_copies: float = _candidates(
        0.0,
        "Share of the training sentences that an epoch has once more, in lower case: for text without capitals.",
        most=1,
    )
    upper_case_copies: float = _candidates(
        0.0,
        "Share of the training sentences that an epoch has once more, in capitals: for text such as headlines.",
        most=1,
    )

    num_train_epochs: int = _optimisation(20, "Passes over the training documents.", least=1)
    per_device_train_batch_size: int = _optimisation(2, "Sentences a device and step.", least=1)
    gradient_accumulation_steps: int = _optimisation(1, "Batches whose gradients are added up for one step.", least=1)
    group_by_length: bool = _optimisation(
        False, "Put sentences of similar length into one batch: less padding to compute."
    )
    learning_rate: float = _optimisation(5e-5, "Highest learning rate.")
    head_learning_rate: float | None = _optimisation(
        None, "That of all but the encoder (classifiers, embeddings of sizes and letter case), if it is to differ."
    )
    weight_decay: float = _optimisation(0.01, "On all weights but biases and those of LayerNorm.")
    warmup_ratio: float = _optimisation(0.1, "Share of the steps in which the learning rate rises from 0.", most=1)
    lr_scheduler_type: str = _optimisation("linear", "What the learning rate does after that.", choices=SCHEDULERS)
    max_grad_norm: float = _optimisation(1.0, "Gradients are scaled down to this norm; 0 leaves them.")
    max_skipped_steps: int = _optimisation(
        10,
        "The run stops when so many steps were skipped because their loss or gradient is not finite.",
        kind="run",
        least=1,
    )
    optim: str = _optimisation(
        "adamw_no_bias_correction", "The published code's AdamW has no bias correction.", choices=OPTIMIZERS
    )
    seed: int = _optimisation(42, "Of weights, order, negatives and dropout: same seed, same result.")

    lora_r: int = _adapters(
        0,
        "Rank of the adapters that are trained, with the classifiers, in place of all weights; 0: all weights. What is "
        "saved is small, and loaded over the encoder or the model that was started from.",
        most=4_096,
    )
    lora_alpha: float | None = _adapters(
        None, "What adapters are multiplied with, over their rank; by default twice the rank."
    )
    lora_dropout: float = _adapters(0.0, "Dropout on the adapters' inputs.", most=1)
    lora_target_modules: str | None = _adapters(
        None,
        "Linear layers of the encoder that get an adapter, by the last part of their names, such as `query,value`; by "
        "default all.",
        metavar="NAMES",
    )

    bf16: bool = _hardware(False, "Mixed precision with bfloat16.", kind="step")
    fp16: bool = _hardware(False, "Mixed precision with float16 (GPU).", kind="step")
    cpu_threads: int = _hardware(0, "Threads of a process on a CPU; 0: its share of the machine's cores.")
    gradient_checkpointing: bool = _hardware(False, "Compute activations again in the backward pass, to save memory.")
    ddp_timeout: int = _hardware(600, "Seconds that a process of a distributed run waits for the others.", least=1)

    per_device_eval_batch_size: int = _evaluation(32, "Sentences a device at once in evaluation.", least=1)
    eval_every_epochs: int = _evaluation(
        1, "Evaluate on the dev split each so many epochs; 0: never.", decides=("model",)
    )
    eval_split: str = _evaluation(
        "auto",
        "Split that the trained model is scored on; `auto`: test, where there is none dev, where there is none train.",
        choices=EVAL_SPLITS,
        decides=("scores",),
    )
    no_overlapping: bool = _evaluation(
        False, "Drop entities that overlap, in gold and predictions, when evaluating.", decides=("model", "scores")
    )
    load_best_model_at_end: bool = _evaluation(
        False, "Keep the model of the best evaluation, not the last one.", decides=("model", "scores")
    )
    metric_for_best_model: str = _evaluation(
        "rel_plus_f1", "What decides which evaluation is best.", choices=METRICS, decides=("model", "scores")
    )
    logging_steps: int = _evaluation(50, "Log loss and learning rate each so many steps.", least=1)
    report_to: str = _evaluation(
        "none", "Tracker that gets losses and scores besides `training_log.jsonl`.", choices=TRACKERS
    )

    output_dir: str = _saving(
        "",
        "Where the trained model and its checkpoints are saved; by default `checkpoints/` and the data set's name.",
        metavar="DIR",
    )
    overwrite: bool = _saving(
        False,
        "Replace the model, or the checkpoints, of another run in the output folder. Not needed to go on from "
        "checkpoints there, nor to run a command again: with the same settings it trains the same model (of data that "
        "may have grown), which replaces the one there when it is done.",
    )
    save_steps: int = _saving(0, "Save a checkpoint to resume from each so many steps; 0: none.")
    save_total_limit: int = _saving(2, "Checkpoints that are kept; the oldest goes first.", least=1)
    resume_from_checkpoint: str | None = _saving(
        None,
        "A checkpoint's folder, or `latest` of the output folder's; with none there yet, `latest` begins anew.",
        metavar="DIR|latest",
    )

    push_to_hub: bool = _hub(False, "Upload the trained model to the Hub.")
    hub_model_id: str | None = _hub(
        None, "Repository to upload it to; by default the output folder's name.", metavar="USER/NAME"
    )
    hub_private_repo: bool = _hub(False, "Make that repository private.")
    hub_token: str | None = _hub(
        None,
        "Token for the Hub; by default $HF_TOKEN or that of `hf auth login`, which stay out of logs.",
        metavar="TOKEN",
        secret=True,
    )

    def __new__(cls, *args: Any, **kwargs: Any) -> "SpertTrainingArguments":
        """Refuse misspelt settings, and name the nearest: `__init__`, which a dataclass is given, does not."""
        check_keywords(kwargs, SETTINGS, cls.__name__)
        return super().__new__(cls)

    def __post_init__(self) -> None:
        for name, declared in SETTINGS.items():
            if isinstance(getattr(self, name), os.PathLike):
                setattr(self, name, os.fspath(getattr(self, name)))
            declared.check(getattr(self, name))
        if self.bf16 and self.fp16:
            raise ValueError("bf16 and fp16 exclude each other")
        if self.random_encoder and self.random_layers:
            raise ValueError("random_encoder and random_layers exclude each other")
        if self.eval_split == "dev" and self.train_on_dev:
            raise ValueError(must_be("eval_split", "'auto', 'train' or 'test' with train_on_dev", "'dev'"))
        if self.load_best_model_at_end and (self.train_on_dev or not self.eval_every_epochs):
            reason = "train_on_dev, which trains on what decides" if self.train_on_dev else "eval_every_epochs 0"
            raise ValueError(f"load_best_model_at_end needs a dev split that is scored, got {reason}")
        self._check_start()
        self._check_adapters()
        self.given_reading()
        # Not resolved, which would name it after what a link leads to.
        name = Path(os.path.abspath(self.dataset)).stem  # noqa: PTH100
        self.output_dir = self.output_dir or f"checkpoints/{name}"
        if self.push_to_hub and self.hub_model_id is None:
            self.hub_model_id = Path(self.output_dir).name
        if self.push_to_hub:
            _check_repository(str(self.hub_model_id))

    def _check_start(self) -> None:
        """Check what weights a run starts from: an encoder's, or all of a trained model."""
        if self.model is None:
            if self.encoder is None:
                raise ValueError(
                    must_be("encoder", "a folder or the id of an encoder on the Hub, without model", "none")
                )
            return
        if self.encoder not in (None, QUICKSTART_ENCODER):
            raise ValueError("encoder and model exclude each other: a trained model has its encoder")
        self.encoder = None
        for name in ("random_encoder", "random_layers"):
            if getattr(self, name):
                raise ValueError(f"{name} needs encoder, got model, which has weights")

    def _check_adapters(self) -> None:
        """Check that adapters can be trained, if there are to be any: by peft, over weights that others have, too."""
        if not self.lora_r:
            for name in ("lora_alpha", "lora_dropout", "lora_target_modules"):
                if getattr(self, name) != SETTINGS[name].default:
                    raise ValueError(f"{name} needs lora_r, got {getattr(self, name)!r} without it")
            return
        for name in ("random_encoder", "random_layers"):
            if getattr(self, name):
                raise ValueError(
                    must_be(name, "False with lora_r, as adapters need an encoder that others have, too", "True")
                )
        start = self.model or self.encoder
        if self.push_to_hub and start and Path(start).is_dir():
            raise ValueError(f"push_to_hub needs adapters over a Hub id, got {start}, a folder on this machine")
        check_peft("lora_r")

    @property
    def mixed_precision(self) -> str:
        """Accelerate's name for the precision."""
        return "bf16" if self.bf16 else "fp16" if self.fp16 else "no"

    @property
    def eval_strategy(self) -> str:
        """When the dev split is scored, as callbacks of transformers ask."""
        return "epoch" if self.eval_every_epochs else "no"

    @property
    def greater_is_better(self) -> bool:
        """That a greater `metric_for_best_model` is better, as callbacks of transformers ask: all are F1 scores."""
        return True

    def measure_of_best_model(self) -> str:
        """What decides which evaluation is best; scores by different ones are not compared."""
        return f"{self.metric_for_best_model}{' without overlapping entities' if self.no_overlapping else ''}"

    def model_settings(self) -> dict[str, Any]:
        """The settings that belong to [`SpertConfig`]."""
        return {name: getattr(self, name) for name in settings_of(ModelSettings)}

    def given_reading(self) -> dict[str, Any]:
        """The settings of the model's reading that are given, not chosen.

        Raises:
            ValueError: if one is not known or not allowed.
        """
        given = {} if self.text_reading == "auto" else parse_reading(self.text_reading)
        if given.get("words") == "pattern":
            from ..model.words import pattern_matches

            pattern_matches(given["word_pattern"])
        return given

    def decisive_settings(self) -> dict[str, Any]:
        """The settings that decide what a step computes: with others, a run does not go on from a checkpoint."""
        return {name: getattr(self, name) for name in settings_deciding("steps")}

    def sampling_settings(self) -> "SamplingSettings":
        """The settings of negative sampling."""
        from ..data.sampling import SamplingSettings  # needs NumPy, as settings do not

        return SamplingSettings(**{one.name: getattr(self, one.name) for one in fields(SamplingSettings)})


def _check_repository(name: str) -> None:
    from huggingface_hub.utils import HFValidationError, validate_repo_id

    try:
        validate_repo_id(name)
    except HFValidationError as error:
        raise ValueError(must_be("hub_model_id", f"a repository's name ({error})", repr(name))) from error


SETTINGS = dict(
    sorted(settings_of(SpertTrainingArguments).items(), key=lambda entry: list(GROUPS).index(entry[1].group))
)
"""All settings by name, in the order of `GROUPS`."""


def settings_deciding(what: str) -> dict[str, Setting]:
    """The settings that decide an optimizer's `steps`, the `model` or its `scores`; see `KINDS`."""
    return {name: declared for name, declared in SETTINGS.items() if what in declared.decides}


def read_recipe(path: str | Path) -> dict[str, Any]:
    """Read settings from a YAML file.

    Raises:
        ValueError: naming the file and the setting that is not known or has a value of another type.
    """
    settings = load_yaml(Path(path))
    if settings is None:
        return {}
    if not isinstance(settings, dict):
        raise ValueError(must_be(str(path), "a mapping of settings to values", type(settings).__name__))
    recipe = {}
    for key, value in settings.items():
        name = str(key).replace("-", "_")
        if name not in SETTINGS:
            meant = did_you_mean(name, SETTINGS)
            raise ValueError(f"{path}: {plain_name(key)} is not a setting{meant}; there are {', '.join(SETTINGS)}")
        recipe[name] = _as_type(f"{path}: {plain_name(key)}", value, SETTINGS[name])
    return recipe


def _as_type(where: str, value: Any, declared: Setting) -> Any:
    """Check a YAML value against a setting's type; `5e-5`, which YAML reads as text, counts as a number."""
    if value is None and declared.optional:
        return None
    if declared.type is float and isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            pass
    allowed = (int, float) if declared.type is float else declared.type
    if not isinstance(value, allowed) or (isinstance(value, bool) and declared.type is not bool):
        given = "another" if declared.secret else short_repr(value)
        raise ValueError(must_be(where, f"a value of type {declared.type.__name__}", given))
    return value
