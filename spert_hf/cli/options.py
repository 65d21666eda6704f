"""Options shared by several commands, and loading of `--model` and `--dataset`."""

import argparse
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..data.documents import SELF_RELATIONS
from ..files.outputs import check_replaceable, real_target
from ..loading import BACKENDS_OF_EXTRACTION
from ..model.choices import BACKENDS, OVERLAP_POLICIES
from ..model.messages import integer, must_be
from ..model.text_reading import SEQUENCES, WORDS

if TYPE_CHECKING:
    from ..data.documents import Document
    from ..model.configuration_spert import SpertConfig

STANDARD_STREAM = "-"
SPLITS = ("train", "dev", "test")


def add_model_options(parser: argparse.ArgumentParser, *, only_extracts: bool = False) -> None:
    """Add `--model` and the options for loading and computing it.

    Args:
        parser: the parser.
        only_extracts: whether the command only extracts, for which an ONNX export is enough.
    """
    add_loading_options(parser)
    parser.add_argument("--device", type=device, help="device, such as cpu or cuda:0; default: a GPU if there is one")
    parser.add_argument(
        "--dtype",
        choices=("float32", "bfloat16", "float16", "int8"),
        help="precision of the encoder (default: float32"
        + (", or int8 for an export in it alone" if only_extracts else "")
        + "); bfloat16 is faster if the CPU supports it; int8 requires `--backend openvino` and a model written by "
        "`spert-hf quantize`" + (", or `--backend onnx` and an export in it" if only_extracts else ""),
    )
    parser.add_argument(
        "--backend",
        choices=BACKENDS_OF_EXTRACTION if only_extracts else BACKENDS,
        default="torch",
        help="library that computes the encoder (default: %(default)s); openvino, an extra, is faster on a CPU"
        + ("; onnx: a model exported by `spert-hf export`, without torch (an extra)" if only_extracts else ""),
    )
    parser.add_argument(
        "--batch-size", type=positive, default=32, metavar="N", help="texts per batch (default: %(default)s)"
    )


def add_reading_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that override the model's text reading."""
    parser.add_argument(
        "--words", choices=list(WORDS), help="how to split text into words (default: the model's text_reading)"
    )
    parser.add_argument("--word-pattern", metavar="REGEX", help="regular expression that matches words")
    parser.add_argument(
        "--sequences",
        choices=list(SEQUENCES),
        help="how to split text into sequences, within which relations are found (default: the model's text_reading)",
    )


def reading_settings(options: argparse.Namespace) -> dict[str, Any]:
    """Return the options that override the model's text reading, as arguments of the pipeline.

    Args:
        options: those of [`add_reading_options`].

    Raises:
        ValueError: two options contradict each other, or the pattern is not a regular expression.
    """
    from ..model.words import compile_pattern

    if options.word_pattern is None:
        words: Any = options.words
    elif options.words in (None, "pattern"):
        words = compile_pattern(options.word_pattern)
    else:
        raise ValueError(must_be("--words", "left out, or pattern, with --word-pattern", options.words))
    return {name: value for name, value in (("words", words), ("sequences", options.sequences)) if value is not None}


def add_loading_options(parser: argparse.ArgumentParser) -> None:
    """Add `--model` and the options for loading it."""
    parser.add_argument("--model", required=True, metavar="DIR_OR_ID", help="folder or Hub id of a checkpoint")
    parser.add_argument("--revision", help="branch, tag or commit of a model on the Hub")
    parser.add_argument("--token", help="token for the Hub; default: that of `hf auth login`")


def add_dataset_options(parser: argparse.ArgumentParser) -> None:
    """Add `--dataset` and related options."""
    parser.add_argument(
        "--dataset",
        required=True,
        help="`quickstart`, `conll04`, `scierc`, `ade`, a folder with a loading script, a folder or file of documents, "
        "or a Hub id",
    )
    parser.add_argument("--dataset-config-name", help="configuration of the data set, if it has several")
    parser.add_argument("--data-dir", help="folder with local copies of the data set's sources")
    add_self_relations(parser)


def add_self_relations(parser: argparse.ArgumentParser) -> None:
    """Add `--self-relations`."""
    parser.add_argument(
        "--self-relations",
        choices=SELF_RELATIONS,
        default="error",
        help="relations of an entity to itself, which SpERT does not predict: report as errors, or drop and count "
        "(default: %(default)s)",
    )


def device(text: str) -> str:
    """Parse the name of an available device."""
    from ..loading import check_device

    try:
        check_device("", text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


def positive(text: str) -> int:
    """Parse an integer of 1 or more."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(must_be("", integer(1), repr(text)))
    return int(text)


def fraction(text: str) -> float:
    """Parse a number from 0 to 1."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(must_be("", "a number from 0 to 1", repr(text)))
    return value


def add_found_options(parser: argparse.ArgumentParser) -> None:
    """Add how texts are read, and what of what is found is kept."""
    add_reading_options(parser)
    add_threshold_options(parser)
    add_type_options(parser)
    parser.add_argument(
        "--overlap",
        choices=OVERLAP_POLICIES,
        help="overlapping entities: keep all, drop all, or keep those with the best scores (default: the model's)",
    )


def add_threshold_options(parser: argparse.ArgumentParser) -> None:
    """Add the options for thresholds."""
    parser.add_argument(
        "--relation-threshold",
        type=_threshold,
        action="append",
        metavar="S|TYPE=S",
        help="minimum score of relations, 0 to 1, or of one relation type; may be repeated for several types "
        "(default: the model's)",
    )
    parser.add_argument(
        "--entity-threshold",
        type=fraction,
        metavar="S",
        help="minimum score of entities, 0 to 1; relations of dropped entities are dropped (default: 0)",
    )


def add_type_options(parser: argparse.ArgumentParser) -> None:
    """Add the options for the types to keep."""
    for kind, more in (("entity", "with the relations between them"), ("relation", "")):
        parser.add_argument(
            f"--{kind}-type",
            dest=f"{kind}_types",
            action="append",
            metavar="TYPE",
            help=f"keep {'entities' if kind == 'entity' else 'relations'} of this type{f', {more}' if more else ''}; "
            "may be repeated (default: all types)",
        )


def selection_settings(options: argparse.Namespace) -> dict[str, Any]:
    """Return the options for thresholds and types as arguments of the pipeline.

    Raises:
        ValueError: thresholds are given both for all relation types and for one type.
    """
    given = {name: getattr(options, name, None) for name in ("entity_threshold", "entity_types", "relation_types")}
    thresholds = options.relation_threshold or []
    by_type: dict[str, float] = dict(one for one in thresholds if isinstance(one, tuple))
    if len(by_type) < len(thresholds) > 1:
        raise ValueError(must_be("--relation-threshold", "one number, or one TYPE=S for each type", "several"))
    if thresholds:
        given["relation_threshold"] = by_type or thresholds[0]
    return {name: value for name, value in given.items() if value is not None}


def _threshold(text: str) -> float | tuple[str, float]:
    """Parse a threshold for all relation types or for one of them."""
    name, is_of_type, value = text.rpartition("=")
    return (name, fraction(value)) if is_of_type else fraction(value)


def load_pipeline(options: argparse.Namespace, reading: Mapping[str, Any] | None = None) -> Any:
    """Load the pipeline of `--model`.

    Args:
        options: those of [`add_model_options`].
        reading: overrides of the model's text reading, see [`reading_settings`].

    Raises:
        ValueError: it is not a SpERT checkpoint, or `--backend` and another option contradict each other.
    """
    from ..loading import load_extractor

    where = {"revision": options.revision, "token": options.token}
    how = options.backend, options.dtype, options.device
    return load_extractor("--model", options.model, *how, where, reading or {})


def dtype_of(options: argparse.Namespace, pipe: Any) -> str:
    """Return the dtype that a loaded pipeline computes in: the one of `--dtype`, or its own."""
    return str(options.dtype or pipe.dtype).removeprefix("torch.")


def load_stored(options: argparse.Namespace) -> Any:
    """Load the pipeline of `--model` in the dtype in which its weights are stored, so that it can be saved again."""
    stored = {"dtype": "auto", "device": "cpu", "backend": "torch"}
    return load_pipeline(argparse.Namespace(**vars(options) | stored))


def add_overwrite_option(parser: argparse.ArgumentParser) -> None:
    """Add `--overwrite`, for commands that write a model to a folder."""
    parser.add_argument("--overwrite", action="store_true", help="replace another model in the output folder")


def check_output(option: str, path: str | None, *, is_folder: bool = False) -> None:
    """Check before the work that an output path can be written.

    Raises:
        ValueError: there is a folder at the path of a file, or a file at that of a folder.
        OSError: the existing file is write-protected.
    """
    if path is not None and Path(path).exists() and Path(path).is_dir() != is_folder:
        given, allowed = ("the file", "a folder") if is_folder else ("the folder", "a file")
        raise ValueError(must_be(option, allowed, f"{given} {path}"))
    if path is not None and not is_folder:
        check_replaceable(real_target(path))


def load_documents(
    options: argparse.Namespace, config: "SpertConfig", splits: Mapping[str, str], *, whole_file: bool = False
) -> list[list["Document"]]:
    """Load splits of `--dataset`, with notes on standard error; a file is split as in training.

    Args:
        options: those of [`add_dataset_options`], with `--token`.
        config: the model's config; documents with other types can't be scored and are refused.
        splits: names of the splits by the options that name them.
        whole_file: whether to return all documents of a file instead of a split.

    Raises:
        ValueError: a split has no documents, or the data set can't be loaded.
    """
    from ..data.advice import advise
    from ..data.loading import DEV_FRACTION, load_splits
    from ..evaluating import types_of

    loaded = load_splits(
        options.dataset,
        data_dir=options.data_dir,
        config_name=options.dataset_config_name,
        types=types_of(config),
        token=options.token,
        dev_fraction=0 if whole_file else DEV_FRACTION,
        self_relations=options.self_relations,
    )
    if whole_file:
        write_notes([*loaded.notes, *advise(loaded.train)])
        return [loaded.train]
    for option, split in splits.items():
        if not getattr(loaded, split):
            raise ValueError(must_be(option, f"a split that {options.dataset} has documents for", repr(split)))
    chosen = [getattr(loaded, split) for split in splits.values()]
    write_notes(advise([document for documents in chosen for document in documents]))
    return chosen


def write_notes(notes: Iterable[str]) -> None:
    """Write notes to standard error, one per line; indented lines belong to the note before them."""
    for note in notes:
        sys.stderr.write(f"{note}\n" if note.startswith(" ") else f"Note: {note}\n")
