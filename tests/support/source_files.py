"""Files as the publishers of the data sets have them, made up and small, for `data_dir`."""

import json
import shutil
from pathlib import Path

from tests.support.documents import TYPES, make_records
from tests.support.loading_scripts import SCRIPTS


def make_conll04_files(folder: Path) -> Path:
    """SpERT's files: 9 sentences in train, 4 in dev, 5 in test."""
    folder.mkdir(parents=True)
    records = make_records(18)
    for split, part in {"train": records[:9], "dev": records[9:13], "test": records[13:]}.items():
        (folder / f"conll04_{split}.json").write_text(json.dumps(part), encoding="utf-8")
    (folder / "conll04_types.json").write_text(json.dumps(TYPES), encoding="utf-8")
    return folder


def make_scierc_files(folder: Path) -> Path:
    """Abstracts, one a line: 3 in train, 1 in dev, 2 in test, of two sentences each."""
    folder.mkdir(parents=True)
    for split, count in {"train": 3, "dev": 1, "test": 2}.items():
        abstracts = [
            {
                "doc_key": f"{split}_{number}",
                "sentences": [["Our", "parser", "P", "works", "."], ["P", "beats", "Q", "."]],
                "ner": [[[1, 1, "Method"], [2, 2, "Method"]], [[5, 5, "Method"], [7, 7, "Method"]]],
                "relations": [[[2, 2, 1, 1, "HYPONYM-OF"]], [[5, 5, 7, 7, "COMPARE"]]],
            }
            for number in range(count)
        ]
        text = "".join(json.dumps(abstract) + "\n" for abstract in abstracts)
        (folder / f"{split}.json").write_text(text, encoding="utf-8")
    return folder


def make_ade_files(folder: Path) -> Path:
    """24 sentences; in every fourth one the mentions overlap."""
    folder.mkdir(parents=True)
    lines = []
    for number in range(24):
        drug = f"drugol{number}"
        effect = f"{drug} toxicity" if number % 4 == 0 else "rash"
        sentence = f"We saw {effect} after {drug}." if number % 4 else f"We saw {effect}."
        begin, drug_begin = sentence.index(effect), sentence.index(drug)
        fields = [number, sentence, effect, begin, begin + len(effect), drug, drug_begin, drug_begin + len(drug)]
        lines.append("|".join(map(str, fields)))
    (folder / "DRUG-AE.rel").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


MAKERS = {"conll04": make_conll04_files, "scierc": make_scierc_files, "ade": make_ade_files}


def make_small_quickstart(folder: Path) -> Path:
    """The quickstart data set's folder, card and script and types, with a few sentences of other tests."""
    folder.mkdir(parents=True)
    for name in ("quickstart.py", "README.md"):
        shutil.copy(SCRIPTS / "quickstart" / name, folder)
    (folder / "types.json").write_text(json.dumps(TYPES), encoding="utf-8")
    records = make_records(18)
    for split, part in {"train": records[:12], "dev": records[12:15], "test": records[15:]}.items():
        (folder / f"{split}.json").write_text(json.dumps(part), encoding="utf-8")
    return folder
