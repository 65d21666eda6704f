"""`spert-hf export`: export a model to ONNX."""

import argparse
import sys
from pathlib import Path

from ..encoders import check_folder_or_id
from ..files.new_folder import check_new_folder
from ..model.messages import must_be
from ..onnx import export_onnx
from ..onnx.imports import import_exporter
from ..onnx.record import FOLDER, RECORD_FILE
from .options import load_stored


def run(options: argparse.Namespace) -> int:
    """Run the command; return its exit code."""
    check_folder_or_id("--model", options.model)
    folder = _output(options)
    import_exporter()
    pipe = load_stored(options)
    sys.stderr.write(f"Exporting {options.model} to {folder}\n")
    export_onnx(pipe.model.float(), pipe.tokenizer, folder, options.dtype, overwrite=options.overwrite)
    sizes = ", ".join(f"{path.name} {path.stat().st_size / 1e6:.1f} MB" for path in sorted(folder.glob("*.onnx")))
    sys.stdout.write(f"Saved in {folder}: {sizes}\n")
    return 0


def _output(options: argparse.Namespace) -> Path:
    """Return the folder to write to.

    Raises:
        ValueError: it has files in it, or must be named.
    """
    if options.output is None and not Path(options.model).is_dir():
        raise ValueError(must_be("--output", "given for a model that is not in a folder", "none"))
    folder = Path(options.model, FOLDER) if options.output is None else Path(options.output)
    if options.overwrite and (folder / RECORD_FILE).is_file():
        return folder
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        if (folder / RECORD_FILE).is_file():
            raise ValueError(f"--output: {folder} holds an export; name another folder, or pass --overwrite")
        raise ValueError(must_be("--output", "a new or empty folder", repr(str(folder))))
    check_new_folder(folder)
    return folder
