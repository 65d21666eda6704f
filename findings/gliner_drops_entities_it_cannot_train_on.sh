#!/usr/bin/env bash
# gliner 0.2.29 leaves entities out of training without a word: longer than `max_width` (12 words by default), with an end
# beyond the sentence, or with an end before the start. Its ends are inclusive; with exclusive ones, as spaCy, Hugging
# Face and most others count, only those at a sentence's end are lost, and all others are trained one word too long.
# The collator of its trainer gives a sentence with such an entity the labels of a sentence without any.
#
# Guess before looking: an entity that is too long gives a warning, as a sentence that is too long does; one that does
# not lie in the sentence is an error.
# Who meets it: whoever trains GLiNER on their own data: titles, addresses, chemical names, clauses as entities; or data
# converted with exclusive ends. Such entities become negatives, and nothing shows it but the scores.
#
# Exit status 0: behaves as described here; 1: it no longer does.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/environment"
"$folder/environment/bin/pip" install -q --disable-pip-version-check torch==2.13.0 gliner==0.2.29
"$folder/environment/bin/python" -W ignore - <<'PYTHON'
import warnings
from importlib.metadata import version

from gliner.config import UniEncoderSpanConfig
from gliner.data_processing.collator import UniEncoderSpanDataCollator
from gliner.data_processing.processor import UniEncoderSpanProcessor
from gliner.data_processing.tokenizer import WordsSplitter
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

print("gliner", version("gliner"))
special = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
backend = Tokenizer(models.WordLevel({token: i for i, token in enumerate(special.values())}, unk_token="[UNK]"))
backend.pre_tokenizer = pre_tokenizers.Whitespace()
tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, **special)
config = UniEncoderSpanConfig()
processor = UniEncoderSpanProcessor(config, tokenizer, WordsSplitter("whitespace"))
collate = UniEncoderSpanDataCollator(config, data_processor=processor, prepare_labels=True)
words = [f"word{i}" for i in range(20)]


def labelled(start, end):
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        labels = collate([{"tokenized_text": words, "ner": [(start, end, "title")]}])["labels"]
    print(f"words {start} to {end} of {len(words)}: {int(labels.sum())} of 1 entity labelled, {len(warned)} warnings")
    assert not warned
    return int(labels.sum())


assert labelled(0, config.max_width - 1) == 1
assert labelled(0, config.max_width) == 0
assert labelled(18, 20) == 0
assert labelled(5, 3) == 0
PYTHON
