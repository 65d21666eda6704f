"""The tables of results as plain data: rows are training settings, columns are scores."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from ..encoders import QUICKSTART_ENCODER

DEFAULT_ENCODER = QUICKSTART_ENCODER
FOLD = "{fold}"
"""Placeholder for the number of a fold in `dataset_config_name`."""

Settings = Mapping[str, Any]
_NONE: Settings = MappingProxyType({})


@dataclass(frozen=True)
class Column:
    """A column of scores.

    Args:
        label: its heading.
        task: `ner`, `rel` or `rel_plus`.
        average: `micro` or `macro`.
        figure: `precision`, `recall` or `f1`.
    """

    label: str
    task: str
    average: str
    figure: str = "f1"

    @property
    def key(self) -> str:
        """The column's name in [`Published.scores`], such as `rel_plus.micro.f1`."""
        return f"{self.task}.{self.average}.{self.figure}"


@dataclass(frozen=True)
class Row:
    """The training settings of a row, from [`SpertTrainingArguments`].

    Args:
        label: the row's name in its table.
        settings: the row's own settings, which override those of `recipe` and of the table.
        recipe: a recipe of the package, as a path in `model_cards/`. Its output folder and its encoder are ignored.
        position: the row's position on the horizontal axis of the table's plot, if this axis is numeric.
        teachers: a row whose runs with the seeds `teacher_seeds` are the teachers of this row's runs; not for
            tables of folds.
    """

    label: str
    settings: Settings = field(default_factory=lambda: _NONE, hash=False)
    recipe: str | None = None
    position: float | None = None
    teachers: "Row | None" = None
    teacher_seeds: tuple[int, ...] = ()


@dataclass(frozen=True)
class Published:
    """Published figures for comparison.

    Args:
        label: whose figures they are.
        source: how they were measured.
        encoder: the encoder that they were measured with; they are shown next to runs with the same one.
        scores: the scores in percent, by [`Column.key`].
    """

    label: str
    source: str
    encoder: str
    scores: Mapping[str, float] = field(hash=False)


@dataclass(frozen=True)
class Finding:
    """A conclusion of the paper that a table checks.

    Args:
        text: the conclusion as a sentence.
        ahead: labels of the rows that should be better than the others.
        column: the score that decides.
        beside: labels of rows that the paper does not have, which are ignored.
    """

    text: str
    ahead: tuple[str, ...]
    column: Column
    beside: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """A table of results.

    Args:
        name: the table's name in commands.
        title: its heading.
        claim: what it shows or asks, in one sentence.
        dataset: the data set.
        split: the split of the scores: `test`, or `dev` for tables that help to choose settings.
        rows: the rows, which are compared.
        columns: the scores that are reported.
        seeds: the seeds of each row's runs, or the folds, if `dataset_config_name` has a placeholder for one.
        settings: the settings that all rows share; all others are the paper's.
        published: published figures for comparison.
        axis: the label of the axis of the rows' positions, if they have positions.
        analysis: the name of a further analysis to show, from [`ANALYSES`].
        finding: the conclusion of the paper that the table checks.
    """

    name: str
    title: str
    claim: str
    dataset: str
    split: str
    rows: tuple[Row, ...]
    columns: tuple[Column, ...]
    seeds: tuple[int, ...]
    settings: Settings = field(default_factory=lambda: _NONE, hash=False)
    published: tuple[Published, ...] = ()
    axis: str | None = None
    analysis: str | None = None
    finding: Finding | None = None

    @property
    def by_fold(self) -> bool:
        """Whether `seeds` are folds."""
        return any(FOLD in (row.settings.get("dataset_config_name") or "") for row in self.rows)


NER = Column("NER micro", "ner", "micro")
NER_MACRO = Column("NER macro", "ner", "macro")
REL = Column("REL micro", "rel", "micro")
REL_MACRO = Column("REL macro", "rel", "macro")
REL_PLUS = Column("REL+ micro", "rel_plus", "micro")
REL_PLUS_MACRO = Column("REL+ macro", "rel_plus", "macro")
F1_COLUMNS = (NER, NER_MACRO, REL, REL_MACRO, REL_PLUS, REL_PLUS_MACRO)
REL_PLUS_PRECISION = Column("REL+ precision", "rel_plus", "micro", "precision")
REL_PLUS_RECALL = Column("REL+ recall", "rel_plus", "micro", "recall")

FINAL: Settings = {"train_on_dev": True, "eval_every_epochs": 0}
"""Settings for final figures: training on train and dev."""

ORDINARY_CASE: Settings = {"lower_case_copies": 0.0, "upper_case_copies": 0.0}
"""Settings of a recipe without copies in other letter case."""

ON_TRAIN: Settings = {"train_on_dev": False}
"""Settings of a recipe that is to be scored on dev."""

IN_WINDOWS: Settings = {"context_window": 256, "per_device_train_batch_size": 2}
"""Context beyond the sentence, for abstracts of about five sentences."""

ABLATION_BASE: Settings = {
    "num_train_epochs": 10,
    "per_device_train_batch_size": 16,
    "learning_rate": 4e-4,
    "head_learning_rate": 2e-3,
    "optim": "adamw",
    "freeze_embeddings": True,
    "group_by_length": True,
    "bf16": True,
    "eval_every_epochs": 0,
}
"""Settings of the ablations, except for the one that each varies; they are fast, for many runs."""
ABLATION_SEEDS = (42, 43)
TEACHER_SEEDS = (1, 2)
NO_R_DROP: Settings = {"consistency_weight": 0.0}
"""Settings of a recipe without R-Drop."""
RECIPE_ON_DEV = Row("recommended recipe", ON_TRAIN, recipe="conll04/recipe_minilm.yaml")
NO_R_DROP_ON_DEV = replace(RECIPE_ON_DEV, label="the same without R-Drop", settings={**ON_TRAIN, **NO_R_DROP})
ABLATION_COLUMNS = (NER, REL, REL_PLUS, REL_PLUS_MACRO)
NEGATIVES = (0, 20, 50, 100, 200)
BY_ATTENTION = "between, by attention"
ENOUGH_NEGATIVES = ("100", "200")
PAPER_ENCODER = "google-bert/bert-base-cased"
PUBLISHED_CODE = "the published code, one run with seed 42"
PAPER = "Eberts & Ulges, ECAI 2020, average of 5 runs"


def _ablation(name: str, title: str, claim: str, rows: tuple[Row, ...], **others: Any) -> Table:
    """Make a table of fast runs on CoNLL04's train split, scored on its dev split."""
    return Table(
        **{
            "name": name,
            "title": title,
            "claim": claim,
            "dataset": "conll04",
            "split": "dev",
            "rows": rows,
            "columns": ABLATION_COLUMNS,
            "seeds": ABLATION_SEEDS,
            "settings": ABLATION_BASE,
            **others,
        }
    )


def _numbers(setting: str) -> tuple[Row, ...]:
    return tuple(Row(str(number), {setting: number}, position=number) for number in NEGATIVES)


def _ade(suffix: str, title: str, claim: str, ner: float, rel_plus: float) -> Table:
    """Make a table of cross-validation on ADE, with or without relations between overlapping mentions."""
    config = {"dataset_config_name": f"fold_{FOLD}{suffix}"}
    return Table(
        name=f"ade{suffix.replace('_', '-')}",
        title=title,
        claim=claim,
        dataset="ade",
        split="test",
        rows=(
            Row("paper's settings", {**FINAL, **config}),
            Row("small recipe", config, recipe="ade/recipe_minilm.yaml"),
        ),
        columns=F1_COLUMNS,
        seeds=tuple(range(10)),
        settings={"no_overlapping": bool(suffix)},
        published=(Published("paper", PAPER, PAPER_ENCODER, {"ner.macro.f1": ner, "rel_plus.macro.f1": rel_plus}),),
    )


_TABLES = (
    Table(
        name="conll04",
        title="CoNLL04",
        claim="Trained on train and dev: whether the paper's settings reproduce the published code, and how the "
        "recommended recipe compares.",
        dataset="conll04",
        split="test",
        rows=(
            Row("paper's settings", FINAL),
            Row("recommended recipe", recipe="conll04/recipe_minilm.yaml"),
            Row("the same without R-Drop", NO_R_DROP, recipe="conll04/recipe_minilm.yaml"),
            Row("that on ordinary case alone", {**NO_R_DROP, **ORDINARY_CASE}, recipe="conll04/recipe_minilm.yaml"),
        ),
        columns=(NER, NER_MACRO, REL, REL_PLUS_PRECISION, REL_PLUS_RECALL, REL_PLUS, REL_PLUS_MACRO),
        seeds=(42, 43, 44, 45, 46),
        published=(
            Published(
                "published code",
                PUBLISHED_CODE,
                DEFAULT_ENCODER,
                {
                    "ner.micro.f1": 85.02,
                    "ner.macro.f1": 81.89,
                    "rel.micro.f1": 63.53,
                    "rel_plus.micro.precision": 64.53,
                    "rel_plus.micro.recall": 62.09,
                    "rel_plus.micro.f1": 63.29,
                    "rel_plus.macro.f1": 64.24,
                },
            ),
            Published(
                "paper",
                PAPER,
                PAPER_ENCODER,
                {
                    "ner.micro.f1": 88.94,
                    "ner.macro.f1": 86.25,
                    "rel_plus.micro.f1": 71.47,
                    "rel_plus.macro.f1": 72.87,
                },
            ),
        ),
    ),
    Table(
        name="scierc",
        title="SciERC",
        claim="Trained on train and dev: whether the paper's settings reproduce the published code with the same "
        "number of epochs, the gain from ten more epochs, and how the recommended recipe compares.",
        dataset="scierc",
        split="test",
        rows=(
            Row("paper's settings, 10 epochs", {**FINAL, "num_train_epochs": 10}),
            Row("paper's settings, 20 epochs", FINAL),
            Row("recommended recipe", recipe="scierc/recipe_minilm.yaml"),
        ),
        columns=F1_COLUMNS,
        seeds=(42, 43, 44, 45, 46),
        published=(
            Published(
                "published code",
                f"{PUBLISHED_CODE}, 10 epochs",
                DEFAULT_ENCODER,
                {
                    "ner.micro.f1": 64.55,
                    "ner.macro.f1": 64.26,
                    "rel.micro.f1": 40.12,
                    "rel.macro.f1": 36.91,
                    "rel_plus.micro.f1": 29.19,
                    "rel_plus.macro.f1": 28.07,
                },
            ),
        ),
    ),
    _ade("", "ADE, with overlap", "Mean over the folds of cross-validation, overlapping mentions kept.", 89.28, 78.84),
    _ade(
        "_no_overlap",
        "ADE, without overlap",
        "Mean over the folds of cross-validation, without overlapping mentions and the relations between them.",
        89.25,
        79.24,
    ),
    _ablation(
        "encoder",
        "Pre-training of the encoder",
        "The effect of pre-training: none, only the word embeddings, or the whole encoder; in all three, the "
        "classifiers are new and the embeddings are trained.",
        (
            Row("pre-trained", {"freeze_embeddings": False}),
            Row("layers random", {"freeze_embeddings": False, "random_layers": True}),
            Row("all random", {"freeze_embeddings": False, "random_encoder": True}),
        ),
        finding=Finding("The paper finds pre-training of the whole encoder decisive.", ("pre-trained",), REL_PLUS),
    ),
    _ablation(
        "context",
        "Context of a relation",
        "The best context of a pair, and whether it depends on the length of the sentence.",
        (
            Row("between the spans", {"relation_context": "between"}),
            Row("whole sentence", {"relation_context": "sentence"}),
            Row("[CLS]", {"relation_context": "cls"}),
            Row(BY_ATTENTION, {"relation_context": "attention"}),
        ),
        analysis="sentence_lengths",
        finding=Finding(
            "The paper finds the words between the two spans the best context.",
            ("between the spans",),
            REL_PLUS,
            beside=(BY_ATTENTION,),
        ),
    ),
    _ablation(
        "pooling",
        "Pooling of a span",
        "The best pooling of the sub-words of a span.",
        tuple(Row(pooling, {"span_pooling": pooling}) for pooling in ("max", "mean", "sum")),
        finding=Finding("The paper pools by maximum.", ("max",), REL_PLUS),
    ),
    _ablation(
        "negative-spans",
        "Negative spans",
        "The number of negative spans per sentence and epoch.",
        _numbers("negative_spans"),
        axis="negative spans per sentence",
        finding=Finding(
            "The paper finds that sufficiently many negative spans are needed, and samples 100.", ENOUGH_NEGATIVES, NER
        ),
    ),
    _ablation(
        "negative-pairs",
        "Negative pairs",
        "The number of negative pairs per sentence and epoch.",
        _numbers("negative_pairs"),
        axis="negative pairs per sentence, at most",
        finding=Finding(
            "The paper finds that sufficiently many negative pairs are needed, and samples 100.",
            ENOUGH_NEGATIVES,
            REL_PLUS,
        ),
    ),
    _ablation(
        "negatives",
        "Strong or weak negative pairs",
        "Whether to sample negative pairs from gold entities (strong) or from all candidate spans (weak).",
        (Row("strong", {"strong_negatives": True}), Row("weak", {"strong_negatives": False})),
        finding=Finding("The paper finds strong negative pairs better than weak ones.", ("strong",), REL_PLUS),
    ),
    _ablation(
        "size-embedding",
        "Embedding of a span's size",
        "The effect of the span size embeddings.",
        (Row("25 dimensions", {"size_embedding_dim": 25}), Row("none", {"size_embedding_dim": 0})),
        finding=Finding("The paper uses the span size in both classifiers.", ("25 dimensions",), REL_PLUS),
    ),
    _ablation(
        "threshold",
        "Threshold of a relation",
        "The effect of the relation threshold on precision and recall.",
        (Row("threshold 0.4"),),
        columns=(REL_PLUS_PRECISION, REL_PLUS_RECALL, REL_PLUS),
        analysis="thresholds",
    ),
    Table(
        name="document-context",
        title="Context beyond the sentence",
        claim="The gain from reading the sentences of an abstract together, with the recommended recipe for SciERC; "
        "batches have about as many sentences.",
        dataset="scierc",
        split="dev",
        rows=(
            Row("sentences alone", ON_TRAIN, recipe="scierc/recipe_minilm.yaml"),
            Row("windows of 256 sub-words", {**ON_TRAIN, **IN_WINDOWS}, recipe="scierc/recipe_minilm.yaml"),
        ),
        columns=F1_COLUMNS,
        seeds=ABLATION_SEEDS,
    ),
    Table(
        name="teachers",
        title="Consistency under dropout, and teachers",
        claim="The gain from computing each batch twice and pulling the two predictions together (R-Drop), which the "
        "recommended recipe for CoNLL04 does, and from learning from the mean predictions of two models without it.",
        dataset="conll04",
        split="dev",
        rows=(
            RECIPE_ON_DEV,
            NO_R_DROP_ON_DEV,
            replace(
                NO_R_DROP_ON_DEV,
                label="without R-Drop, two teachers",
                teachers=NO_R_DROP_ON_DEV,
                teacher_seeds=TEACHER_SEEDS,
            ),
        ),
        columns=F1_COLUMNS,
        seeds=ABLATION_SEEDS,
    ),
    Table(
        name="precision",
        title="Single precision and bfloat16",
        claim="The cost of training in bfloat16 in F1, with the paper's settings.",
        dataset="conll04",
        split="test",
        rows=(Row("float32", FINAL), Row("bfloat16", {**FINAL, "bf16": True})),
        columns=F1_COLUMNS,
        seeds=(42, 43, 44),
    ),
)
TABLES: Mapping[str, Table] = MappingProxyType({table.name: table for table in _TABLES})
"""All tables, by name, in the order of the page."""
