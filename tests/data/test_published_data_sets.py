"""Published data sets, where copies of them are at hand: each has to load without a fault."""

import json
import os
from pathlib import Path

import pytest

from spert_hf.data import documents_from_rows, load_splits, read_documents

DATA = Path(os.environ.get("SPERT_SHARED_DATA") or Path(__file__).parents[3] / "shared" / "data")


def needs(name):
    return pytest.mark.skipif(not (DATA / name).is_dir(), reason=f"no copy of {name}")


@needs("conll04")
def test_conll04_loads_as_it_is():
    splits = load_splits(DATA / "conll04")
    assert [len(part) for part in (splits.train, splits.dev, splits.test)] == [922, 231, 288]
    documents = splits.train + splits.dev + splits.test
    assert sum(len(document.entities) for document in documents) == 5349
    assert sum(len(document.relations) for document in documents) == 2048
    assert splits.schema.entity_names == ("Loc", "Org", "Peop", "Other")
    assert splits.schema.symmetric_relation_names == ()
    path = DATA / "conll04" / "conll04_test.json"
    assert [document.to_record() for document in read_documents(path)] == json.loads(path.read_text(encoding="utf-8"))


def scierc_rows(line):
    """An abstract of the original file as one record per sentence."""
    abstract = json.loads(line)
    offset = 0
    for tokens, spans, pairs in zip(abstract["sentences"], abstract["ner"], abstract["relations"], strict=True):
        entities = [{"type": name, "start": first - offset, "end": last + 1 - offset} for first, last, name in spans]
        position = {(first, last): i for i, (first, last, _) in enumerate(spans)}
        relations = [{"type": name, "head": position[a, b], "tail": position[c, d]} for a, b, c, d, name in pairs]
        yield {"tokens": tokens, "entities": entities, "relations": relations}
        offset += len(tokens)


@needs("scierc")
def test_scierc_repeats_four_relations_which_are_dropped():
    rows = []
    for split in ("train", "dev", "test"):
        with (DATA / "scierc" / f"{split}.json").open(encoding="utf-8") as lines:
            rows += [row for line in lines for row in scierc_rows(line)]
    documents = documents_from_rows(rows, "SciERC")
    assert len(documents) == 2687
    assert sum(len(document.entities) for document in documents) == 8094
    assert sum(len(row["relations"]) for row in rows) == 4648
    assert sum(len(document.relations) for document in documents) == 4644
