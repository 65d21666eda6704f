"""Declarations of settings (name, type, default, bounds, help and kind), and the settings of a model.

This module imports nothing heavy, so that `--help` does not wait for torch and transformers.
"""

from collections.abc import Collection
from dataclasses import MISSING, dataclass, field, fields
from functools import cache, partial
from textwrap import fill
from typing import Any, Protocol, get_args

from .choices import OVERLAP_POLICIES, RELATION_CONTEXTS, SPAN_POOLINGS
from .messages import kind_of, must_be
from .setting_checks import check_choice, check_flag, check_integer, check_number, check_text

KINDS: dict[str, tuple[str, ...]] = {
    "model": ("steps", "model", "scores"),
    "data": ("model", "scores"),
    "step": ("steps", "model", "scores"),
    "run": (),
    "hub": (),
}
"""Kinds of settings, and what settings of each kind affect unless declared otherwise: the computation of an optimizer
`step` (a run can only be resumed with the same ones), the resulting `model`, and its `scores`.

`model` settings are part of the config; `data` settings select data and pre-trained weights (checkpoints contain the
weights and a digest of the data); `run` settings are paths, intervals and hardware; `hub` settings concern the upload.
"""


@dataclass(frozen=True, slots=True)
class Setting:
    """A declared setting; see [`setting`].

    Args:
        name: name of the field.
        type: `bool`, `int`, `float` or `str`.
        optional: whether `None` is allowed.
        default: the default.
        help: a one-sentence description.
        kind: one of `KINDS`.
        group: heading of its option in `--help`; empty if there is no option.
        least: minimum of a number.
        most: maximum of a number; `None`: no maximum.
        choices: the allowed strings; empty: any.
        metavar: name of a string value in `--help`.
        decides: what it affects, of `steps`, `model` and `scores`.
        shapes_weights: whether the shapes of weights depend on it, so that it can't be changed for a trained model.
        secret: whether its value is never shown.
    """

    name: str
    type: type
    optional: bool
    default: Any
    help: str
    kind: str
    group: str
    least: float
    most: float | None
    choices: tuple[str, ...]
    metavar: str
    decides: tuple[str, ...]
    shapes_weights: bool
    secret: bool

    def check(self, value: Any) -> None:
        """Check a value.

        Args:
            value: the value of this setting.

        Raises:
            ValueError: it is not allowed; the message names the setting, what was given and what is allowed.
        """
        if value is None and self.optional:
            return
        if self.secret and not isinstance(value, str):
            raise ValueError(must_be(self.name, "a string", kind_of(value)))
        if self.choices:
            check_choice(self.name, value, self.choices)
        elif self.type is bool:
            check_flag(self.name, value)
        elif self.type is str:
            check_text(self.name, value)
        else:
            check = check_integer if self.type is int else check_number
            check(self.name, value, self.least, self.most)

    def describe(self) -> str:
        """Return a short description of type, default and bounds."""
        if self.choices:
            allowed = ", also " + ", ".join(f'"{choice}"' for choice in self.choices if choice != self.default)
        elif self.type in (int, float):
            allowed = f", {self.least} or more" if self.most is None else f", {self.least} to {self.most:,}"
        else:
            allowed = ""
        default = f'"{self.default}"' if isinstance(self.default, str) else self.default
        return f"{self.type.__name__}, default {default}{allowed}"


def setting(
    default: Any,
    help: str,
    *,
    kind: str,
    group: str = "",
    least: float = 0,
    most: float | None = None,
    choices: Collection[str] = (),
    metavar: str = "NAME",
    decides: tuple[str, ...] | None = None,
    shapes_weights: bool = False,
    secret: bool = False,
) -> Any:
    """Declare a field of a dataclass as a setting; its type is the annotated type, optionally with `None`.

    Args: those of [`Setting`]; the default of `decides` depends on the kind.
    """
    declared = {
        "help": help,
        "kind": kind,
        "group": group,
        "least": least,
        "most": most,
        "choices": tuple(choices),
        "metavar": metavar,
        "decides": KINDS[kind] if decides is None else decides,
        "shapes_weights": shapes_weights,
        "secret": secret,
    }
    return field(default=default, repr=not secret, metadata=declared)


@cache
def settings_of(declaring: type) -> dict[str, Setting]:
    """Return the settings that a dataclass declares, by name, without its other fields."""
    found = {}
    for one in fields(declaring):
        if one.metadata and one.default is not MISSING:
            types = get_args(one.type) or (one.type,)
            kind = next(known for known in (bool, int, float, str) if known in types)
            found[one.name] = Setting(one.name, kind, type(None) in types, one.default, **one.metadata)
    return found


def describe_settings(declaring: type, indent: int) -> str:
    """Format the settings that a dataclass declares as lines of a docstring."""
    margin = " " * indent
    return "\n".join(
        fill(f"{name} ({one.describe()}): {one.help}", 120, initial_indent=margin, subsequent_indent=f"{margin}    ")
        for name, one in settings_of(declaring).items()
    )


_chosen = partial(setting, kind="model", group="model")
_fixed = partial(setting, kind="model")


@dataclass(kw_only=True, eq=False, repr=False)
class ModelSettings:
    """Settings of a model to choose for training; the defaults are those of the paper (Eberts & Ulges, ECAI 2020)."""

    max_span_size: int = _chosen(10, "Maximum length of a span, in tokens.", least=1, most=1_000)
    span_pooling: str = _chosen("max", "How the sub-words of a span are pooled.", choices=SPAN_POOLINGS)
    relation_context: str = _chosen(
        "between",
        "Context of a pair: the sub-words `between` its spans or the whole `sentence`, pooled like spans; the "
        "encoder's first position (`cls`); or those between, weighted by `attention` with learned scores.",
        choices=RELATION_CONTEXTS,
    )
    size_embedding_dim: int = _chosen(
        25,
        "Dimension of the span size embeddings; 0: none.",
        most=10_000,
        shapes_weights=True,
    )
    classifier_dropout: float = _chosen(0.1, "Dropout on the inputs of the classifiers.", most=1)
    relation_threshold: float = _chosen(0.4, "Minimum score of a predicted relation.", most=1)
    overlap: str = _chosen(
        "keep",
        "Overlapping entities: keep all, drop all, or keep those with the best scores.",
        choices=OVERLAP_POLICIES,
    )
    context_window: int = _chosen(
        0,
        "Sub-words of the window of neighbouring sentences in which the encoder reads those of a document (see "
        "`doc_id`) or a text; spans and pairs are still those of each sentence. 0: each sentence alone.",
        most=10_000_000,
    )
    letter_case_embeddings: bool = _chosen(
        False,
        "Add embeddings of letter case (lower, Capital, CAPITALS), for uncased tokenizers.",
        shapes_weights=True,
    )


@dataclass(kw_only=True, eq=False, repr=False)
class ConfigSettings(ModelSettings):
    """All settings of a model's config that are numbers, strings or booleans."""

    size_embedding_count: int = _fixed(
        100, "Number of span size embeddings; longer spans use the last one.", least=2, most=10_000
    )
    entity_temperature: float = _fixed(
        1.0,
        "Temperature of the entity scores: the logits are divided by it before the softmax (Guo et al., ICML 2017). "
        "It does not change which entities are found, but with `overlap` `best` it may change which of overlapping "
        "ones are kept.",
        least=0.01,
        most=100,
    )
    relation_temperature: float = _fixed(
        1.0,
        "Temperature of the relation scores: the logits are divided by it before the sigmoid. `relation_threshold` "
        "applies to the resulting score.",
        least=0.01,
        most=100,
    )
    max_sequence_length: int | None = _fixed(
        None,
        "Maximum number of sub-words in the encoder's input, including special tokens; by default set from the encoder "
        "when the model is created.",
        least=4,
        most=10_000_000,
    )
    initializer_range: float = _fixed(
        0.02, "Standard deviation of the initial weights of classifiers and size embedding.", most=1
    )


class PredictionSettings(Protocol):
    """The settings of a model that decoding needs; `SpertConfig` has them, as does the record of an ONNX export."""

    entity_types: list[str]
    relation_types: list[str]
    symmetric_relation_types: list[str]
    relation_signatures: dict[str, list[list[str]]] | None
    max_span_size: int
    relation_threshold: float
    overlap: str
    entity_temperature: float
    relation_temperature: float
