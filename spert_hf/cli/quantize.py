"""`spert-hf quantize`: a checkpoint with an encoder of 8-bit integers beside its weights."""

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from ..data.files import RUN_FILE
from ..data.model_folder import is_same_folder, model_output, write_model
from ..openvino import CALIBRATION_SENTENCES, quantize_encoder, write_quantized_encoder
from ..openvino.imports import import_nncf
from .options import (
    SPLITS,
    add_dataset_options,
    add_loading_options,
    add_overwrite_option,
    check_output,
    load_documents,
    load_stored,
)


def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    options = _parser().parse_args(arguments)
    check_output("--output", options.output, is_folder=True)
    import_nncf()
    output, given = Path(options.output), Path(options.model)
    with model_output("--output", output, overwrite=options.overwrite, own=given):
        _quantize(options, output, given)
    sys.stderr.write(f"Saved in {output}; use it with --backend openvino --dtype int8\n")
    return 0


def _quantize(options: argparse.Namespace, output: Path, given: Path) -> None:
    pipe = load_stored(options)
    (documents,) = load_documents(options, pipe.model.config, {"--split": options.split})
    sentences = [document.tokens for document in documents]
    measured = min(len(sentences), CALIBRATION_SENTENCES)
    sys.stderr.write(f"Quantising the encoder by {measured} sentences of {options.dataset}, {options.split}\n")
    model = pipe.model.float()
    quantized = quantize_encoder(model, pipe.spert_processor, sentences)

    def write(folder: Path) -> None:
        if not is_same_folder(output, given):
            load_stored(options).save_pretrained(folder)
            record = given / RUN_FILE
            if record.is_file():
                shutil.copyfile(record, folder / RUN_FILE)
        write_quantized_encoder(folder, model, quantized)

    write_model(output, write, own=given)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="spert-hf quantize",
        description="Write a checkpoint that holds, beside its weights, its encoder in 8-bit integers, which OpenVINO "
        "computes on a CPU with --backend openvino --dtype int8. The ranges of the encoder's numbers are "
        "measured on sentences of a data set; their annotations are not used. What it costs in F1 `spert-hf evaluate` "
        "tells.",
    )
    add_loading_options(parser)
    add_dataset_options(parser)
    parser.add_argument(
        "--split",
        choices=SPLITS,
        default="train",
        help=f"take {CALIBRATION_SENTENCES} sentences of this split, or all if it has fewer (default: %(default)s)",
    )
    parser.add_argument(
        "--output",
        required=True,
        metavar="DIR",
        help="folder for the checkpoint; if it is the model's own, its weights stay as they are",
    )
    add_overwrite_option(parser)
    return parser
