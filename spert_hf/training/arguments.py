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
"""The trackers that Accelerate supports."""
EVAL_SPLITS = ("auto", "train", "dev", "test")
GROUPS = {
    "data": "data",
    "start": "start: a pre-trained encoder, or a trained model",
    "model": "model",
    "candidates": "negative sampling and copies",
    "optimisation": "optimisation",
    "adapters": "adapters (LoRA) instead of all weights of the encoder; needs the extra `peft`",
    "hardware": "hardware",
    "evaluation": "evaluation and logging",
    "saving": "saving and resuming",
    "hub": "Hub",
}
"""The headings of settings in `--help`, in order."""

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
    """Settings of a training run.

    Names are those of `TrainingArguments` in transformers, if it has the setting; defaults are those of the paper
    (Eberts & Ulges, ECAI 2020), if it states one.
    """

    dataset: str = _data(
        "quickstart",
        "Data set: `quickstart`, `conll04`, `scierc`, `ade`, a folder with a loading script, a folder of "
        "documents (train/dev/test), a single file of documents, an export of an annotation tool, or a Hub id.",
        metavar="DIR_OR_ID",
    )
    dataset_config_name: str | None = _data(None, "Configuration of the data set, if it has several.")
    data_dir: str | None = _data(None, "Folder with local copies of the data set's sources.", decides=(), metavar="DIR")
    revision: str | None = _data(None, "Revision of a data set on the Hub.", decides=("model",))
    self_relations: str = _data(
        "error",
        "Relations of an entity to itself: report as errors, or drop and count.",
        choices=SELF_RELATIONS,
    )
    train_on_dev: bool = _data(False, "Train on train + dev, as for the paper's final scores.")

    encoder: str | None = _start(
        QUICKSTART_ENCODER,
        "Pre-trained encoder: a folder or Hub id. None with `model`.",
        metavar="DIR_OR_ID",
    )
    model: str | None = _start(
        None,
        "Trained SpERT model to fine-tune instead of an encoder, a folder or Hub id: with all its weights (those of "
        "new types are initialized randomly), and with its settings unless others are given.",
        metavar="DIR_OR_ID",
    )
    random_encoder: bool = _start(False, "Start from the encoder's architecture with random weights.")
    random_layers: bool = _start(
        False, "Start from the encoder's architecture with random weights, but pre-trained word embeddings."
    )
    freeze_embeddings: bool = _start(
        False, "Freeze the encoder's word embeddings, for faster steps, especially on a CPU.", kind="step"
    )

    learn_signatures: bool = _model(
        False,
        "Learn type constraints: predict a relation only between entity types that it joins in the training documents.",
        kind="step",
    )
    text_reading: str = _model(
        "auto",
        "How the model splits text into words and sequences: `auto` chooses the settings that best reproduce those of "
        "the data; or settings of `SpertConfig.text_reading`, such as `words=whitespace,sequences=document`; the "
        "others are chosen.",
        kind="data",
        decides=("model",),
        metavar="SETTINGS",
    )

    negative_spans: int = _candidates(100, "Negative spans sampled per sentence and epoch.")
    negative_pairs: int = _candidates(100, "Negative pairs sampled per sentence and epoch.")
    strong_negatives: bool = _candidates(
        True, "Sample negative pairs from gold entities; --no-strong-negatives: from all candidate spans."
    )
    lower_case_copies: float = _candidates(
        0.0,
        "Share of the training sentences that each epoch repeats in lower case, for text without capitals.",
        most=1,
    )
    upper_case_copies: float = _candidates(
        0.0,
        "Share of the training sentences that each epoch repeats in upper case, for text such as headlines.",
        most=1,
    )

    num_train_epochs: int = _optimisation(20, "Number of epochs.", least=1)
    per_device_train_batch_size: int = _optimisation(
        2, "Sentences per device and step; with context_window, windows of several.", least=1
    )
    gradient_accumulation_steps: int = _optimisation(
        1, "Batches whose gradients are accumulated for one step.", least=1
    )
    group_by_length: bool = _optimisation(
        False, "Put sentences of similar length into the same batch, which reduces padding."
    )
    learning_rate: float = _optimisation(5e-5, "Maximum learning rate.")
    head_learning_rate: float | None = _optimisation(
        None, "Maximum learning rate of all but the encoder's own weights; default: `learning_rate`."
    )
    weight_decay: float = _optimisation(0.01, "Weight decay, of all weights except biases and LayerNorm.")
    warmup_ratio: float = _optimisation(0.1, "Share of the steps for linear warm-up of the learning rate.", most=1)
    lr_scheduler_type: str = _optimisation("linear", "Learning rate schedule after warm-up.", choices=SCHEDULERS)
    consistency_weight: float = _optimisation(
        0.0,
        "Weight of the consistency of two predictions under dropout (R-Drop): each batch is computed twice, which "
        "takes twice the time, and the two are pulled together. 0: once.",
        most=1_000,
    )
    teachers: str | None = _optimisation(
        None,
        "Trained SpERT models for the same types, from whose mean predictions the model learns beside the gold labels "
        "(knowledge distillation): folders or Hub ids, separated by commas.",
        decides=("model", "scores"),
        metavar="DIRS_OR_IDS",
    )
    teacher_weight: float = _optimisation(
        0.5, "Weight of what the teachers predict; gold labels have the rest to 1.", most=1
    )
    max_grad_norm: float = _optimisation(1.0, "Maximum gradient norm; 0: no clipping.")
    max_skipped_steps: int = _optimisation(
        10,
        "Stop the run after this many steps were skipped because their loss or gradients were not finite.",
        kind="run",
        least=1,
    )
    optim: str = _optimisation(
        "adamw_no_bias_correction",
        "Optimizer; the AdamW of the published code has no bias correction.",
        choices=OPTIMIZERS,
    )
    seed: int = _optimisation(
        42, "Seed of weights, order, negative sampling and dropout: the same seed gives the same result."
    )

    lora_r: int = _adapters(
        0,
        "Rank of LoRA adapters, which are trained with the classifiers instead of all weights; 0: train all weights. "
        "The saved adapter is small, and is loaded with the encoder or model that the run started from.",
        most=4_096,
    )
    lora_alpha: float | None = _adapters(
        None, "Adapters are scaled by alpha / rank; by default alpha is twice the rank."
    )
    lora_dropout: float = _adapters(0.0, "Dropout on the inputs of the adapters.", most=1)
    lora_target_modules: str | None = _adapters(
        None,
        "Linear layers of the encoder to adapt, by the last part of their names, such as `query,value`; default: all.",
        metavar="NAMES",
    )

    bf16: bool = _hardware(False, "Mixed precision with bfloat16.", kind="step")
    fp16: bool = _hardware(False, "Mixed precision with float16 (GPU).", kind="step")
    cpu_threads: int = _hardware(0, "Threads per process on a CPU; 0: an equal share of the CPU cores.")
    gradient_checkpointing: bool = _hardware(False, "Recompute activations in the backward pass, to save memory.")
    ddp_timeout: int = _hardware(600, "Timeout of distributed processes waiting for each other, in seconds.", least=1)

    per_device_eval_batch_size: int = _evaluation(32, "Sentences per device and batch in evaluation.", least=1)
    eval_every_epochs: int = _evaluation(1, "Evaluate on the dev split every N epochs; 0: never.", decides=("model",))
    eval_split: str = _evaluation(
        "auto",
        "Split on which to evaluate the trained model; `auto`: test, or else dev, or else train.",
        choices=EVAL_SPLITS,
        decides=("scores",),
    )
    no_overlapping: bool = _evaluation(
        False, "Exclude overlapping entities, gold and predicted, from evaluation.", decides=("model", "scores")
    )
    load_best_model_at_end: bool = _evaluation(
        False, "Keep the model with the best evaluation instead of the last one.", decides=("model", "scores")
    )
    metric_for_best_model: str = _evaluation(
        "rel_plus_f1", "Metric that determines the best evaluation.", choices=METRICS, decides=("model", "scores")
    )
    logging_steps: int = _evaluation(50, "Log loss and learning rate every N steps.", least=1)
    report_to: str = _evaluation(
        "none", "Tracker to which losses and scores are reported in addition to `training_log.jsonl`.", choices=TRACKERS
    )

    output_dir: str = _saving(
        "",
        "Folder for the trained model and its checkpoints; default: `checkpoints/` and the name of the data set.",
        metavar="DIR",
    )
    overwrite: bool = _saving(
        False,
        "Replace the model or the checkpoints of another run in the output folder. Not needed to resume, nor to repeat "
        "a command: with the same settings, the new model (on data that may have changed) replaces the old one when it "
        "is finished.",
    )
    save_steps: int = _saving(0, "Save a checkpoint to resume from every N steps; 0: never.")
    save_total_limit: int = _saving(2, "Number of checkpoints to keep; the oldest is deleted first.", least=1)
    resume_from_checkpoint: str | None = _saving(
        None,
        "Folder of a checkpoint, or `latest` for the latest in the output folder; without one, `latest` starts anew.",
        metavar="DIR|latest",
    )

    push_to_hub: bool = _hub(False, "Upload the trained model to the Hub.")
    hub_model_id: str | None = _hub(
        None, "Repository for the upload; default: the name of the output folder.", metavar="USER/NAME"
    )
    hub_private_repo: bool = _hub(False, "Create the repository as private.")
    hub_token: str | None = _hub(
        None,
        "Token for the Hub; default: $HF_TOKEN or that of `hf auth login`, which are safer.",
        metavar="TOKEN",
        secret=True,
    )

    def __new__(cls, *args: Any, **kwargs: Any) -> "SpertTrainingArguments":
        """Refuse unknown settings and suggest similar ones, unlike the `__init__` of a dataclass."""
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
        self._check_teachers()
        self.given_reading()
        # Not resolved, as that would use the name of a link's target.
        name = Path(os.path.abspath(self.dataset)).stem  # noqa: PTH100
        self.output_dir = self.output_dir or f"checkpoints/{name}"
        if self.push_to_hub and self.hub_model_id is None:
            self.hub_model_id = Path(self.output_dir).name
        if self.push_to_hub:
            _check_repository(str(self.hub_model_id))

    def _check_start(self) -> None:
        """Check that a run starts from either an encoder or a trained model."""
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
        """Check that adapters, if requested, can be trained: with peft, and on a base that others can load."""
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

    def _check_teachers(self) -> None:
        """Check that teachers are named, if anything is set for them.

        Raises:
            ValueError: if they are not.
        """
        default = SETTINGS["teacher_weight"].default
        if not self.teacher_names() and self.teacher_weight != default:
            raise ValueError(f"teacher_weight needs teachers, got {self.teacher_weight!r} without them")

    def teacher_names(self) -> list[str]:
        """Return the folders or Hub ids of the teachers.

        Raises:
            ValueError: if one is empty.
        """
        names = [] if self.teachers is None else [name.strip() for name in self.teachers.split(",")]
        if "" in names:
            raise ValueError(must_be("teachers", "folders or Hub ids, separated by commas", repr(self.teachers)))
        return names

    @property
    def mixed_precision(self) -> str:
        """The value of `mixed_precision` in Accelerate."""
        return "bf16" if self.bf16 else "fp16" if self.fp16 else "no"

    @property
    def eval_strategy(self) -> str:
        """When the dev split is evaluated, for callbacks of transformers."""
        return "epoch" if self.eval_every_epochs else "no"

    @property
    def greater_is_better(self) -> bool:
        """Always `True`, for callbacks of transformers: all metrics are F1 scores."""
        return True

    def measure_of_best_model(self) -> str:
        """Name the metric that determines the best evaluation; only scores by the same one are compared."""
        return f"{self.metric_for_best_model}{' without overlapping entities' if self.no_overlapping else ''}"

    def model_settings(self) -> dict[str, Any]:
        """Return the settings of [`SpertConfig`]."""
        return {name: getattr(self, name) for name in settings_of(ModelSettings)}

    def given_reading(self) -> dict[str, Any]:
        """Return the given settings of the model's text reading, which are not chosen automatically.

        Raises:
            ValueError: one is unknown or invalid.
        """
        given = {} if self.text_reading == "auto" else parse_reading(self.text_reading)
        if given.get("words") == "pattern":
            from ..model.words import pattern_matches

            pattern_matches(given["word_pattern"])
        return given

    def decisive_settings(self) -> dict[str, Any]:
        """Return the settings that affect the computation of a step: a run can only be resumed with the same ones."""
        return {name: getattr(self, name) for name in settings_deciding("steps")}

    def sampling_settings(self) -> "SamplingSettings":
        """Return the settings of negative sampling."""
        from ..data.sampling import SamplingSettings  # imports NumPy

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
    """Return the settings that affect optimizer `steps`, the `model` or its `scores`; see `KINDS`."""
    return {name: declared for name, declared in SETTINGS.items() if what in declared.decides}


def read_recipe(path: str | Path) -> dict[str, Any]:
    """Read settings from a YAML file.

    Args:
        path: the file.

    Returns:
        The settings in the file, by name.

    Raises:
        ValueError: a setting is unknown or has a value of the wrong type; the message names file and setting.
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
    """Check the type of a YAML value; `5e-5`, which YAML reads as a string, is accepted as a number."""
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
