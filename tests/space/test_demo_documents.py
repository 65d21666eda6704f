import csv
import json

import pytest

from spert_hf.data.faults import DocumentError
from spert_space.documents import BATCH_SIZE, extract_documents, read_documents
from spert_space.extraction import Extractor
from spert_space.settings import Settings
from tests.support.tiny_models import SENTENCES

TEXT = " ".join(SENTENCES[0])  # in which the tiny model is sure to find something


def write(folder, name, content):
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path


def test_results_are_those_of_the_pipeline(tmp_path, tiny_pipeline):
    documents = [{"text": TEXT, "id": 1}, {"tokens": TEXT.split()}, {"text": ""}]
    json_lines, triples = tmp_path / "found.jsonl", tmp_path / "triples.csv"
    list(extract_documents(Extractor(tiny_pipeline), documents, json_lines, triples, relation_threshold=0.05))
    found = tiny_pipeline(documents, relation_threshold=0.05)
    expected = [document | prediction for document, prediction in zip(documents, found, strict=True)]
    assert [json.loads(line) for line in json_lines.read_text(encoding="utf-8").splitlines()] == expected
    with triples.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == sum(len(record["relations"]) for record in expected) > 0
    relation = expected[0]["relations"][0]
    head, tail = (expected[0]["entities"][relation[end]] for end in ("head", "tail"))
    assert rows[0] == {
        "document": "1",
        "head": head["text"],
        "head_type": head["type"],
        "head_start": str(head["start"]),
        "head_end": str(head["end"]),
        "relation": relation["type"],
        "score": str(relation["score"]),
        "tail": tail["text"],
        "tail_type": tail["type"],
        "tail_start": str(tail["start"]),
        "tail_end": str(tail["end"]),
    }
    of_tokens = next(row for row in rows if row["document"] == "2")
    assert int(of_tokens["head_end"]) <= len(TEXT.split()), "tokens are counted where tokens were given"


def test_progress_comes_batch_by_batch(tmp_path, tiny_pipeline):
    documents = [{"text": "It rained ."}] * (2 * BATCH_SIZE + 1)
    progress = extract_documents(Extractor(tiny_pipeline), documents, tmp_path / "a", tmp_path / "b")
    done = [0, BATCH_SIZE, 2 * BATCH_SIZE, 2 * BATCH_SIZE + 1]
    assert list(progress) == [(number, len(documents)) for number in done]


def test_half_a_character_in_another_field_is_no_obstacle(tmp_path, tiny_pipeline):
    path = write(tmp_path, "texts.jsonl", json.dumps({"text": TEXT, "note": "\ud83d"}) + "\n")
    lines, triples = tmp_path / "out.jsonl", tmp_path / "out.csv"
    list(extract_documents(Extractor(tiny_pipeline), read_documents(path, "texts.jsonl", Settings()), lines, triples))
    assert json.loads(lines.read_text(encoding="utf-8"))["note"] == "\ud83d"


def test_faults_name_the_file_as_the_visitor_knows_it(tmp_path):
    path = write(tmp_path, "texts.jsonl", '{"text": "fine"}\n{"txt": 1}\n')
    with pytest.raises(DocumentError) as caught:
        read_documents(path, "texts.jsonl", Settings())
    assert str(caught.value).startswith(
        "texts.jsonl, record 2 (line 2): text must be a string (or tokens a list of strings), got nothing"
    )
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "texts.txt: must be a file of at least one document, got none"),
        (
            "a\nb\nc\nd\n",
            "texts.txt: must be a file of at most 3 documents, got more; for those use `spert-hf extract`",
        ),
        ("a\n" + "b" * 11, "texts.txt, record 2: text must be at most 10 characters long, got 11"),
    ],
)
def test_bounds_are_reported(tmp_path, content, message):
    path = write(tmp_path, "texts.txt", content)
    with pytest.raises(DocumentError) as caught:
        read_documents(path, path.name, Settings(max_documents=3, max_characters=10))
    assert str(caught.value).startswith(message)


def test_tokens_are_bounded_too(tmp_path):
    path = write(tmp_path, "texts.json", json.dumps([{"tokens": ["long", "words", "here"]}]))
    with pytest.raises(DocumentError, match="tokens must be at most 10 characters long, got 13"):
        read_documents(path, path.name, Settings(max_characters=10))
