"""Declarations of settings, each once: name, type, default, bounds, help and kind; and those of a model.

Light, so that the help of a command line that is made of them is shown before torch and transformers are imported.
"""

from collections.abc import Collection
from dataclasses import MISSING, dataclass, field, fields
from functools import cache, partial
from textwrap import fill
from typing import Any, get_args

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
"""Kinds of settings, and what those of a kind decide unless they are declared otherwise: what an optimizer `step`
computes (a run goes on from a checkpoint only with the same), which `model` a command leaves, and its `scores`.

`model` settings are part of the config; `data` says where data and weights come from (a checkpoint holds the weights,
and a digest of the data); `run` is where and how often, and what a machine has room for; `hub` is of the upload.
"""


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting as it was declared; see [`setting`].

    Args:
        name: of the field.
        type: `bool`, `int`, `float` or `str`.
        optional: whether `None` is allowed.
        default: its default.
        help: what it is, in a sentence.
        kind: one of `KINDS`.
        group: heading of the options of a command line that it stands under; empty where it is no option.
        least: lowest number that is allowed.
        most: highest number that is allowed; `None`: any.
        choices: the texts that are allowed; empty: any.
        metavar: what `--help` calls a text.
        decides: what it decides, of `steps`, `model` and `scores`.
        shapes_weights: whether it says which weights there are, so that a trained model's can't be changed.
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
        """Refuse a value that is not allowed.

        Raises:
            ValueError: naming the setting, what was given and what is allowed.
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
        """Give type, default and bounds in a few words."""
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
    """Declare a field of a dataclass as a setting; arguments as of [`Setting`], by default `decides` is as of its kind.

    The field's type is that of the setting, or `None` besides.
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
    """The settings that a dataclass declares, by name; fields that are none are left out."""
    found = {}
    for one in fields(declaring):
        if one.metadata and one.default is not MISSING:
            types = get_args(one.type) or (one.type,)
            kind = next(known for known in (bool, int, float, str) if known in types)
            found[one.name] = Setting(one.name, kind, type(None) in types, one.default, **one.metadata)
    return found


def describe_settings(declaring: type, indent: int) -> str:
    """Give the settings that a dataclass declares as lines of a docstring."""
    margin = " " * indent
    return "\n".join(
        fill(f"{name} ({one.describe()}): {one.help}", 120, initial_indent=margin, subsequent_indent=f"{margin}    ")
        for name, one in settings_of(declaring).items()
    )


_chosen = partial(setting, kind="model", group="model")
_fixed = partial(setting, kind="model")


@dataclass(kw_only=True, eq=False, repr=False)
class ModelSettings:
    """Settings of a model that are chosen when it is trained; the defaults are those of the paper (Eberts & Ulges, ECAI
    2020).
    """

    max_span_size: int = _chosen(10, "Longest span that can be predicted, in tokens.", least=1, most=1_000)
    span_pooling: str = _chosen("max", "How the sub-words of a span become one vector.", choices=SPAN_POOLINGS)
    relation_context: str = _chosen(
        "between",
        "What stands for a pair's context: the sub-words `between` its spans, all of the `sentence`, pooled as spans "
        "are, the encoder's first position, `cls`, or those between by `attention`, the softmax of learned scores.",
        choices=RELATION_CONTEXTS,
    )
    size_embedding_dim: int = _chosen(
        25,
        "Width of the embedding of a span's size; 0 leaves it out.",
        most=10_000,
        shapes_weights=True,
    )
    classifier_dropout: float = _chosen(0.1, "Dropout on the classifiers' inputs.", most=1)
    relation_threshold: float = _chosen(0.4, "Lowest score at which a relation is predicted.", most=1)
    overlap: str = _chosen(
        "keep",
        "Entities that overlap are all kept, all dropped, or the best by score are kept.",
        choices=OVERLAP_POLICIES,
    )
    letter_case_embeddings: bool = _chosen(
        False,
        "Show the encoder how words are written (lower, Capital, CAPITALS), for tokenizers that ignore it.",
        shapes_weights=True,
    )


@dataclass(kw_only=True, eq=False, repr=False)
class ConfigSettings(ModelSettings):
    """All settings of a model's config that are a number, a text, or yes or no."""

    size_embedding_count: int = _fixed(
        100, "Rows of the embedding of a span's size; longer spans use its last row.", least=2, most=10_000
    )
    entity_temperature: float = _fixed(
        1.0,
        "What the entity logits are divided by before the softmax (Guo et al., ICML 2017), so that scores say how "
        "often entities are right. 1: as trained. Which entities are found does not depend on it, but with `overlap` "
        "`best` it has a part in which of those that overlap are kept.",
        least=0.01,
        most=100,
    )
    relation_temperature: float = _fixed(
        1.0,
        "What the relation logits are divided by before the sigmoid. `relation_threshold` applies to the score as "
        "shown, after the division.",
        least=0.01,
        most=100,
    )
    max_sequence_length: int | None = _fixed(
        None,
        "Most sub-words that the encoder takes, its special ones included; by default found out from the encoder when "
        "the model is made.",
        least=4,
        most=10_000_000,
    )
    initializer_range: float = _fixed(
        0.02, "Standard deviation of the initial weights of classifiers and size embedding.", most=1
    )
