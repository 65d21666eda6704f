"""What each training run would begin with, done once, as the server that runs are forked from imports this module.

No run computes on what is left here: it is code that is imported, patterns that are compiled and tables of transformers
for reading and writing weights. Nothing here starts threads, which a forked process would lack.
"""

import gc
from pathlib import Path
from tempfile import TemporaryDirectory

import peft  # noqa: F401
import torch
from transformers import AutoConfig, AutoModel
from transformers.utils import logging

import spert_hf.cli.parsers.train
import spert_hf.cli.train  # noqa: F401
from spert_hf.data import load_splits
from spert_hf.model.words import rules
from tests.support.documents import make_dataset_folder

SIZES = {
    "hidden_size": 8,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 8,
    "vocab_size": 8,
    "max_position_embeddings": 8,
}


def read_and_write_weights() -> None:
    """Have transformers write and read a model once; from then on it has its tables."""
    threads, verbosity = torch.get_num_threads(), logging.get_verbosity()
    torch.set_num_threads(1)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    with TemporaryDirectory() as folder:
        AutoModel.from_config(AutoConfig.for_model("bert", **SIZES)).save_pretrained(folder)
        AutoModel.from_pretrained(folder)
    logging.enable_progress_bar()
    logging.set_verbosity(verbosity)
    torch.set_num_threads(threads)


def read_data() -> None:
    """Read a data set, which has all formats ask whether it is theirs, and compile the rules for words."""
    with TemporaryDirectory() as folder:
        load_splits(make_dataset_folder(Path(folder)))
    rules()


read_and_write_weights()
read_data()
gc.collect()
gc.freeze()  # what is there by now is not looked through again in each run
