"""Columns of all kinds in, lists out; missing values; predictions as columns of a data set."""

import types
from typing import ClassVar

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from datasets import Dataset, IterableDataset
from torch.utils.data import Dataset as TorchDataset

from spert_hf.data import prediction_features
from spert_hf.model.input_collections import items_of

TEXTS = ["It rained.", "Marian Pell works for Northern Paper Co. in Duluth, Minn., where she was born.", "Overnight"]
WORDS = [text.split() for text in TEXTS]


class Texts(TorchDataset):
    """A data set with a length and indices, and no iterator."""

    def __len__(self):
        return len(TEXTS)

    def __getitem__(self, index):
        return TEXTS[index]


COLUMNS = {
    "a tuple": tuple(TEXTS),
    "pandas": pd.Series(TEXTS, index=[7, 3, 5]),
    "pandas, of strings": pd.Series(TEXTS, dtype="string"),
    "pandas, categories": pd.Series(TEXTS, dtype="category"),
    "pandas, an index": pd.Index(TEXTS),
    "numpy": np.array(TEXTS),
    "numpy, objects": np.array(TEXTS, dtype=object),
    "pyarrow": pa.array(TEXTS),
    "pyarrow, chunks": pa.chunked_array([TEXTS[:1], TEXTS[1:]]),
    "datasets": Dataset.from_dict({"text": TEXTS})["text"],
    "datasets, numpy": Dataset.from_dict({"text": TEXTS}).with_format("numpy")["text"],
    "datasets, pandas": Dataset.from_dict({"text": TEXTS}).with_format("pandas")["text"],
    "datasets, arrow": Dataset.from_dict({"text": TEXTS}).with_format("arrow")["text"],
    "datasets, rows": Dataset.from_dict({"text": TEXTS}),
    "datasets, rows of numpy": Dataset.from_dict({"text": TEXTS}).with_format("numpy"),
    "torch": Texts(),
    "the values of a mapping": dict(enumerate(TEXTS)).values(),
}

COLUMNS_OF_WORDS = {
    "pandas": pd.Series(WORDS),
    "pandas, of arrays": pd.Series([np.array(words) for words in WORDS]),
    "pyarrow": pa.array(WORDS),
    "datasets": Dataset.from_dict({"tokens": WORDS})["tokens"],
    "datasets, numpy": Dataset.from_dict({"tokens": WORDS}).with_format("numpy"),
    "datasets, arrow": Dataset.from_dict({"tokens": WORDS}).with_format("arrow")["tokens"],
}


@pytest.mark.parametrize("kind", COLUMNS)
def test_what_has_a_length_gives_a_list(tiny_pipeline, kind):
    found = tiny_pipeline(COLUMNS[kind])
    assert isinstance(found, list)
    assert found == tiny_pipeline(TEXTS)


@pytest.mark.parametrize("kind", COLUMNS_OF_WORDS)
def test_a_column_of_words_gives_a_list(tiny_pipeline, kind):
    found = tiny_pipeline(COLUMNS_OF_WORDS[kind])
    assert isinstance(found, list)
    assert found == tiny_pipeline(WORDS)


def test_what_is_found_becomes_a_column(tiny_pipeline):
    table = pd.DataFrame({"text": TEXTS}, index=["a", "b", "c"])
    table["found"] = tiny_pipeline(table["text"])
    assert table.loc["b", "found"] == tiny_pipeline(TEXTS)[1]


def test_an_empty_column_gives_an_empty_list(tiny_pipeline):
    assert tiny_pipeline(pd.Series([], dtype=str)) == tiny_pipeline(np.array([])) == []


def test_what_has_no_length_is_streamed(tiny_pipeline):
    rows = IterableDataset.from_generator(lambda: ({"text": text} for text in TEXTS))
    for inputs in (iter(TEXTS), rows):
        results = tiny_pipeline(inputs)
        assert isinstance(results, types.GeneratorType)
        assert list(results) == tiny_pipeline(TEXTS)


def test_a_value_of_an_array_is_one_text(tiny_pipeline):
    for value in (np.array(TEXTS)[1], np.array(TEXTS[1]), pa.array(TEXTS)[1]):
        assert tiny_pipeline(value) == tiny_pipeline(TEXTS[1])


@pytest.mark.parametrize("table", [pd.DataFrame({"text": TEXTS}), pa.table({"text": TEXTS})], ids=["pandas", "pyarrow"])
def test_a_table_is_refused_at_once(table):
    with pytest.raises(ValueError, match=r"inputs must be one of its columns, such as table\['text'\], got \w+"):
        items_of(table)


class TestMissingValues:
    """A column with a hole either names it, or gets a result there that says so."""

    COLUMNS: ClassVar = {
        "a list": [TEXTS[0], None, TEXTS[1]],
        "pandas": pd.Series([TEXTS[0], float("nan"), TEXTS[1]]),
        "pandas, of strings": pd.Series([TEXTS[0], None, TEXTS[1]], dtype="string"),
        "pyarrow": pa.array([TEXTS[0], None, TEXTS[1]]),
        "datasets": Dataset.from_dict({"text": [TEXTS[0], None, TEXTS[1]]})["text"],
        "datasets, rows": Dataset.from_dict({"text": [TEXTS[0], None, TEXTS[1]]}),
        "words": [WORDS[0], ["a", None], WORDS[1]],
    }

    @pytest.mark.parametrize("kind", COLUMNS)
    def test_is_named_by_its_number(self, tiny_pipeline, kind):
        with pytest.raises(ValueError, match=r"input 1: .*must be a string.*, got "):
            tiny_pipeline(self.COLUMNS[kind])

    @pytest.mark.parametrize("kind", COLUMNS)
    def test_is_skipped_where_that_is_asked_for(self, tiny_pipeline, kind):
        first, hole, last = tiny_pipeline(self.COLUMNS[kind], errors="skip")
        texts = WORDS if kind == "words" else TEXTS
        assert [first, last] == tiny_pipeline(texts[:2])
        assert hole.pop("error").startswith("input 1: ")
        assert hole == {"entities": [], "relations": []}

    def test_may_be_all_there_is(self, tiny_pipeline):
        assert all(result["error"] for result in tiny_pipeline([None, 3], errors="skip"))
        for nothing in (None, float("nan"), pd.NA, np.float64("nan")):
            assert tiny_pipeline(nothing, errors="skip")["error"].startswith("input 0: must be a string")
        applied = pd.Series([TEXTS[1], None]).apply(tiny_pipeline, errors="skip")
        assert applied[0] == tiny_pipeline(TEXTS[1])
        assert applied[1]["entities"] == []

    def test_are_skipped_in_a_stream(self, tiny_pipeline):
        results = tiny_pipeline(iter([None, TEXTS[1]]), errors="skip")
        assert next(results)["error"]
        assert next(results) == tiny_pipeline(TEXTS[1])

    def test_policies_are_two(self, tiny_pipeline):
        with pytest.raises(ValueError, match="errors must be 'raise' or 'skip', got 'ignore'"):
            tiny_pipeline(TEXTS, errors="ignore")


class TestPredictionsOfADataSet:
    """`map` writes what is found, whatever the first rows have."""

    @pytest.fixture
    def rows(self):
        """The first batches have no relation, and no entity."""
        return Dataset.from_dict({"text": ["", None, TEXTS[1]], "number": [1, 2, 3]})

    def test_batches_without_relations_come_first(self, tiny_pipeline, rows):
        def find(batch):
            found = tiny_pipeline(batch["text"], errors="skip")
            return {name: [one.get(name) for one in found] for name in ("entities", "relations", "error")}

        features = prediction_features(rows.features, errors=True)
        mapped = rows.map(find, batched=True, batch_size=1, features=features)
        assert mapped.features == features
        expected = tiny_pipeline(TEXTS[1])
        assert expected["relations"]
        assert mapped[2] == {"text": TEXTS[1], "number": 3, **expected, "error": None}
        assert mapped[1]["entities"] == mapped[1]["relations"] == []
        assert mapped["error"][1].startswith("input 0: ")

    def test_row_by_row_and_without_the_other_columns(self, tiny_pipeline, rows):
        mapped = rows.map(
            lambda row: tiny_pipeline(row["text"] or ""),
            features=prediction_features(),
            remove_columns=rows.column_names,
        )
        assert list(mapped) == tiny_pipeline(["", "", TEXTS[1]])

    def test_relations_with_their_words(self, tiny_pipeline, rows):
        mapped = rows.map(
            lambda row: tiny_pipeline(row["text"] or "", with_text=True),
            features=prediction_features(with_text=True),
            remove_columns=rows.column_names,
        )
        assert mapped[2] == tiny_pipeline(TEXTS[1], with_text=True)

    def test_of_words_there_are_no_characters(self, tiny_pipeline):
        rows = Dataset.from_dict({"tokens": WORDS})
        mapped = rows.map(lambda row: tiny_pipeline([row["tokens"]])[0], features=prediction_features(rows.features))
        entity = mapped[1]["entities"][0]
        assert (entity["start"], entity["end"]) == (None, None)
        assert {name: value for name, value in entity.items() if value is not None} == (
            tiny_pipeline([WORDS[1]])[0]["entities"][0]
        )


class TestWordsOfWhiteSpace:
    """Words that are white space only are not read, and what is found is told by the words that were given."""

    def test_change_nothing_but_places(self, tiny_pipeline):
        words = WORDS[1]
        spaced = [" ", *words[:1], "\n", *words[1:4], "", "\t \u00a0", *words[4:], "\n"]
        places = [place for place, word in enumerate(spaced) if word.strip()]
        plain, found = tiny_pipeline([words, spaced])
        assert plain["entities"]
        assert found["relations"] == plain["relations"]
        assert found["entities"] == [
            entity | {"token_start": places[entity["token_start"]], "token_end": places[entity["token_end"] - 1] + 1}
            for entity in plain["entities"]
        ]

    def test_may_be_all_there_are(self, tiny_pipeline):
        assert tiny_pipeline([[" ", "\n"], []]) == [{"entities": [], "relations": []}] * 2
