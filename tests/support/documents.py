"""A few annotated documents to train on, and a folder of them as a user would have it."""

import json
from pathlib import Path

TYPES = {
    "entities": {name: {"short": name, "verbose": name} for name in ("Loc", "Org", "Peop")},
    "relations": {
        "Work_For": {"short": "Work", "verbose": "Work for", "symmetric": False},
        "Near": {"short": "Near", "verbose": "Near", "symmetric": True},
    },
}


def make_records(count: int = 12) -> list[dict]:
    """Sentences in SpERT's JSON form, with and without relations."""
    people = ["Marian Pell", "Per Lund", "Ada", "Nora Quist"]
    firms = ["Northern Paper", "Kestrel Marine", "Bluewater"]
    towns = ["Duluth", "Oslo", "Tromsø"]
    records = []
    for number in range(count):
        person, firm = people[number % 4].split(), firms[number % 3].split()
        town, other = towns[number % 3], towns[(number + 1) % 3]
        if number % 4 == 3:
            tokens = ["It", "rained", "in", town, "."]
            entities, relations = [{"type": "Loc", "start": 3, "end": 4}], []
        else:
            tokens = [*person, "works", "for", *firm, "in", town, "near", other, "."]
            ends = [len(person), len(person) + 2 + len(firm)]
            entities = [
                {"type": "Peop", "start": 0, "end": ends[0]},
                {"type": "Org", "start": ends[0] + 2, "end": ends[1]},
                {"type": "Loc", "start": ends[1] + 1, "end": ends[1] + 2},
                {"type": "Loc", "start": ends[1] + 3, "end": ends[1] + 4},
            ]
            relations = [{"type": "Work_For", "head": 0, "tail": 1}, {"type": "Near", "head": 3, "tail": 2}]
        records.append({"tokens": tokens, "entities": entities, "relations": relations, "orig_id": number})
    return records


def make_dataset_folder(folder: Path, count: int = 12) -> Path:
    """A folder with train, dev, test and types files."""
    records = make_records(count)
    for split, part in (("train", records), ("dev", records[:4]), ("test", records[:5])):
        (folder / f"{split}.json").write_text(json.dumps(part), encoding="utf-8")
    (folder / "types.json").write_text(json.dumps(TYPES), encoding="utf-8")
    return folder
