"""The settings of training as options of a command line: in groups, each shown once."""

import argparse
from argparse import RawDescriptionHelpFormatter
from dataclasses import Field, fields
from typing import Any

from ...training.arguments import SpertTrainingArguments

GROUPS = {
    "data": ("dataset", "dataset_config_name", "data_dir", "revision", "self_relations", "train_on_dev"),
    "start: a pretrained encoder, or a trained model": (
        "encoder",
        "model",
        "random_encoder",
        "random_layers",
        "freeze_embeddings",
    ),
    "model": (
        *("max_span_size", "span_pooling", "relation_context", "size_embedding_dim", "classifier_dropout"),
        *("relation_threshold", "overlap", "learn_signatures", "letter_case_embeddings", "text_reading"),
    ),
    "negatives and copies": (
        *("negative_spans", "negative_pairs", "strong_negatives", "lower_case_copies", "upper_case_copies"),
    ),
    "optimisation": (
        *("num_train_epochs", "per_device_train_batch_size", "gradient_accumulation_steps", "group_by_length"),
        *("learning_rate", "head_learning_rate", "weight_decay", "warmup_ratio", "lr_scheduler_type"),
        *("max_grad_norm", "max_skipped_steps", "optim", "seed"),
    ),
    "hardware": ("bf16", "fp16", "cpu_threads", "gradient_checkpointing", "ddp_timeout"),
    "evaluation and logging": (
        *("per_device_eval_batch_size", "eval_every_epochs", "eval_split", "no_overlapping"),
        *("load_best_model_at_end", "metric_for_best_model", "logging_steps", "report_to"),
    ),
    "saving and resuming": ("output_dir", "overwrite", "save_steps", "save_total_limit", "resume_from_checkpoint"),
    "Hub": ("push_to_hub", "hub_model_id", "hub_private_repo", "hub_token"),
}
"""The settings under the headings that `--help` shows them."""

_YES = ("yes", "true", "t", "y", "1")
_NO = ("no", "false", "f", "n", "0")


def _yes_or_no(text: str) -> bool:
    """Read what is either, in one of the spellings that transformers' trainers take."""
    if text.lower() in (*_YES, *_NO):
        return text.lower() in _YES
    allowed = ", ".join(f"{yes}/{no}" for yes, no in zip(_YES, _NO, strict=True))
    raise argparse.ArgumentTypeError(
        f"Truthy value expected: got {text} but expected one of {allowed} (case insensitive)."
    )


_KINDS: dict[str, tuple[Any, str]] = {"bool": (_yes_or_no, "YES|NO"), "int": (int, "N"), "float": (float, "X")}
"""How values are read, and what `--help` calls them, by a field's type; all else is text."""

_METAVARS = {
    **dict.fromkeys(("dataset", "encoder", "model"), "DIR_OR_ID"),
    **dict.fromkeys(("data_dir", "output_dir"), "DIR"),
    "resume_from_checkpoint": "DIR|latest",
    "text_reading": "SETTINGS",
    "hub_model_id": "USER/NAME",
    "hub_token": "TOKEN",
}


def make_settings_parser(prog: str, description: str) -> argparse.ArgumentParser:
    """Make the parser of all settings, and of `--config`.

    Options are written with dashes or underscores, never cut short, so that it can be told which are given.
    """
    parser = argparse.ArgumentParser(
        prog=prog,
        usage="%(prog)s [--config FILE] [--SETTING VALUE ...]",
        description=description,
        formatter_class=_HelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--config", metavar="FILE", help="YAML file of settings, by the names below; flags win over it")
    settings = {one.name: one for one in fields(SpertTrainingArguments)}
    for heading, names in GROUPS.items():
        group = parser.add_argument_group(heading)
        for name in names:
            _add_setting(group, settings[name])
    return parser


def is_given(name: str, arguments: Any) -> bool:
    """Whether a setting is given among the arguments of a command line."""
    spellings = {spelling for prefix in ("", "no_") for spelling in _spellings(f"{prefix}{name}")}
    return any(argument.split("=")[0] in spellings for argument in arguments)


def _add_setting(group: Any, setting: Field[Any]) -> None:
    """Add the option of a setting; of one that is on by default, its opposite, too."""
    kind = next((kind for kind in _KINDS if kind in str(setting.type)), "str")  # as in `float | None`
    read, metavar = _KINDS.get(kind, (str, _METAVARS.get(setting.name, "NAME")))
    choices = setting.metadata.get("choices")
    # Where nothing stands for something that the text tells of, a default of nothing would only confuse.
    is_shown = setting.default is not None and setting.default is not False and setting.default != ""
    shown = " (default: %(default)s)" if is_shown else ""
    options: dict[str, Any] = {"type": read, "default": setting.default, "choices": choices}
    options |= {} if choices else {"metavar": metavar}
    options |= {"nargs": "?", "const": True} if kind == "bool" else {}
    group.add_argument(*_spellings(setting.name), help=setting.metadata["help"].replace("%", "%%") + shown, **options)
    if setting.default is True:
        opposite = {"dest": setting.name, "action": "store_false", "default": True, "help": argparse.SUPPRESS}
        group.add_argument(*_spellings(f"no_{setting.name}"), **opposite)


def _spellings(name: str) -> tuple[str, ...]:
    """An option with dashes, which is shown, and with underscores, as in a file."""
    return tuple(dict.fromkeys((f"--{name.replace('_', '-')}", f"--{name}")))


class _HelpFormatter(RawDescriptionHelpFormatter):
    """Shows the description as it is written, and of each option the spelling with dashes alone."""

    def _format_action_invocation(self, action: argparse.Action) -> str:
        shown = [option for option in action.option_strings if "_" not in option]
        if action.nargs == 0 or not shown:
            return ", ".join(shown)
        return f"{', '.join(shown)} {self._format_args(action, action.dest.upper())}"
