"""What a config can add to the paper's model: letter case, signatures of relations."""

import re

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoTokenizer, pipeline

from spert_hf import SpertConfig, SpertModel, SpertProcessor
from spert_hf.model.decoding import decode
from spert_hf.model.inference import candidate_scores, predict
from spert_hf.model.output import SpertScores
from spert_hf.model.subwords import LETTER_CASES, letter_case, subword_cases
from tests.support.tiers import first_by_default
from tests.support.tiny_models import FAMILIES, SENTENCES, make_tiny_checkpoint, make_tokenizer


def load(family, folder, **settings):
    checkpoint = make_tiny_checkpoint(family, folder, **settings)
    model = SpertModel.from_pretrained(checkpoint)
    return model, SpertProcessor.for_config(AutoTokenizer.from_pretrained(checkpoint), model.config)


@pytest.mark.parametrize(
    ("letters", "case"),
    [
        ("harbour", "lower"),
        ("Harbour", "initial capital"),
        ("A", "initial capital"),
        ("NATO", "capitals"),
        ("McCoy", "mixed"),
        ("iPhone", "mixed"),
        ("1990", "no letters"),
        ("-", "no letters"),
        ("東京", "no letters"),
        ("Ölberg", "initial capital"),
    ],
)
def test_letter_case(letters, case):
    assert LETTER_CASES[letter_case(letters)] == case


@given(st.text(max_size=8))
def test_letter_case_of_any_text(text):
    case = LETTER_CASES[letter_case(text)]
    assert (case == "no letters") == (text.lower() == text.upper())
    assert (case == "lower") == (text.lower() == text and text.lower() != text.upper())
    assert case != "capitals" or text == text.upper()


@pytest.mark.parametrize(
    "words",
    [["Harper-Lund's"], ["Harper-Lund", "'s"], ["Harper", "-", "Lund", "'s"], ["Harper", "-", "Lund", "'", "s"]],
)
def test_letter_case_does_not_depend_on_where_words_end(words):
    """Raw text is split finer than most data sets: what a model learns of one must hold for the other."""
    tokenizer = make_tokenizer("bert")
    encoded = SpertProcessor(tokenizer, 128, letter_cases=True).encode([words])[0]
    capital, nothing, lower = (LETTER_CASES.index(case) for case in ("initial capital", "no letters", "lower"))
    counts = [len(tokenizer.tokenize(run)) for run in ("Harper", "-", "Lund", "'", "s")]
    expected = zip((capital, nothing, capital, nothing, lower), counts, strict=True)
    assert encoded.letter_cases == [case for case, count in expected for _ in range(count)]


@given(
    st.lists(st.sampled_from(("Oslo", "oslo", "NATO", "McCoy", "U.S.", "-", "'", "7", "e\u0301t", "東京")), max_size=6)
)
def test_a_sub_word_of_every_character(runs):
    """Each character of a run of letters has the case of the run, wherever in a word the run stands."""
    word = "-".join(runs)
    letters = re.findall(r"(?:[^\W\d_]\u0301?)+|.", word)
    expected = [letter_case(run) for run in letters for _ in run]
    assert subword_cases(word, [(place, place + 1) for place in range(len(word))]) == expected


class TestLetterCaseEmbeddings:
    @pytest.mark.parametrize("family", first_by_default(FAMILIES))
    def test_each_sub_word_gets_that_of_its_letters(self, family, tmp_path):
        """In sentences whose words are runs of letters, but for points and a comma."""
        model, processor = load(family, tmp_path, letter_case_embeddings=True)
        inputs = processor.collate(processor.encode(SENTENCES))
        with torch.no_grad():
            plain = model.encoder.get_input_embeddings()(inputs["input_ids"])
            model.letter_case_embeddings.weight[:] = torch.arange(len(LETTER_CASES))[:, None]
            added = model.embed(inputs["input_ids"], inputs["letter_cases"])
        cases = (added - plain).mean(-1).round().int()
        for row, words in enumerate(SENTENCES):
            offsets = inputs["word_offsets"][row].tolist()
            found = cases[row].tolist()
            for word, start, end in zip(words, offsets, offsets[1:], strict=False):
                abbreviated = len(word) > 1 and word[-1] == "."
                assert set(found[start : end - abbreviated]) == {letter_case(word)}
                assert not abbreviated or found[end - 1] in (0, letter_case(word))
            assert not any(found[: offsets[0]] + found[offsets[-1] :])

    def test_a_fresh_model_reads_as_its_encoder_does(self, tmp_path):
        model, processor = load("bert", tmp_path, letter_case_embeddings=True)
        inputs = processor.collate(processor.encode(SENTENCES))
        vectors = model.embed(inputs["input_ids"], inputs["letter_cases"])
        torch.testing.assert_close(vectors, model.encoder.get_input_embeddings()(inputs["input_ids"]))

    def test_case_makes_a_difference_to_a_tokenizer_that_ignores_it(self, tmp_path):
        checkpoint = make_tiny_checkpoint("bert", tmp_path, letter_case_embeddings=True)
        pipe = pipeline("spert-extraction", model=str(checkpoint))
        with torch.no_grad():
            pipe.model.letter_case_embeddings.weight.normal_()
            pipe.model.entity_classifier.bias[0] = -1e3  # every span is an entity
        scores = [[entity["score"] for entity in pipe(word)["entities"]] for word in ("oslo", "Oslo", "OSLO")]
        assert len({tuple(one) for one in scores}) == 3

    def test_windows_keep_it(self, tmp_path):
        model, processor = load("bert", tmp_path, letter_case_embeddings=True)
        words = [word for _ in range(20) for sentence in SENTENCES for word in sentence]
        encoded = processor.encode([words])[0]
        for start, end in processor.windows(encoded):
            assert encoded.window(start, end).letter_cases == processor.encode([words[start:end]])[0].letter_cases
        assert predict(model, processor, [words])

    def test_a_model_that_needs_it_says_so(self, tmp_path):
        model, processor = load("bert", tmp_path, letter_case_embeddings=True)
        inputs = processor.collate(processor.encode(SENTENCES))
        del inputs["letter_cases"]
        with pytest.raises(ValueError, match=r"letter_cases must be given, as .*, got none"):
            model(**inputs)


TYPES = {
    "entity_types": ["Loc", "Org", "Peop"],
    "relation_types": ["Work_For", "Near", "Other"],
    "symmetric_relation_types": ["Near"],
}


class TestSignatures:
    @staticmethod
    def relations(signatures):
        """All relations of a Loc, an Org and a Peop, if every pair has all of them."""
        config = SpertConfig(**TYPES, relation_signatures=signatures)
        entities = torch.tensor([[0, place, place + 1, place + 1] for place in range(3)])
        pairs = torch.tensor([(head, tail) for head in range(3) for tail in range(3) if head != tail])
        output = SpertScores(
            entity_logits=torch.zeros(1, 1, 3, 4),
            entities=entities,
            pairs=pairs,
            relation_logits=torch.full((len(pairs), 3), 3.0),
        )
        names = config.entity_types
        return {
            (r.type, names[r.head], names[r.tail]) for r in decode(candidate_scores(output), config, 1)[0].relations
        }

    def test_relations_between_other_types_are_left_out(self):
        everything = self.relations(None)
        assert len(everything) == 6 + 3 + 6
        bound = self.relations({"Work_For": [["Peop", "Org"]], "Near": [["Peop", "Loc"]]})
        assert {one for one in bound if one[0] == "Other"} == {one for one in everything if one[0] == "Other"}
        assert {one for one in bound if one[0] != "Other"} == {("Work_For", "Peop", "Org"), ("Near", "Loc", "Peop")}
        assert not {one for one in self.relations({"Other": []}) if one[0] == "Other"}

    @pytest.mark.parametrize(
        ("signatures", "message"),
        [
            ([], "relation_signatures must be a mapping or None, got .*"),
            ({"Kill": []}, "relation_signatures must have relation types as keys, got 'Kill'"),
            ({"Near": [["Loc"]]}, "must be pairs of entity types"),
            ({"Near": [["Loc", "City"]]}, "must be pairs of entity types"),
            ({"Near": 3}, "must be pairs of entity types"),
        ],
    )
    def test_wrong_ones_are_refused(self, signatures, message):
        with pytest.raises(ValueError, match=message):
            SpertConfig(**TYPES, relation_signatures=signatures)


def test_the_config_decides_what_becomes_of_overlaps_unless_the_call_does(tmp_path):
    checkpoint = make_tiny_checkpoint("bert", tmp_path)
    pipe = pipeline("spert-extraction", model=str(checkpoint))
    with torch.no_grad():
        pipe.model.entity_classifier.bias[0] = -1e3  # every span is an entity
    text = " ".join(SENTENCES[0])
    by_policy = {policy: pipe(text, overlap=policy) for policy in ("keep", "drop", "best")}
    assert len(by_policy["keep"]["entities"]) > len(by_policy["best"]["entities"]) > len(by_policy["drop"]["entities"])
    assert pipe(text) == by_policy["keep"]
    pipe.model.config.overlap = "best"
    assert pipe(text) == by_policy["best"]
    assert pipe(text, overlap="keep") == by_policy["keep"]
    assert len(predict(pipe.model, pipe.spert_processor, SENTENCES[:1])[0].entities) == len(
        by_policy["best"]["entities"]
    )
