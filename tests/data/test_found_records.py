"""What `extract` writes is read as annotated documents: the same spans, and each fault with its place."""

import json

import pytest

from spert_hf.cli.extract import extract
from spert_hf.data import DocumentError, documents_from_rows, read_documents
from spert_hf.data.annotation.alignment import to_documents
from spert_hf.data.annotation.reading import read_annotations
from spert_hf.data.detokenization import text_of
from spert_hf.data.documents import Changes, Entity

TEXTS = [
    "Marian Pell works for Northern Paper Co. in Duluth, Minn., where she was born.",
    "On Tuesday (S)-2,4-di-x was state-of-the-art.  It rained in Tromsø \U0001f1f3\U0001f1f4.",
    "Überraschung\nin Oslo, sagt Per Lund!",
]


def write(path, records):
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


OSLO = "In Oslo."


def entity(start, end, kind="Loc", **more):
    return {"type": kind, "start": start, "end": end, **more}


@pytest.mark.parametrize("words", ["rules", "whitespace", "whitespace-punctuation", "characters"])
def test_what_is_found_in_texts_are_documents_with_the_same_spans(tiny_pipeline, tmp_path, words):
    records = list(extract(tiny_pipeline, [{"text": text, "n": n} for n, text in enumerate(TEXTS)], words=words))
    assert sum(len(record["relations"]) for record in records) > 3
    documents = read_documents(write(tmp_path / "found.jsonl", records))
    for record, document in zip(records, documents, strict=True):
        text, offsets = text_of(document)
        assert text == record["text"]
        assert document.extra["n"] == record["n"]
        spans = [(one.type, offsets[one.start][0], offsets[one.end - 1][1]) for one in document.entities]
        assert spans == [(one["type"], one["start"], one["end"]) for one in record["entities"]]
        tokens = [(one.start, one.end) for one in document.entities]
        assert tokens == [(one["token_start"], one["token_end"]) for one in record["entities"]]
        relations = [(one.type, one.head, one.tail) for one in document.relations]
        assert relations == [(one["type"], one["head"], one["tail"]) for one in record["relations"]]


def test_what_is_found_in_tokens_are_documents_with_the_same_spans(tiny_pipeline, tmp_path):
    records = list(extract(tiny_pipeline, [{"tokens": [*text.split(), " "]} for text in TEXTS]))
    assert all("start" not in one for record in records for one in record["entities"])
    for record, document in zip(records, read_documents(write(tmp_path / "found.jsonl", records)), strict=True):
        assert document.tokens == record["tokens"][:-1]
        spans = [(one.type, one.start, one.end) for one in document.entities]
        assert spans == [(one["type"], one["token_start"], one["token_end"]) for one in record["entities"]]


def test_corrected_records_need_no_token_offsets_and_may_have_old_ones(tmp_path):
    text = "Boston-based Kestrel moved."
    old = {"token_start": 0, "token_end": 1, "score": 0.5}
    (document,) = documents_from_rows(
        [{"text": text, "entities": [entity(0, 6, text="Boston"), entity(13, 20, "Org", **old)], "relations": []}],
        "rows",
    )
    assert document.tokens == ["Boston", "-", "based", "Kestrel", "moved", "."]
    assert [(one.start, one.end) for one in document.entities] == [(0, 1), (3, 4)]


def test_corrected_entities_that_do_not_end_at_words_are_read_as_import_reads_them(tmp_path):
    text = "In Oslofjord and Osloside."
    found = {"text": text, "entities": [entity(2, 7), entity(17, 21), entity(13, 25)], "relations": []}
    path = write(tmp_path / "found.jsonl", [found])
    (document,) = read_documents(path)
    (imported,) = to_documents(read_annotations(path, "json-lines"))
    assert document.tokens == imported.tokens == ["In", "Oslo", "fjord", "and", "Oslo", "side", "."]
    assert document.entities == [Entity("Loc", 1, 2), Entity("Loc", 4, 5), Entity("Loc", 3, 6)]
    assert {*document.entities} == {*imported.entities}
    assert document.changes == Changes(trimmed_entities=1, split_words=2)


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (
            {"text": OSLO, "entities": [entity(3, 9)]},
            "entities[0].end must be a character offset from 0 to 8 (the text's length), got 9",
        ),
        ({"text": OSLO, "entities": [entity(2, 3)]}, "entities[0] must be a span with a word in it, got 2 to 3, ' '"),
        ({"text": OSLO, "entities": [entity(3, 3)]}, "[0].end must be an integer from 4 to 8 (it lies"),
        ({"text": OSLO, "entities": [{"type": "Loc", "start": 3}]}, "[0].end must be a character offset from 0"),
        ({"text": OSLO, "entities": [entity(3, 7, text="Olso")]}, "[0].text must be absent or 'Oslo', which stands"),
        ({"text": OSLO, "entities": [entity(3, True)]}, "text's length), got True"),
        ({"text": OSLO, "entities": [7]}, "entities[0] must be an object with type, start, end, got 7"),
        ({"text": " ", "entities": []}, "text must be a text of valid Unicode that is more than white"),
        ({"text": None, "entities": []}, "white space, got None"),
        (
            {"text": OSLO},
            "tokens must be a list of one or more strings that are not empty, got nothing (the record has 'text')",
        ),
        (
            {"tokens": ["Oslo"], "entities": [{"type": "Loc", "token_start": 0, "token_end": 2}]},
            "entities[0].token_end must be an integer from 1 to 1 (",
        ),
        (
            {"text": "Oslo", "entities": [entity(0, 4)], "relations": [{"type": "Near", "head": 0, "tail": 1}]},
            "relations[0].tail must be an integer from 0 to 0 (",
        ),
    ],
)
def test_faults_are_told_with_file_record_and_field(tmp_path, record, message):
    path = write(tmp_path / "found.jsonl", [{"text": "Oslo", "entities": [entity(0, 4)]}, record])
    with pytest.raises(DocumentError) as raised:
        read_documents(path)
    first = str(raised.value).splitlines()[0]
    assert first.startswith(f"{path}, record 2 (line 2): ")
    assert message in first


@pytest.mark.parametrize("content", [{"text": OSLO}, {"tokens": ["In", "Oslo", "."]}])
def test_an_input_that_was_skipped_is_no_document_without_entities(tiny_pipeline, tmp_path, content):
    """A text in which nothing was looked for must not be trained on as one in which there is nothing."""
    (skipped,) = tiny_pipeline([content], entities=[[entity(0, 1, "Nope")]], errors="skip")
    with pytest.raises(DocumentError, match=r"error must be absent, got .input 0: .*"):
        read_documents(write(tmp_path / "found.jsonl", [content | skipped]))
    with pytest.raises(DocumentError, match=r"error must be absent, got .input 0: "):
        documents_from_rows([content | skipped], "rows")


def test_a_field_of_ones_own_may_be_called_error(tmp_path):
    records = [{"text": OSLO, "entities": [], "relations": [], "error": error} for error in (None, "E42", 3)]
    assert len(read_documents(write(tmp_path / "found.jsonl", records))) == 3
