"""SpERT as a component of spaCy's pipelines."""

from __future__ import annotations

import importlib
import json
import logging
import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spert_hf.data.annotation.reading import read_annotations
from spert_hf.evaluation.spert_metric.scoring import score_documents
from tests.support.tiny_models import SENTENCES

spacy = pytest.importorskip("spacy", reason="needs the extra spacy")

from spacy import displacy  # noqa: E402
from spacy.tokens import Doc, DocBin, Span  # noqa: E402
from spacy.training import Example  # noqa: E402

from spert_hf.integrations import spacy_component  # noqa: E402
from spert_hf.integrations.spacy_annotations import add_best_ents  # noqa: E402
from spert_hf.integrations.spacy_component import (  # noqa: E402
    Relation,
    relations_of,
    relations_to_displacy,
    relations_with,
    set_relations,
)

ROOT = Path(__file__).parents[2]
TEXTS = [" ".join(words) for words in SENTENCES]
VOCAB = spacy.vocab.Vocab()


def make(checkpoint: Path | str, **settings: Any) -> Any:
    nlp = spacy.blank("en")
    nlp.add_pipe("spert", config={"model": str(checkpoint), **settings})
    return nlp


@pytest.fixture(scope="module")
def nlp(tiny_checkpoint):
    return make(tiny_checkpoint)


@pytest.fixture(scope="module")
def nlp_with_tokens(tiny_checkpoint):
    """A pipeline whose model reads spaCy's tokens."""
    return make(tiny_checkpoint, words="spacy")


@pytest.fixture(scope="module")
def pipe(nlp):
    return nlp.get_pipe("spert").pipeline


def words_doc(*words: str) -> Any:
    return Doc(VOCAB, words=[*words])


def entities_of(doc: Any) -> list[tuple[Any, ...]]:
    group = doc.spans["spert"]
    return [
        (span.label_, score, span.start_char, span.end_char)
        for span, score in zip(group, group.attrs["scores"], strict=True)
    ]


def found_in(doc: Any) -> list[Any]:
    """What was found, in a form to compare docs by."""
    entities = [
        (*place(span), rounded(score))
        for span, (_, score, *_) in zip(doc.spans["spert"], entities_of(doc), strict=True)
    ]
    relations = [(place(head), place(tail), label, rounded(score)) for head, tail, label, score in relations_of(doc)]
    return [entities, relations, [*map(place, doc.ents)]]


def rounded(score: float) -> float:
    """A score without what batches of other texts change in it."""
    return round(score, 4)


def place(span: Any) -> tuple[int, int, str]:
    return span.start, span.end, span.label_


def in_characters(result: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [(each["type"], each["score"], each["start"], each["end"]) for each in result["entities"]]


def test_docs_have_what_the_model_finds_in_their_texts(nlp, pipe):
    for text in TEXTS:
        doc, expected = nlp(text), pipe(text)
        assert doc.spans["spert"].attrs["expanded"] == 0
        assert entities_of(doc) == in_characters(expected)
        spans = [*doc.spans["spert"]]
        assert doc._.relations == [
            Relation(spans[each["head"]], spans[each["tail"]], each["type"], each["score"])
            for each in expected["relations"]
        ]
    assert doc._.relations  # the random model finds some


def test_a_span_has_the_relations_it_is_an_end_of(nlp):
    doc = nlp(TEXTS[0])
    for span in doc.spans["spert"]:
        assert span._.relations == [each for each in doc._.relations if place(span) in map(place, each[:2])]
        assert {*map(str, span._.relations)} <= {*map(str, relations_with(doc[span.start : span.end]))}
    assert sum(len(span._.relations) for span in doc.spans["spert"]) == 2 * len(doc._.relations) > 0


def test_what_begins_inside_a_token_is_widened_and_counted(nlp, pipe, caplog):
    text = TEXTS[4].replace(" ", "-", 3).replace(" , ", ",")
    doc = Doc(nlp.vocab, words=text.split())
    found = in_characters(pipe(doc.text))
    caplog.set_level(logging.INFO)
    nlp(doc)
    spans = [*doc.spans["spert"]]
    misfits = 0
    for span, (label, _, start, end) in zip(spans, found, strict=True):
        assert span.label_ == label
        assert span.start_char <= start and end <= span.end_char
        assert span[0].idx + len(span[0]) > start and span[-1].idx < end  # no token more than needed
        misfits += (span.start_char, span.end_char) != (start, end)
    assert doc.spans["spert"].attrs["expanded"] == misfits > 0
    assert f"spert: {misfits} of {len(spans)} entities widened to whole tokens" in caplog.text


def test_the_model_reads_the_tokens_and_sentences_of_spacy(nlp_with_tokens, pipe):
    nlp = nlp_with_tokens
    sentences = [SENTENCES[0], SENTENCES[4]]
    doc = Doc(nlp.vocab, words=[" ", *sentences[0], *sentences[1]])
    whole = pipe([[token.text for token in doc]])[0]
    assert [place(span) for span in nlp(doc).spans["spert"]] == [
        (each["token_start"], each["token_end"], each["type"]) for each in whole["entities"]
    ]
    for token in doc:
        token.is_sent_start = token.i in (0, 1 + len(sentences[0]))
    first, second = pipe([[" ", *sentences[0]], sentences[1]])
    offset = 1 + len(sentences[0])
    nlp(doc)
    assert [*map(place, doc.spans["spert"])] == [
        (by + each["token_start"], by + each["token_end"], each["type"])
        for by, part in ((0, first), (offset, second))
        for each in part["entities"]
    ]
    expected = [*first["relations"], *second["relations"]]
    assert [(each.label, each.score) for each in doc._.relations] == [(r["type"], r["score"]) for r in expected]
    assert all((head.start < offset) == (tail.start < offset) for head, tail, *_ in doc._.relations)


@pytest.mark.parametrize("text", ["", " ", "\n\n \t"])
def test_docs_without_words(nlp, nlp_with_tokens, text):
    assert found_in(nlp(text)) == found_in(nlp_with_tokens(text)) == [[], [], []]


def test_the_best_entities_are_added_to_ents(tiny_checkpoint, nlp):
    doc = nlp(TEXTS[0])
    ranked = sorted(entities_of(doc), key=lambda each: -each[1])
    kept: list[Any] = []
    for label, _, start, end in ranked:
        if not any(start < other_end and other_start < end for _, other_start, other_end in kept):
            kept.append((label, start, end))
    assert {(ent.label_, ent.start_char, ent.end_char) for ent in doc.ents} == {*kept}
    assert len(kept) < len(ranked)  # some overlap
    assert all(ent in [*doc.spans["spert"]] for ent in doc.ents)
    none = make(tiny_checkpoint, ents="none")(TEXTS[0])
    assert not none.ents and entities_of(none) == entities_of(doc)


def test_ents_of_others_and_blocked_tokens_stay():
    doc = words_doc("Marian", "Pell", "of", "Northern", "Paper", "in", "Duluth")
    other = Span(doc, 3, 4, label="X", kb_id="Q1", span_id="mine")
    doc.set_ents([other], blocked=[doc[6:7]])
    labels = {(0, 2): 0.6, (0, 1): 0.7, (3, 5): 0.9, (6, 7): 0.9, (1, 2): 0.5}
    add_best_ents(doc, [Span(doc, *tokens, label="Y") for tokens in labels], labels.values())
    assert [*map(place, doc.ents)] == [(0, 1, "Y"), (1, 2, "Y"), (3, 4, "X")]
    assert (doc.ents[2].kb_id_, doc.ents[2].id_) == ("Q1", "mine")
    assert (doc[6].ent_iob_, doc[6].ent_type_) == ("B", "")  # blocked


@given(st.data())
def test_ents_never_overlap_and_nothing_that_fits_is_left_out(data):
    doc = words_doc(*"abcdefgh")
    ranges = st.tuples(st.integers(0, 7), st.integers(1, 4)).map(lambda pair: (pair[0], min(sum(pair), 8)))
    places = data.draw(st.lists(ranges, max_size=8))
    scores = data.draw(st.lists(st.sampled_from([0.2, 0.5, 0.9]), min_size=len(places), max_size=len(places)))
    add_best_ents(doc, [Span(doc, *each, label="Y") for each in places], scores)
    covered = {token for ent in doc.ents for token in range(ent.start, ent.end)}
    assert len(covered) == sum(map(len, doc.ents))
    assert all(covered & {*range(*each)} for each in places)


def test_a_stream_gives_docs_in_order_as_they_come(nlp):
    drawn = []

    def texts():
        for number in range(40):
            drawn.append(number)
            yield TEXTS[number % len(TEXTS)]

    docs = nlp.pipe(texts(), batch_size=8)
    first = next(docs)
    assert len(drawn) < 40
    expected = [found_in(nlp(text)) for text in TEXTS]
    assert [found_in(doc) for doc in [first, *docs]] == [expected[number % len(TEXTS)] for number in range(40)]


def test_what_fails_for_a_doc_is_for_the_error_handler(tiny_checkpoint, monkeypatch):
    nlp = make(tiny_checkpoint)
    pipeline = nlp.get_pipe("spert").pipeline
    preprocess = pipeline.preprocess

    def fail(inputs, *args, **kwargs):
        if "rained" in inputs:
            raise ValueError("a fault")
        return preprocess(inputs, *args, **kwargs)

    monkeypatch.setattr(pipeline, "preprocess", fail)
    with pytest.raises(ValueError, match="a fault"):
        [*nlp.pipe(TEXTS)]
    failed = []
    nlp.set_error_handler(lambda name, proc, docs, error: failed.append((name, [doc.text for doc in docs], str(error))))
    assert [doc.text for doc in nlp.pipe(TEXTS)] == [text for text in TEXTS if "rained" not in text]
    assert [(name, texts) for name, texts, _ in failed] == [("spert", ["It rained ."])]


def test_a_model_that_does_not_load_is_no_fault_of_a_doc(tmp_path):
    nlp = make(tmp_path / "none")
    nlp.set_error_handler(spacy.util.ignore_error)
    with pytest.raises(ValueError, match="model must be a folder that exists"):
        [*nlp.pipe(TEXTS)]


def test_a_saved_pipeline_has_the_model_in_it(tiny_checkpoint, tmp_path):
    given = tmp_path / "given"
    shutil.copytree(tiny_checkpoint, given)
    settings: Any = {"relation_threshold": ["Work_For=0.99", "Near=0.5"], "entity_threshold": 0.4}
    nlp = make(given, **settings)
    expected = [found_in(doc) for doc in nlp.pipe(TEXTS)]
    nlp.to_disk(tmp_path / "saved")
    nlp.to_disk(tmp_path / "saved")  # once more, over it
    content = nlp.to_bytes()
    shutil.rmtree(given)
    loaded = spacy.load(tmp_path / "saved")
    assert loaded.pipe_labels["spert"] == ["Loc", "Org", "Peop"]
    from_bytes = make(tmp_path / "none", **settings)
    from_bytes.from_bytes(content)
    shutil.rmtree(tmp_path / "saved")
    for copy in (loaded, from_bytes, pickle.loads(pickle.dumps(nlp))):
        assert [found_in(doc) for doc in copy.pipe(TEXTS)] == expected


def test_a_saved_pipeline_has_the_encoder_in_int8(quantized_checkpoint, tmp_path):
    pytest.importorskip("nncf", reason="needs the extra openvino")
    nlp = make(quantized_checkpoint, backend="openvino", dtype="int8")
    nlp.to_disk(tmp_path / "saved")
    loaded = spacy.load(tmp_path / "saved")
    assert loaded.get_pipe("spert").pipeline.model.runtime.name == "openvino"
    assert [found_in(doc) for doc in loaded.pipe(TEXTS)] == [found_in(doc) for doc in nlp.pipe(TEXTS)]


_WITHOUT_TORCH = """
import json, sys
sys.modules.update(dict.fromkeys(["torch", "transformers", "safetensors"]))
import spacy
import spert_hf.integrations.spacy_component  # a checkout installed before has no entry point
nlp = spacy.load(sys.argv[1])
nlp.to_disk(sys.argv[2])
doc = nlp(sys.argv[3])
assert nlp.evaluate([spacy.training.Example(doc, doc)])["rel_micro_f"] == 1
print(json.dumps([(relation.label, round(relation.score, 4)) for relation in doc._.relations]))
"""


@pytest.mark.e2e
def test_an_onnx_export_needs_no_torch_and_is_saved_with_the_pipeline(exported_checkpoint, tmp_path):
    expected = [found_in(doc) for doc in make(exported_checkpoint).pipe(TEXTS)]
    given = tmp_path / "given"
    shutil.copytree(exported_checkpoint / "onnx", given)
    nlp = make(given, backend="onnx")
    assert [found_in(doc) for doc in nlp.pipe(TEXTS)] == expected
    nlp.to_disk(tmp_path / "saved")
    content = nlp.to_bytes()
    shutil.rmtree(given)
    command = [sys.executable, "-c", _WITHOUT_TORCH, str(tmp_path / "saved"), str(tmp_path / "again"), TEXTS[0]]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=300)
    assert done.returncode == 0, done.stderr
    loaded = spacy.load(tmp_path / "again")
    assert json.loads(done.stdout) == [[each.label, rounded(each.score)] for each in loaded(TEXTS[0])._.relations]
    assert loaded.pipe_labels["spert"] == ["Loc", "Org", "Peop"]
    from_bytes = make("none", backend="onnx")
    from_bytes.from_bytes(content)
    for copy in (loaded, from_bytes, pickle.loads(pickle.dumps(from_bytes))):
        assert [found_in(doc) for doc in copy.pipe(TEXTS)] == expected
    assert [found_in(doc) for doc in loaded.pipe(TEXTS, n_process=2, batch_size=2)] == expected


@pytest.mark.e2e
def test_an_export_is_saved_in_the_dtype_that_computes(exported_checkpoint, tmp_path):
    make(exported_checkpoint, backend="onnx", dtype="int8").to_disk(tmp_path / "saved")
    names = {path.name for path in (tmp_path / "saved" / "spert").iterdir()}
    assert "model_quantized.onnx" in names and not names & {"model.onnx", "model_mapped.onnx"}
    assert spacy.load(tmp_path / "saved").get_pipe("spert").pipeline.dtype == "int8"
    make(exported_checkpoint).get_pipe("spert").to_disk(tmp_path / "saved" / "spert")  # takes the place of the export
    assert not [*(tmp_path / "saved" / "spert").glob("*.onnx")]


@pytest.mark.parametrize("store_user_data", [True, False])
def test_a_docbin_keeps_entities_and_relations(nlp, store_user_data, tmp_path):
    docs = [*nlp.pipe(TEXTS)]
    DocBin(store_user_data=store_user_data, docs=docs).to_disk(tmp_path / "docs.spacy")
    read = [*DocBin().from_disk(tmp_path / "docs.spacy").get_docs(spacy.vocab.Vocab())]
    assert [found_in(doc) for doc in read] == [found_in(doc) for doc in docs]
    # `spert-hf import` reads them, too
    for text, doc in zip(read_annotations(tmp_path / "docs.spacy", "spacy"), docs, strict=True):
        places = [(each.type, each.start, each.end) for each in text.entities]
        assert {*places} == {(label, start, end) for label, _, start, end in entities_of(doc)}
        assert [(places[r.head], places[r.tail], r.type) for r in text.relations] == [
            ((head.label_, head.start_char, head.end_char), (tail.label_, tail.start_char, tail.end_char), label)
            for head, tail, label, _ in relations_of(doc)
        ]


def test_relations_of_spans_that_were_removed_are_left_out(nlp):
    doc = nlp(TEXTS[0])
    group = doc.spans["spert"]
    gone = doc._.relations[0].head
    doc.spans["spert"] = spacy.tokens.SpanGroup(
        doc, name="spert", spans=[span for span in group if span != gone], attrs=group.attrs
    )
    left = found_in_relations(doc)
    assert 0 < len(left) < len(group.attrs["relations"])
    assert all(place(gone) not in each[:2] for each in left)


def found_in_relations(doc: Any) -> list[tuple[Any, ...]]:
    return [(place(each.head), place(each.tail), each.label) for each in doc._.relations]


def test_relations_are_set_by_hand():
    doc = words_doc("Marian", "Pell", "of", "Northern", "Paper")
    head, tail = Span(doc, 0, 2, label="Peop"), Span(doc, 3, 5, label="Org")
    doc.spans["spert"] = [tail]
    set_relations(doc, [(head, tail, "Work_For"), (tail, head, "Pays", 0.5)])
    assert [*map(place, doc.spans["spert"])] == [place(tail), place(head)]
    assert found_in_relations(doc) == [(place(head), place(tail), "Work_For"), (place(tail), place(head), "Pays")]
    assert [each.score for each in doc._.relations] == [None, 0.5]
    set_relations(doc, [])
    assert relations_of(doc) == [] and len(doc.spans["spert"]) == 2
    for wrong in ((head, "tail", "x"), (head, tail), (head, tail, 1), (head, words_doc("a")[0:1], "x")):
        with pytest.raises(ValueError, match=r"^relations\[0\] must be \(head, tail, label\)"):
            set_relations(doc, [wrong])


def test_corrected_relations_are_those_of_the_entities(nlp):
    doc = nlp(TEXTS[0])
    ents = [*doc.ents]
    doc.spans["spert"] = [*reversed(doc.spans["spert"])]
    set_relations(doc, [(ents[0], ents[1], "New"), (ents[1], ents[0], "Newer")])
    assert doc.spans["spert"][0].id_ == "spert-0"  # ids are given anew
    assert [each.label for each in ents[0]._.relations] == ["New", "Newer"]
    assert not ents[2]._.relations


def test_two_models_in_a_pipeline(tiny_checkpoint):
    nlp = make(tiny_checkpoint)
    settings = {"model": str(tiny_checkpoint), "spans_key": "other", "relation_types": ["Near"]}
    nlp.add_pipe("spert", name="second", config=settings)
    doc = nlp(TEXTS[0])
    assert [*map(place, doc.spans["other"])] == [*map(place, doc.spans["spert"])]
    assert {each.label for each in relations_of(doc, "other")} == {"Near"}
    assert doc._.relations == relations_of(doc, "spert") + relations_of(doc, "other")


def test_an_attribute_of_another_component_is_not_taken(tiny_checkpoint):
    Doc.set_extension("taken", default=None)
    try:
        with pytest.raises(ValueError, match="attribute must be the name of an attribute that is free, got 'taken'"):
            make(tiny_checkpoint, attribute="taken")
    finally:
        Doc.remove_extension("taken")
    doc = make(tiny_checkpoint, attribute="rels")(TEXTS[0])
    assert doc._.rels == doc._.relations == relations_of(doc)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"model": None}, "model must be the folder or Hub id of a checkpoint, got None"),
        ({"backend": "jax"}, "backend must be 'torch', 'openvino' or 'onnx', got 'jax'"),
        ({"ents": "all"}, "ents must be 'best' or 'none', got 'all'"),
        ({"words": "mine"}, "words must be 'model' or 'spacy', got 'mine'"),
        ({"overlap": "some"}, "overlap must be 'keep', 'drop' or 'best', got 'some'"),
        ({"batch_size": 0}, "batch_size must be an integer of 1 or more, got 0"),
        ({"spans_key": ""}, "spans_key must be the name of a group, got ''"),
        ({"dtype": 8}, "dtype must be a string, got 8"),
        ({"entity_threshold": 2}, "entity_threshold must be a number from 0 to 1, got 2"),
        ({"relation_threshold": -1}, "relation_threshold must be a number from 0 to 1, got -1"),
        ({"relation_threshold": {"Near": "x"}}, "relation_threshold.Near must be a number from 0 to 1, got 'x'"),
        (
            {"relation_threshold": ["Near"]},
            "relation_threshold must be a number, or 'TYPE=NUMBER' for each type, got 'N",
        ),
        ({"relation_threshold": ["Near=x"]}, "relation_threshold.Near must be a number from 0 to 1, got 'x'"),
        (
            {"relation_threshold": {"per:title": 0.5}},
            "relation_threshold must be a list, ['per:title=0.5'], for this type, got 'per:title'",
        ),
        ({"modle": "x"}, "\n\nConfig error for 'spert'\nspert -> modle\tunexpected argument"),  # this one is spaCy's
    ],
)
def test_a_wrong_setting_is_named_at_once(settings, message):
    with pytest.raises(ValueError) as raised:
        make("none", **settings)
    assert str(raised.value).startswith(message)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"entity_types": ["Pepo"]}, "entity_types must be one of 'Peop', .*did you mean 'Peop'"),
        ({"relation_threshold": ["Live=0.5"]}, "relation_threshold must be one of 'Live_In', .*got 'Live'"),
        ({"dtype": "int8"}, "backend must be openvino, or onnx to extract, for dtype int8"),
    ],
)
def test_what_only_the_model_can_tell_is_told_with_the_first_text(tiny_checkpoint, settings, message):
    nlp = make(tiny_checkpoint, **settings)
    with pytest.raises(ValueError, match=message):
        nlp("A text.")


def overlapping_doc() -> Any:
    doc = words_doc("Salem", "University", "of", "<", "R&D", "in", "Salem")
    university, city, field = Span(doc, 0, 5, label="Org"), Span(doc, 0, 1, label="Loc"), Span(doc, 3, 5, label="A<B")
    other = Span(doc, 6, 7, label="Loc")
    doc.spans["spert"] = [university, city, field, other]
    set_relations(
        doc, [(university, other, "in&out"), (other, university, "has"), (university, field, "on"), (city, city, "is")]
    )
    return doc


def test_relations_in_the_form_of_displacy():
    drawn = relations_to_displacy(overlapping_doc())
    assert drawn == {
        "words": [
            {"text": "Salem", "tag": "Loc"},
            {"text": "University", "tag": ""},
            {"text": "of", "tag": ""},
            {"text": "< R&D", "tag": "A&lt;B"},
            {"text": "in", "tag": ""},
            {"text": "Salem", "tag": "Loc"},
        ],
        "arcs": [
            {"start": 1, "end": 5, "label": "in&amp;out", "dir": "right"},
            {"start": 1, "end": 5, "label": "has", "dir": "left"},
            {"start": 1, "end": 3, "label": "on", "dir": "right"},
        ],
    }
    svg = displacy.render(drawn, style="dep", manual=True, jupyter=False)
    assert svg.count("<textPath") == 3 and "in&amp;out" in svg and ">A&lt;B<" in svg


def test_displacy_renders_what_was_found(nlp):
    doc = nlp(TEXTS[0])
    assert displacy.render(doc, style="ent", jupyter=False).count("<mark") == len(doc.ents)
    spans = displacy.render(doc, style="span", options={"spans_key": "spert"}, jupyter=False)
    assert all(span.label_ in spans for span in doc.spans["spert"])
    empty = nlp("")
    assert relations_to_displacy(empty) == {"words": [], "arcs": []}
    assert displacy.render(relations_to_displacy(empty), style="dep", manual=True, jupyter=False)


def example(predicted: Callable[[Any], None], annotated: Callable[[Any], None]) -> Any:
    words = ["Marian", "Pell", "of", "Northern", "Paper", "near", "Kestrel"]
    docs = words_doc(*words), words_doc(*words)
    predicted(docs[0])
    annotated(docs[1])
    return Example(*docs)


def annotate(*relations: tuple[tuple[int, int, str], tuple[int, int, str], str]) -> Callable[[Any], None]:
    def add(doc: Any) -> None:
        set_relations(doc, [(span_of(doc, head), span_of(doc, tail), label) for head, tail, label in relations])

    return add


def span_of(doc: Any, where: tuple[int, int, str]) -> Any:
    return Span(doc, *where[:2], label=where[2])


PEOP, ORG, OTHER = (0, 2, "Peop"), (3, 5, "Org"), (6, 7, "Org")


def test_relations_are_right_if_ends_and_types_are(nlp):
    score = nlp.get_pipe("spert").score
    gold = annotate((PEOP, ORG, "Work_For"), (ORG, OTHER, "Near"), (PEOP, OTHER, "Live_In"))
    # the second is symmetric; the third has a tail of another type
    found = annotate((PEOP, ORG, "Work_For"), (OTHER, ORG, "Near"), (PEOP, (6, 7, "Loc"), "Live_In"))
    scores = score([example(found, gold)])
    assert scores["rel_micro_p"] == scores["rel_micro_r"] == pytest.approx(2 / 3)
    assert scores["rel_per_type"]["Live_In"] == {"p": 0, "r": 0, "f": 0}
    assert scores["rel_per_type"]["Near"]["f"] == 1
    assert scores["spans_spert_p"] == 3 / 4 and scores["spans_spert_r"] == 1
    nothing = score([example(found, lambda doc: None)])
    assert nothing["rel_micro_f"] is nothing["rel_per_type"] is nothing["spans_spert_f"] is None


def test_tokens_may_differ_from_the_annotated_ones(nlp):
    predicted = Doc(
        nlp.vocab, words=["Mari", "an", "Pell", "of", "NorthernPaper"], spaces=[False, True, True, True, False]
    )
    reference = Doc(
        nlp.vocab, words=["Marian", "Pell", "of", "Northern", "Paper"], spaces=[True, True, True, False, False]
    )
    annotate(((0, 3, "Peop"), (4, 5, "Org"), "Work_For"), ((0, 1, "Peop"), (4, 5, "Org"), "Live_In"))(predicted)
    annotate(((0, 2, "Peop"), (3, 5, "Org"), "Work_For"))(reference)
    scores = nlp.get_pipe("spert").score([Example(predicted, reference)])
    assert (scores["rel_micro_p"], scores["rel_micro_r"]) == (1 / 2, 1)


def test_evaluation_agrees_with_the_metric(nlp_with_tokens):
    nlp, pipe = nlp_with_tokens, nlp_with_tokens.get_pipe("spert").pipeline
    results = pipe(SENTENCES)
    documents, examples = [], []
    for number, (words, result) in enumerate(zip(SENTENCES, results, strict=True)):
        entities = [{"type": e["type"], "start": e["token_start"], "end": e["token_end"]} for e in result["entities"]]
        relations = [{key: r[key] for key in ("type", "head", "tail")} for r in result["relations"]]
        for each in entities[::3]:
            each["type"] = "Loc"
        documents.append({"tokens": words, "entities": entities, "relations": relations[number % 2 :]})
        doc = Doc(nlp.vocab, words=words)
        spans = [Span(doc, each["start"], each["end"], label=each["type"]) for each in entities]
        doc.spans["spert"] = spans
        triples = [(spans[r["head"]], spans[r["tail"]], r["type"]) for r in documents[-1]["relations"]]
        set_relations(doc, triples)
        examples.append(Example(Doc(nlp.vocab, words=words), doc))
    scores = nlp.evaluate(examples)
    symmetric = pipe.model.config.symmetric_relation_types
    expected = score_documents(documents, results, symmetric_relation_types=symmetric)
    assert 0 < expected.rel_plus.micro.f1 < 100
    assert scores["rel_micro_f"] == pytest.approx(expected.rel_plus.micro.f1 / 100)
    assert scores["spans_spert_f"] == pytest.approx(expected.ner.micro.f1 / 100)


def test_without_spacy_one_line_says_what_to_install(monkeypatch):
    name = spacy_component.__name__
    monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "spacy", None)
    with pytest.raises(ImportError, match=r'^spacy is not installed: pip install "spert-hf\[spacy\]" \(.*\)$'):
        importlib.import_module(name)


@pytest.mark.e2e
def test_several_processes(nlp):
    expected = [found_in(nlp(text)) for text in TEXTS * 3]
    assert [found_in(doc) for doc in nlp.pipe(TEXTS * 3, n_process=2, batch_size=4)] == expected


_FIVE_LINES = """
import sys, spacy
nlp = spacy.blank("en")
nlp.add_pipe("spert", config={"model": sys.argv[1]})
assert "transformers" not in sys.modules
print(len(nlp(sys.argv[2])._.relations))
"""


@pytest.mark.e2e
def test_spacy_finds_an_installed_package(tiny_checkpoint, nlp, tmp_path):
    pytest.importorskip("hatchling", reason="builds the package")
    offline = ["--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check"]
    install = [sys.executable, "-m", "pip", "install", "-q", *offline, "--target", str(tmp_path / "site"), str(ROOT)]
    subprocess.run(install, check=True, cwd=tmp_path, timeout=300)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    run = [sys.executable, "-c", _FIVE_LINES, str(tiny_checkpoint), TEXTS[0]]
    answer = subprocess.run(run, check=True, cwd=tmp_path, env=environment, timeout=300, capture_output=True, text=True)
    assert int(answer.stdout) == len(nlp(TEXTS[0])._.relations)
