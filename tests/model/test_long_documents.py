"""Documents of many pages: time and memory in proportion, and running text as good as its sentences."""

import os

import pytest

from spert_hf import SpertProcessor
from spert_hf.model.decoding import resolve_overlaps
from spert_hf.model.predictions import PredictedEntity, Prediction
from tests.support import growth
from tests.support.mixed_documents import SENTENCES
from tests.support.running_text import read_gold, score_running_text, score_sentences

PAGE = " ".join(SENTENCES * 6)  # some 400 words
LONGEST_LOSS = 1.0
"""Points of F1 that running text may cost against its sentences one by one."""


@pytest.mark.e2e
class TestGrowth:
    """With the number of pages, not with its square."""

    @pytest.mark.parametrize("sequences", ["sentences", "document"])
    def test_time(self, tiny_pipeline, sequences):
        def work(pages):
            text = PAGE * pages
            return lambda: tiny_pipeline(text, sequences=sequences)

        assert growth.exponent(work, largest=16) < growth.BELOW_THE_SQUARE

    @pytest.mark.parametrize("sequences", ["sentences", "document"])
    def test_memory(self, tiny_pipeline, sequences):
        def cost(pages):
            text = PAGE * pages
            return growth.peak_bytes(lambda: tiny_pipeline(text, sequences=sequences))

        assert cost(8) < 6 * cost(2)

    def test_what_the_model_sees_at_once_does_not_grow(self, tiny_pipeline, monkeypatch):
        """Sub-words in a batch are bounded by its windows, in texts that no mark divides as in others."""
        seen = []
        forward = tiny_pipeline.model.forward
        monkeypatch.setattr(
            tiny_pipeline.model, "forward", lambda **inputs: seen.append(inputs["input_ids"].shape) or forward(**inputs)
        )
        text = "Oslo " * 1_000
        for sequences in ("sentences", "document"):
            tiny_pipeline(text, batch_size=4, sequences=sequences)
        assert {rows <= 4 and width <= 130 for rows, width in seen} == {True}

    @pytest.mark.parametrize("policy", ["drop", "best"])
    def test_overlapping_entities(self, policy):
        def work(count):
            entities = [PredictedEntity(i // 5, i // 5 + 1 + i % 5, "T", i * 7919 % 1000 / 1000) for i in range(count)]
            return lambda: resolve_overlaps(Prediction(entities), policy)

        assert growth.exponent(work, largest=20_000) < growth.BELOW_THE_SQUARE

    def test_sub_words_and_windows(self, tiny_pipeline):
        processor: SpertProcessor = tiny_pipeline.spert_processor

        def work(pages):
            words = PAGE.split() * pages
            return lambda: processor.windows(processor.encode([words])[0])

        assert growth.exponent(work, largest=16) < growth.BELOW_THE_SQUARE


@pytest.mark.nightly
def test_running_text_is_as_good_as_its_sentences(shared_data):
    """CoNLL04's test sentences joined by fives.

    `SPERT_MODEL=checkpoints/conll04 pytest -m nightly -s -k running_text`
    """
    from transformers import pipeline

    import spert_hf  # noqa: F401

    model = os.environ.get("SPERT_MODEL") or pytest.skip("no trained model is given (SPERT_MODEL)")
    pipe = pipeline("spert-extraction", model=model)
    gold = read_gold(shared_data / "conll04" / "conll04_test.json")
    alone, joined = score_sentences(pipe, gold), score_running_text(pipe, gold, group_size=5)
    for name in ("ner", "rel_plus"):
        before, after = (getattr(result, name).micro.f1 for result in (alone, joined))
        print(f"{name}: sentences {before:.2f}, running text {after:.2f}")
        assert after > before - LONGEST_LOSS
