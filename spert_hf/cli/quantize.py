"""`spert-hf quantize`: write a checkpoint with an additional INT8 encoder."""

import argparse
import shutil
import sys
from pathlib import Path

from ..data.adapter_files import adapter_in
from ..files.atomic import RUN_FILE
from ..files.model_folder import is_same_folder, model_output, write_model
from ..model.messages import must_be
from ..openvino import CALIBRATION_SENTENCES, quantize_encoder, write_quantized_encoder
from ..openvino.imports import import_nncf
from .options import (
    check_output,
    load_documents,
    load_stored,
)


def run(options: argparse.Namespace) -> int:
    """Run the command; return its exit code."""
    check_output("--output", options.output, is_folder=True)
    import_nncf()
    output, given = Path(options.output), Path(options.model)
    with model_output("--output", output, overwrite=options.overwrite, own=given):
        _quantize(options, output, given)
    sys.stderr.write(f"Saved in {output}; use it with --backend openvino --dtype int8\n")
    return 0


def _quantize(options: argparse.Namespace, output: Path, given: Path) -> None:
    if is_same_folder(output, given) and adapter_in(given):
        raise ValueError(must_be("--output", "another folder than the adapter's, for the whole model", str(output)))
    pipe = load_stored(options)
    (documents,) = load_documents(options, pipe.model.config, {"--split": options.split})
    sentences = [document.tokens for document in documents]
    measured = min(len(sentences), CALIBRATION_SENTENCES)
    sys.stderr.write(f"Quantizing the encoder with {measured} sentences of {options.dataset}, {options.split}\n")
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
