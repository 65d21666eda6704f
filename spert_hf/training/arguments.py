"""Settings of a training run: a dataclass, read from the command line and from a YAML file."""

import math
import os
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..data.documents import SELF_RELATIONS
from ..data.faults import plain_name, short_repr
from ..encoders import QUICKSTART_ENCODER
from ..model.choices_spert import OVERLAP_POLICIES, RELATION_CONTEXTS, SPAN_POOLINGS
from ..model.text_reading_spert import parse_reading
from .yaml_files import load_yaml

if TYPE_CHECKING:
    from ..data.sampling import SamplingSettings

OPTIMIZERS = ("adamw", "adamw_no_bias_correction")
SCHEDULERS = ("linear", "cosine", "constant", "constant_with_warmup")
METRICS = ("ner_f1", "rel_f1", "rel_plus_f1", "ner_macro_f1", "rel_macro_f1", "rel_plus_macro_f1")
TRACKERS = (*("none", "tensorboard", "wandb", "trackio", "mlflow", "comet_ml", "aim", "clearml", "dvclive", "swanlab"),)
"""Those of Accelerate."""
EVAL_SPLITS = ("auto", "train", "dev", "test")
MODEL_SETTINGS = (
    "max_span_size",
    "span_pooling",
    "relation_context",
    "size_embedding_dim",
    "classifier_dropout",
    "relation_threshold",
    "letter_case_embeddings",
    "overlap",
)


# Where data and weights come from (a checkpoint holds the weights, and a digest of the data), how often is looked, and
# where what is found goes: all else decides what a step computes, as may settings that are yet to come.
_FREE_WHEN_RESUMING = {
    *(
        "dataset",
        "dataset_config_name",
        "data_dir",
        "self_relations",
        "train_on_dev",
        "encoder",
        "model",
        "random_encoder",
        "random_layers",
        "revision",
    ),
    *("per_device_eval_batch_size", "cpu_threads", "gradient_checkpointing", "ddp_timeout", "max_skipped_steps"),
    *("eval_every_epochs", "eval_split", "no_overlapping", "load_best_model_at_end", "metric_for_best_model"),
    *(
        "logging_steps",
        "report_to",
        "output_dir",
        "overwrite",
        "save_steps",
        "save_total_limit",
        "resume_from_checkpoint",
    ),
    *("push_to_hub", "hub_model_id", "hub_token", "hub_private_repo", "text_reading"),
}


def _setting(default: Any, text: str, choices: tuple[str, ...] | None = None) -> Any:
    metadata = {"help": text} | ({"choices": list(choices)} if choices else {})
    return field(default=default, metadata=metadata)


@dataclass
class SpertTrainingArguments:
    """Settings of a training run. Names are those of transformers' `TrainingArguments` where it has one; the defaults
    are the paper's (Eberts & Ulges, ECAI 2020) where it has one.
    """

    dataset: str = _setting(
        "quickstart",
        "What to train on: `quickstart`, `conll04`, `scierc`, `ade`, a folder with a loading script, a folder of "
        "documents (train/dev/test), a single file of documents, or a Hub id.",
    )
    dataset_config_name: str | None = _setting(None, "Configuration of the data set, where it has several.")
    data_dir: str | None = _setting(None, "Folder with local copies of the data set's sources.")
    self_relations: str = _setting(
        "error", "Relations of an entity to itself are faults, or dropped and counted.", SELF_RELATIONS
    )
    train_on_dev: bool = _setting(False, "Train on train + dev, as for the paper's final figures.")
    encoder: str | None = _setting(
        QUICKSTART_ENCODER, "Pretrained encoder: a folder or the id of any encoder on the Hub. None with `model`."
    )
    model: str | None = _setting(
        None,
        "Trained SpERT model to go on from, a folder or Hub id, in place of an encoder: with all its weights (types of "
        "the same name keep theirs, new ones get fresh ones), and with its settings where none are given.",
    )
    random_encoder: bool = _setting(False, "Start from the encoder's architecture with random weights.")
    random_layers: bool = _setting(
        False, "Start from the encoder's architecture with random weights, but with its pretrained word embeddings."
    )
    freeze_embeddings: bool = _setting(
        False, "Leave the encoder's word embeddings as they are: quicker steps, above all on a CPU."
    )
    output_dir: str = _setting(
        "", "Where the trained model and its checkpoints are saved; by default `checkpoints/` and the data set's name."
    )
    overwrite: bool = _setting(
        False,
        "Replace the model, or the checkpoints, of another run in the output folder. Not needed to go on from "
        "checkpoints there, nor to run a command again: with the same settings it trains the same model (of data that "
        "may have grown), which replaces the one there when it is done.",
    )

    num_train_epochs: int = _setting(20, "Passes over the training documents.")
    per_device_train_batch_size: int = _setting(2, "Sentences a device and step.")
    per_device_eval_batch_size: int = _setting(32, "Sentences a device at once in evaluation.")
    gradient_accumulation_steps: int = _setting(1, "Batches whose gradients are added up for one step.")
    group_by_length: bool = _setting(False, "Put sentences of similar length into one batch: less padding to compute.")
    learning_rate: float = _setting(5e-5, "Highest learning rate.")
    head_learning_rate: float | None = _setting(
        None, "That of all but the encoder (classifiers, embeddings of sizes and letter case), if it is to differ."
    )
    weight_decay: float = _setting(0.01, "On all weights but biases and those of LayerNorm.")
    warmup_ratio: float = _setting(0.1, "Share of the steps in which the learning rate rises from 0.")
    lr_scheduler_type: str = _setting("linear", "What the learning rate does after that.", SCHEDULERS)
    max_grad_norm: float = _setting(1.0, "Gradients are scaled down to this norm; 0 leaves them.")
    max_skipped_steps: int = _setting(
        10, "The run stops when so many steps were skipped because their loss or gradient is not finite."
    )
    optim: str = _setting("adamw_no_bias_correction", "The published code's AdamW has no bias correction.", OPTIMIZERS)
    seed: int = _setting(42, "Of weights, order, negatives and dropout: same seed, same result.")

    negative_spans: int = _setting(100, "Negative spans drawn a sentence and epoch.")
    negative_pairs: int = _setting(100, "Negative pairs drawn a sentence and epoch.")
    strong_negatives: bool = _setting(
        True, "Draw negative pairs among gold entities; --no-strong-negatives: among all candidates."
    )
    max_span_size: int = _setting(10, "Longest span that can be predicted, in tokens.")
    span_pooling: str = _setting("max", "How the sub-words of a span become one vector.", SPAN_POOLINGS)
    relation_context: str = _setting("between", "What stands for a pair's context.", RELATION_CONTEXTS)
    size_embedding_dim: int = _setting(25, "Width of the embedding of a span's size; 0 leaves it out.")
    classifier_dropout: float = _setting(0.1, "Dropout on the classifiers' inputs.")
    relation_threshold: float = _setting(0.4, "Lowest score at which a relation is predicted.")

    overlap: str = _setting(
        "keep", "Entities that overlap are all kept, all dropped, or the best by score are kept.", OVERLAP_POLICIES
    )
    learn_signatures: bool = _setting(
        False, "Predict relations only between entity types that they join somewhere in the training documents."
    )
    letter_case_embeddings: bool = _setting(
        False, "Show the encoder how words are written (lower, Capital, CAPITALS), for tokenizers that ignore it."
    )

    lower_case_copies: float = _setting(
        0.0, "Share of the training sentences that an epoch has once more, in lower case: for text without capitals."
    )
    upper_case_copies: float = _setting(
        0.0, "Share of the training sentences that an epoch has once more, in capitals: for text such as headlines."
    )
    text_reading: str = _setting(
        "auto",
        "How the model reads text: `auto` takes the way that gives the data's tokens and sequences; or settings of "
        "`SpertConfig.text_reading` that are not to be chosen, such as `words=whitespace,sequences=document`.",
    )

    bf16: bool = _setting(False, "Mixed precision with bfloat16.")
    fp16: bool = _setting(False, "Mixed precision with float16 (GPU).")
    cpu_threads: int = _setting(0, "Threads of a process on a CPU; 0: its share of the machine's cores.")
    gradient_checkpointing: bool = _setting(False, "Compute activations again in the backward pass, to save memory.")
    ddp_timeout: int = _setting(600, "Seconds that a process of a distributed run waits for the others.")

    eval_every_epochs: int = _setting(1, "Evaluate on the dev split each so many epochs; 0: never.")
    eval_split: str = _setting(
        "auto",
        "Split that the trained model is scored on; `auto`: test, where there is none dev, where there is none train.",
        EVAL_SPLITS,
    )
    no_overlapping: bool = _setting(False, "Drop entities that overlap, in gold and predictions, when evaluating.")
    load_best_model_at_end: bool = _setting(False, "Keep the model of the best evaluation, not the last one.")
    metric_for_best_model: str = _setting("rel_plus_f1", "What decides which evaluation is best.", METRICS)
    logging_steps: int = _setting(50, "Log loss and learning rate each so many steps.")
    report_to: str = _setting("none", "Tracker that gets losses and scores besides `training_log.jsonl`.", TRACKERS)

    save_steps: int = _setting(0, "Save a checkpoint to resume from each so many steps; 0: none.")
    save_total_limit: int = _setting(2, "Checkpoints that are kept; the oldest goes first.")
    resume_from_checkpoint: str | None = _setting(
        None,
        "A checkpoint's folder, or `latest` of the output folder's; with none there yet, `latest` begins anew.",
    )

    push_to_hub: bool = _setting(False, "Upload the trained model to the Hub.")
    hub_model_id: str | None = _setting(None, "Repository to upload it to; by default the output folder's name.")
    # Not shown, for a token belongs in no log.
    hub_token: str | None = field(
        default=None,
        repr=False,
        metadata={
            "help": "Token for the Hub; by default $HF_TOKEN or that of `hf auth login`, which stay out of logs."
        },
    )
    hub_private_repo: bool = _setting(False, "Make that repository private.")
    revision: str | None = _setting(None, "Revision of the data set, where it is taken from the Hub.")

    def __post_init__(self) -> None:
        for one in fields(self):
            _check_setting(one.name, getattr(self, one.name), one.metadata.get("choices"))
        if self.bf16 and self.fp16:
            raise ValueError("bf16, fp16: given both, allowed one of them")
        if self.random_encoder and self.random_layers:
            raise ValueError("random_encoder, random_layers: given both, allowed one of them")
        if self.eval_split == "dev" and self.train_on_dev:
            raise ValueError("eval_split: given 'dev', which train_on_dev trains on; allowed 'auto', 'train', 'test'")
        if self.load_best_model_at_end and (self.train_on_dev or not self.eval_every_epochs):
            reason = "train_on_dev, which trains on what decides" if self.train_on_dev else "eval_every_epochs 0"
            raise ValueError(
                f"load_best_model_at_end: given True with {reason}; allowed with a dev split that is scored"
            )
        self._check_start()
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
                raise ValueError("encoder: given none, allowed a folder, or the id of an encoder on the Hub, or model")
            return
        if self.encoder not in (None, QUICKSTART_ENCODER):
            raise ValueError("encoder, model: given both, allowed one of them: a trained model has its encoder")
        self.encoder = None
        for name in ("random_encoder", "random_layers"):
            if getattr(self, name):
                raise ValueError(f"{name}: given True with model, which has weights; allowed with encoder")

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
        return {name: getattr(self, name) for name in MODEL_SETTINGS}

    def given_reading(self) -> dict[str, Any]:
        """The settings of the model's reading that are given, not chosen.

        Raises:
            ValueError: if one is not known or not allowed.
        """
        given = {} if self.text_reading == "auto" else parse_reading(self.text_reading)
        if given.get("words") == "pattern":
            from ..model.words_spert import pattern_matches

            pattern_matches(given["word_pattern"])
        return given

    def decisive_settings(self) -> dict[str, Any]:
        """The settings that decide what a step computes: with others, a run does not go on from a checkpoint."""
        return {name: value for name, value in asdict(self).items() if name not in _FREE_WHEN_RESUMING}

    def sampling_settings(self) -> "SamplingSettings":
        """The settings of negative sampling."""
        from ..data.sampling import SamplingSettings  # needs NumPy, as settings do not

        return SamplingSettings(
            self.negative_spans,
            self.negative_pairs,
            self.strong_negatives,
            max_span_size=self.max_span_size,
        )


def _check_repository(name: str) -> None:
    from huggingface_hub.utils import HFValidationError, validate_repo_id

    try:
        validate_repo_id(name)
    except HFValidationError as error:
        raise ValueError(f"hub_model_id: given {name!r}: {error}") from error


_AT_LEAST = {
    "num_train_epochs": 1,
    "per_device_train_batch_size": 1,
    "per_device_eval_batch_size": 1,
    "gradient_accumulation_steps": 1,
    "logging_steps": 1,
    "save_total_limit": 1,
    "max_skipped_steps": 1,
    "ddp_timeout": 1,
    "max_span_size": 1,
}
_SHARES = ("warmup_ratio", "classifier_dropout", "relation_threshold", "lower_case_copies", "upper_case_copies")


def _check_setting(name: str, value: Any, choices: list[str] | None) -> None:
    """Check one setting; numbers may not be negative."""
    if choices and value not in choices:
        raise ValueError(f"{name}: given {value!r}, allowed {', '.join(map(repr, choices))}")
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if not math.isfinite(value):
            raise ValueError(f"{name}: given {value!r}, allowed a finite number")
        least = _AT_LEAST.get(name, 0)
        if not value >= least:
            raise ValueError(f"{name}: given {value!r}, allowed {least} or more")
    if name in _SHARES and value > 1:
        raise ValueError(f"{name}: given {value!r}, allowed a number from 0 to 1")


def read_recipe(path: str | Path) -> dict[str, Any]:
    """Read settings from a YAML file.

    Raises:
        ValueError: naming the file and the setting that is not known or has a value of another type.
    """
    settings = load_yaml(Path(path))
    if settings is None:
        return {}
    if not isinstance(settings, dict):
        raise ValueError(f"{path}: given a {type(settings).__name__}, allowed a mapping of settings to values")
    known = {one.name: one for one in fields(SpertTrainingArguments)}
    recipe = {}
    for key, value in settings.items():
        name = str(key).replace("-", "_")
        if name not in known:
            raise ValueError(f"{path}: {plain_name(key)}: not a setting; allowed {', '.join(known)}")
        recipe[name] = _as_type(f"{path}: {plain_name(key)}", value, str(known[name].type))
    return recipe


def _as_type(where: str, value: Any, expected: str) -> Any:
    """Check a YAML value against a field's type; `5e-5`, which YAML reads as text, counts as a number."""
    if value is None and "None" in expected:
        return None
    kinds: dict[str, tuple[type, ...]] = {"bool": (bool,), "int": (int,), "float": (int, float), "str": (str,)}
    kind = next(name for name in kinds if name in expected)
    if kind == "float" and isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            pass
    if not isinstance(value, kinds[kind]) or (isinstance(value, bool) and kind != "bool"):
        given = "another" if where.endswith("token") else short_repr(value)
        raise ValueError(f"{where}: given {given}, allowed a value of type {kind}")
    return value
