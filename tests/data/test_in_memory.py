"""Documents in memory are taken wherever a data set is named, and are checked like those of a file."""

import datasets
import pytest

from spert_hf import load_documents
from spert_hf.data import DatasetError, Document, DocumentError, Entity, TypeSchema, load_splits
from tests.support.documents import make_dataset_folder, make_records


@pytest.fixture
def records():
    return make_records(6)


def ids(documents):
    return [document.id for document in documents]


@pytest.mark.parametrize(
    "make",
    [
        lambda records: records,
        tuple,
        iter,
        lambda records: [Document.from_record(record) for record in records],
        datasets.Dataset.from_list,
    ],
    ids=["dicts", "tuple", "iterator", "documents", "Dataset"],
)
def test_any_collection_of_documents_gives_the_same(records, make):
    expected = [Document.from_record(record) for record in records]
    assert load_documents(make(records)) == expected


def test_all_documents_in_memory_are_for_training_unless_given_by_split(records):
    splits = load_splits(records, dev_fraction=0)
    assert (ids(splits.train), splits.dev, splits.test) == (["0", "1", "2", "3", "4", "5"], [], [])
    assert splits.schema.entity_names == ("Loc", "Org", "Peop")
    by_split = datasets.DatasetDict(
        {name: datasets.Dataset.from_list(part) for name, part in (("train", records[:3]), ("validation", records[3:]))}
    )
    assert [ids(part) for part in (load_splits(by_split).train, load_splits(by_split).dev)] == [
        ["0", "1", "2"],
        ["3", "4", "5"],
    ]


def test_the_origin_tells_documents_apart(records):
    first, again, other = (load_splits(part, dev_fraction=0).origin for part in (records, list(records), records[:-1]))
    assert first.kind == "memory"
    assert first == again
    assert first != other


def test_a_split_of_a_data_set_or_all_of_it(tmp_path):
    folder = make_dataset_folder(tmp_path)
    assert [len(load_documents(folder, split)) for split in ("train", "dev", "test", None)] == [12, 4, 5, 21]
    assert len(load_documents(folder / "dev.json", "test")) == 4  # a file has no splits
    assert len(load_documents("quickstart", "dev")) == 195


def test_faults_name_the_record(records):
    del records[2]["tokens"]
    with pytest.raises(
        DocumentError,
        match=r"documents, split train, record 3: tokens must be a list of one or more strings .*, got nothing",
    ):
        load_documents(records)
    with pytest.raises(DocumentError, match=r"record 1: entities\[0\]\.type must be .*did you mean.*, got 'Lok'"):
        load_documents([Document(["Oslo"], [Entity("Lok", 0, 1)])], types=TypeSchema.from_names(["Loc"], []))


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (3, "source must be the name of a data set.*, got an object of type int"),
        (None, "source must be .*, got None"),
        (b"data", "source must be .*, got an object of type bytes"),
        ({"tokens": ["Oslo"]}, "source must be .*, got a mapping with tokens"),
        ({"train": "conll04"}, r"source\['train'\] must be a list of documents, got an object of type str"),
    ],
)
def test_what_holds_no_documents_is_refused(source, said):
    with pytest.raises(TypeError, match=said):
        load_documents(source)


def test_settings_of_other_sources_are_refused(records, tmp_path):
    with pytest.raises(DatasetError, match="revision must be left out, as dataset is documents in memory, got 'v1'"):
        load_documents(records, revision="v1")
    with pytest.raises(DatasetError, match=r"split must be train, dev.*, got 'tset'"):
        load_documents(records, "tset")
    (tmp_path / "train.json").write_text('[{"tokens": ["Oslo"], "entities": [{"type": "Loc", "start": 0, "end": 1}]}]')
    with pytest.raises(DatasetError, match=r"split must be one that .* has documents for, got 'test'"):
        load_documents(tmp_path, "test")
