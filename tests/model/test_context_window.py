"""Sentences in windows of their neighbours: what the encoder reads, and that each is scored as in its window alone."""

from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoTokenizer

from spert_hf import SpertModel, SpertProcessor
from spert_hf.model.decoding import in_text_order, to_records
from spert_hf.model.inference import compute_batches, predict
from spert_hf.model.pieces import LEAST_CONTEXT, context_windows, cut, group_by_window
from spert_hf.model.pipeline_spert import SpertPipeline
from tests.support.predictions import assert_same
from tests.support.tiny_models import SENTENCES, make_encoder_folder, make_tokenizer

WINDOW = 48
TYPES = {"entity_types": ["Peop", "Org"], "relation_types": ["Work_For"]}


@st.composite
def documents(draw):
    """Sub-words of the words of a document, and ranges of words that are its sentences."""
    sizes = draw(st.lists(st.integers(1, 5), min_size=1, max_size=60))
    borders = draw(st.sets(st.integers(1, len(sizes) - 1), max_size=8)) if len(sizes) > 1 else set()
    offsets = [0]
    for size in sizes:
        offsets.append(offsets[-1] + size)
    return offsets, list(pairwise(sorted({0, len(sizes), *borders})))


@given(document=documents(), size=st.integers(8, 100))
def test_each_sentence_is_in_one_window_with_context(document, size):
    offsets, ranges = document
    margin = int(size * LEAST_CONTEXT)
    inside = []
    for start, end, part in context_windows(offsets, ranges, size):
        core = ranges[part]
        inside += core
        first, last = core[0][0], core[-1][1]
        assert start <= first < last <= end
        length = offsets[last] - offsets[first]
        assert offsets[end] - offsets[start] <= max(size, length)
        if length + 2 * margin > size and len(core) == 1:
            continue  # a long sentence, around which there may be less
        # One word more would be too much, or there is none.
        assert start == 0 or offsets[first] - offsets[start - 1] > margin
        assert end == len(offsets) - 1 or offsets[end + 1] - offsets[last] > margin
    assert inside == ranges


def test_a_document_that_fits_is_one_window():
    assert list(context_windows([0, 2, 4, 6, 8], [(0, 1), (1, 4)], 8)) == [(0, 4, slice(0, 2))]


def test_a_long_sentence_has_what_fits_on_both_sides():
    offsets = list(range(31))
    assert list(context_windows(offsets, [(0, 10), (10, 24), (24, 30)], 16))[1] == (9, 25, slice(1, 2))


@pytest.fixture(scope="module")
def make_tiny(tmp_path_factory):
    """Make a tiny model and its processor, with windows of a few sub-words."""

    def make(family="bert", context_window=WINDOW, **settings):
        torch.manual_seed(0)
        folder = make_encoder_folder(family, tmp_path_factory.mktemp(family))
        model = SpertModel.from_encoder(folder, **TYPES, context_window=context_window, **settings).eval()
        return model, SpertProcessor.for_config(make_tokenizer(family), model.config)

    return make


def entities_of(piece):
    """Some entities of a piece, the same whoever scores them."""
    return [(start, start + 1, 1) for start in range(min(3, len(piece.words)))]


def scored_alone(model, processor, piece):
    """Logits of all spans and of pairs, by a window for this piece only, of which its part is cut out by hand."""
    inputs = processor.collate([piece.encoder_input])
    offsets = inputs.pop("word_offsets")
    first = piece.window.word_offsets.index(piece.first)
    own = offsets[:, first : first + len(piece.words) + 1]
    hidden = model.encode(**inputs)
    sequence = torch.cat([hidden[:, :1], hidden[:, own[0, 0] : own[0, -1]]], dim=1)
    entities = torch.tensor([(0, *entity) for entity in entities_of(piece)])
    scores = model.score_all(sequence, own - own[0, 0] + 1, entities)
    return scores.entity_logits[0], scores.relation_logits


def check_scores(model, processor, pieces):
    """Compare what shared windows give with what each piece's own window does."""
    assert 1 < len(group_by_window(pieces)) < len(pieces)

    def scores_of_rows(batch, output):
        rows = output.entities[output.pairs[:, 0], 0]
        return [
            (index, output.entity_logits[row], output.relation_logits[rows == row]) for row, index in enumerate(batch)
        ]

    entities = [entities_of(piece) for piece in pieces]
    seen = set()
    for of_batch in compute_batches(model, processor, pieces, 4, scores_of_rows, entities):
        for index, spans, pairs in of_batch:
            seen.add(index)
            own_spans, own_pairs = scored_alone(model, processor, pieces[index])
            sizes, words = own_spans.shape[:2]
            assert torch.allclose(spans[:sizes, :words], own_spans, atol=1e-5)
            assert torch.allclose(pairs, own_pairs, atol=1e-5)
    assert seen == set(range(len(pieces)))


@pytest.mark.parametrize("context", ["between", "sentence", "cls", "attention"])
def test_shared_windows_give_what_a_window_for_each_sentence_gives(make_tiny, context):
    model, processor = make_tiny(relation_context=context, letter_case_embeddings=True)
    with torch.inference_mode():
        check_scores(model, processor, cut(processor, SENTENCES * 2, documents=[0] * 4 + [1] * 6))


@pytest.mark.parametrize("family", ["roberta", "t5", "modernbert"])
def test_a_text_is_read_in_windows_of_its_sentences(make_tiny, family):
    model, processor = make_tiny(family, context_window=110)
    pipe = SpertPipeline(model=model, tokenizer=processor.tokenizer)
    text = " ".join(" ".join(words) for words in SENTENCES * 2)
    (read,) = pipe.read([text])
    pieces = cut(processor, [read.words], [read.sequences])
    assert [(piece.start, piece.end) for piece in pieces] == read.sequences
    with torch.inference_mode():
        check_scores(model, processor, pieces)
    for entity in pipe(text)["entities"]:
        assert any(start <= entity["token_start"] < entity["token_end"] <= end for start, end in read.sequences)


def test_neighbours_matter_and_those_of_other_documents_do_not(make_tiny):
    model, processor = make_tiny()
    alone = predict(model, processor, SENTENCES, relation_threshold=0.0)
    together = predict(model, processor, SENTENCES, relation_threshold=0.0, documents=[0] * len(SENTENCES))
    apart = predict(model, processor, SENTENCES, relation_threshold=0.0, documents=range(len(SENTENCES)))
    assert alone == apart
    assert alone != together
    model.config.context_window = 0
    plain = SpertProcessor.for_config(processor.tokenizer, model.config)
    for one, other in zip(alone, predict(model, plain, SENTENCES, relation_threshold=0.0), strict=True):
        assert [(e.start, e.end, e.type) for e in one.entities] == [(e.start, e.end, e.type) for e in other.entities]
        assert [r.score for r in one.relations] == pytest.approx([r.score for r in other.relations], abs=1e-5)


def test_a_sentence_longer_than_the_encoder_is_cut_as_ever(make_tiny):
    model, processor = make_tiny(context_window=60, max_span_size=4)
    processor.window_size = 60
    long = [word for _ in range(4) for sentence in SENTENCES for word in sentence]
    pieces = cut(processor, [SENTENCES[0], long, SENTENCES[1]], documents=[0, 0, 0])
    assert [(one.text, one.start, one.end) for one in pieces] == [
        (one.text, one.start, one.end) for one in cut(processor, [SENTENCES[0], long, SENTENCES[1]])
    ]
    assert max(len(piece.encoder_input.input_ids) for piece in pieces) <= 60
    for piece in pieces:
        end = piece.first + len(piece.words.input_ids)
        assert piece.window.input_ids[piece.first : end] == piece.words.input_ids
    assert len(predict(model, processor, [SENTENCES[0], long], documents=[0, 0])) == 2


def test_given_entities_are_paired_in_their_sentences(make_tiny):
    model, processor = make_tiny()
    pipe = SpertPipeline(model=model, tokenizer=processor.tokenizer)
    text = "It rained . Ada works for Bluewater . Overnight it rained ."
    entities = [{"type": "Peop", "start": 12, "end": 15}, {"type": "Org", "start": 26, "end": 35}]
    result = pipe(text, entities=entities, relation_threshold=0.0)
    assert [(one["start"], one["end"]) for one in result["entities"]] == [(12, 15), (26, 35)]
    assert len(result["relations"]) == 2


def test_training_and_inference_give_the_same_logits(make_tiny):
    model, processor = make_tiny()
    pieces = cut(processor, SENTENCES, documents=[0] * len(SENTENCES))
    inputs = processor.collate_pieces(pieces)
    assert len(inputs["input_ids"]) < len(inputs["word_offsets"]) == len(SENTENCES)
    spans = torch.tensor([[[0, 1]]] * len(SENTENCES))
    with torch.inference_mode():
        assert torch.allclose(
            model(**inputs, spans=spans).entity_logits[:, 0], model(**inputs).entity_logits[:, 0, 0], atol=1e-5
        )


def test_a_window_that_the_encoder_cannot_take_is_refused(make_tiny):
    with pytest.raises(ValueError, match="context_window must be at most 126, as many sub-words as the encoder takes"):
        make_tiny(context_window=127)


def test_the_setting_is_saved(make_tiny, tmp_path):
    model, processor = make_tiny()
    model.save_pretrained(tmp_path)
    processor.tokenizer.save_pretrained(tmp_path)
    again = SpertModel.from_pretrained(tmp_path).eval()
    own = SpertProcessor.for_config(AutoTokenizer.from_pretrained(tmp_path), again.config)
    numbers = [0] * len(SENTENCES)
    found = [predict(*pair, SENTENCES, documents=numbers) for pair in ((model, processor), (again, own))]
    before, after = ([to_records(in_text_order(one)) for one in each] for each in found)
    assert_same(after, before)
