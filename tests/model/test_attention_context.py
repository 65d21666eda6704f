"""The relation context `"attention"`: the sub-words between two spans, weighted by the softmax of learned scores."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoTokenizer

from spert_hf import SpertConfig, SpertModel, SpertProcessor
from spert_hf.model.attention_pooling import AttentionPooler
from spert_hf.model.errors import CheckpointError
from spert_hf.model.inference import predict
from tests.support.tiers import first_by_default
from tests.support.tiny_models import FAMILIES, SENTENCES, make_tiny_checkpoint

WEIGHT = "context_attention.weight"


def pool_slowly(vectors, scores):
    """Pool one range, *(positions, hidden)* and *(positions,)*, the obvious way."""
    if len(vectors) == 0:
        return torch.zeros_like(vectors[:0].sum(0))
    return (scores.softmax(0).unsqueeze(-1) * vectors).sum(0)


def pool_one_by_one(vectors, scores, ranges):
    return torch.stack([pool_slowly(vectors[row, start:end], scores[row, start:end]) for row, start, end in ranges])


def every_range(rows, positions):
    return [(row, start, end) for row in range(rows) for end in range(positions + 1) for start in range(end + 1)]


@st.composite
def scored_batches(draw):
    """A batch of vectors with scores, alike or so far apart that their exponentials are 0 or infinite."""
    rows, positions = draw(st.integers(1, 3)), draw(st.integers(1, 20))
    scores = st.one_of(st.floats(-3, 3, width=32), st.sampled_from([-1e30, -1e4, -200.0, -30.0, 0.0, 30.0, 200.0, 1e4]))
    drawn = draw(st.lists(scores, min_size=rows * positions, max_size=rows * positions))
    torch.manual_seed(draw(st.integers(0, 2**31)))
    return torch.randn(rows, positions, 4), torch.tensor(drawn, dtype=torch.float32).view(rows, positions)


@given(scored_batches())
def test_ranges_are_pooled_as_one_by_one(case):
    vectors, scores = case
    ranges = every_range(*scores.shape)
    pooled = AttentionPooler(vectors, scores)(*torch.tensor(ranges).unbind(-1))
    torch.testing.assert_close(pooled, pool_one_by_one(vectors, scores, ranges), atol=2e-6, rtol=1e-5)


@given(scored_batches())
def test_gradients_are_those_of_the_slow_way(case):
    inputs = [one.double() for one in case]
    ranges = every_range(*inputs[1].shape)
    weights = torch.randn(len(ranges), 4, dtype=torch.double)
    gradients = []
    for pool in (lambda *given: AttentionPooler(*given)(*torch.tensor(ranges).unbind(-1)), _pool_ranges(ranges)):
        leaves = [one.clone().requires_grad_() for one in inputs]
        (pool(*leaves) * weights).sum().backward()
        gradients.append([one.grad for one in leaves])
    torch.testing.assert_close(*gradients, atol=1e-9, rtol=1e-9)


def _pool_ranges(ranges):
    return lambda vectors, scores: pool_one_by_one(vectors, scores, ranges)


def test_a_range_of_tiny_weights_keeps_its_digits_beside_a_heavy_sub_word():
    """Running sums, in double precision too, would leave nothing of it."""
    torch.manual_seed(0)
    vectors, scores = torch.randn(1, 500, 8), torch.randn(1, 500)
    scores[0, 100] = 1000
    ranges = [(0, 101, 500), (0, 400, 403), (0, 0, 100), (0, 99, 102)]
    pooled = AttentionPooler(vectors, scores)(*torch.tensor(ranges).unbind(-1))
    torch.testing.assert_close(pooled, pool_one_by_one(vectors, scores, ranges), atol=1e-6, rtol=1e-5)


def test_what_lies_outside_of_a_range_does_not_matter():
    """Not a bit of it, whatever stands there, and however long the row."""
    torch.manual_seed(0)
    vectors, scores = torch.randn(1, 37, 4), torch.randn(1, 37)
    ranges = torch.tensor(every_range(1, 11)).unbind(-1)
    short = AttentionPooler(vectors[:, :11], scores[:, :11])(*ranges)
    scores[:, 11:] = 1e20
    assert torch.equal(AttentionPooler(vectors, scores)(*ranges), short)


def load(checkpoint):
    model = SpertModel.from_pretrained(checkpoint)
    return model, SpertProcessor.for_config(AutoTokenizer.from_pretrained(checkpoint), model.config)


def make_attentive(family, folder, **settings):
    """Save a tiny model whose scores of sub-words are far enough apart to matter."""
    checkpoint = make_tiny_checkpoint(family, folder, relation_context="attention", **settings)
    model = SpertModel.from_pretrained(checkpoint)
    torch.nn.init.normal_(model.context_attention.weight, std=1.0)
    model.save_pretrained(checkpoint)
    return checkpoint


@pytest.fixture(scope="module")
def attentive(tmp_path_factory):
    return make_attentive("bert", tmp_path_factory.mktemp("attentive"))


@pytest.mark.parametrize("family", first_by_default(FAMILIES))
def test_pairs_are_scored_as_the_formula_says_on_both_roads(family, tmp_path):
    model, processor = load(make_attentive(family, tmp_path))
    for words in SENTENCES:
        inputs = processor.collate(processor.encode([words]))
        with torch.no_grad():
            found = model(**inputs)
            if not len(found.pairs):
                continue
            given = model(**inputs, spans=found.entities[None, :, 1:3], pairs=found.pairs[None]).relation_logits[0]
            expected = torch.stack(
                [_relation_logits(model, inputs, *found.entities[pair, 1:3]) for pair in found.pairs]
            )
        torch.testing.assert_close(given, expected, atol=1e-4, rtol=1e-4)
        torch.testing.assert_close(found.relation_logits, expected, atol=1e-4, rtol=1e-4)


def _relation_logits(model, inputs, head, tail):
    """Of one pair of word spans, from the definition."""
    hidden = model.encode(inputs["input_ids"], inputs["attention_mask"])[0]
    offsets = inputs["word_offsets"][0]
    between = slice(int(offsets[min(head[1], tail[1])]), int(offsets[max(head[0], tail[0])]))
    scores = hidden @ model.context_attention.weight[0]
    context = pool_slowly(hidden[between], scores[between])
    vectors = [hidden[offsets[start] : offsets[end]].amax(0) for start, end in (head, tail)]
    sizes = [model.embed_sizes(end - start) for start, end in (head, tail)]
    return model.relation_classifier(torch.cat([context, *vectors, *sizes]))


def test_batches_padding_and_windows_do_not_matter(attentive):
    model, processor = load(attentive)
    alone = [predict(model, processor, [words])[0] for words in SENTENCES]
    assert sum(len(one.relations) for one in alone) > 3
    together = predict(model, processor, SENTENCES, batch_size=len(SENTENCES))
    for one, other in zip(alone, together, strict=True):
        assert [(r.head, r.tail, r.type) for r in one.relations] == [(r.head, r.tail, r.type) for r in other.relations]
        assert [r.score for r in one.relations] == pytest.approx([r.score for r in other.relations], abs=1e-5)
    long = [word for _ in range(20) for words in SENTENCES for word in words]
    encoded = processor.encode([long])[0]
    windows = [encoded.window(*window) for window in processor.windows(encoded)]
    assert len(windows) > 2
    spans, pairs = torch.tensor([[[0, 2], [9, 11]]]), torch.tensor([[[0, 1], [1, 0]]])
    with torch.no_grad():
        batch = model(
            **processor.collate(windows), spans=spans.expand(len(windows), 2, 2), pairs=pairs.expand(len(windows), 2, 2)
        )
        for row, window in enumerate(windows):
            one = model(**processor.collate([window]), spans=spans, pairs=pairs)
            torch.testing.assert_close(batch.relation_logits[row], one.relation_logits[0], atol=1e-5, rtol=1e-5)


def test_pairs_with_nothing_between_have_a_context_of_zeros(attentive):
    model, processor = load(attentive)
    inputs = processor.collate(processor.encode(SENTENCES[:1]))
    spans, pairs = torch.tensor([[[0, 2], [2, 4], [1, 5]]]), torch.tensor([[[0, 1], [1, 0], [0, 2], [2, 0]]])
    with torch.no_grad():
        before = model(**inputs, spans=spans, pairs=pairs).relation_logits
        model.relation_classifier.weight[:, : model.config.hidden_size].normal_(0, 10)
        assert torch.equal(model(**inputs, spans=spans, pairs=pairs).relation_logits, before)


def test_the_layer_and_the_encoder_have_gradients(attentive):
    model, processor = load(attentive)
    inputs = processor.collate(processor.encode(SENTENCES[:1]))
    with torch.no_grad():
        model.relation_classifier.weight[:, model.config.hidden_size :] = 0  # only the context counts
    labels = torch.tensor([[[1.0, 0.0, 1.0]]])
    output = model(
        **inputs, spans=torch.tensor([[[0, 2], [9, 11]]]), pairs=torch.tensor([[[0, 1]]]), relation_labels=labels
    )
    output.relation_loss.backward()
    weights = (model.context_attention.weight, model.encoder.get_input_embeddings().weight)
    assert all(weight.grad.isfinite().all() and weight.grad.abs().max() > 0 for weight in weights)


def test_only_this_setting_has_the_layer(tmp_path):
    config = {"encoder_config": {"model_type": "distilbert", "dim": 32, "n_heads": 4, "n_layers": 1}}
    types = {"entity_types": ["A"], "relation_types": ["r"]}
    plain = SpertModel(SpertConfig(**config, **types)).state_dict()
    attentive = SpertModel(SpertConfig(**config, **types, relation_context="attention")).state_dict()
    assert set(attentive) - set(plain) == {WEIGHT}
    assert attentive[WEIGHT].std().item() == pytest.approx(0.02, rel=0.5)
    for context in ("between", "sentence", "cls"):
        assert SpertModel(SpertConfig(**config, **types, relation_context=context)).context_attention is None
    without = SpertModel(SpertConfig(**config, entity_types=["A"], relation_context="attention"))
    assert without.context_attention is None


def test_saved_and_loaded_it_predicts_the_same(attentive, tmp_path):
    model, processor = load(attentive)
    model.save_pretrained(tmp_path)
    again = SpertModel.from_pretrained(tmp_path)
    assert torch.equal(again.context_attention.weight, model.context_attention.weight)
    assert predict(again, processor, SENTENCES) == predict(model, processor, SENTENCES)


def test_weights_and_setting_must_fit(attentive, tiny_checkpoint):
    with pytest.raises(CheckpointError, match=r"has no weights for context_attention\.weight"):
        SpertModel.from_pretrained(tiny_checkpoint, relation_context="attention")
    with pytest.raises(CheckpointError, match=r"has no place for: context_attention\.weight"):
        SpertModel.from_pretrained(attentive, relation_context="between")
    fresh = SpertModel.from_pretrained(tiny_checkpoint, relation_context="attention", ignore_mismatched_sizes=True)
    assert fresh.context_attention.weight.isfinite().all()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_in_half_precision_the_layer_stays_in_single_precision(attentive, dtype):
    _, processor = load(attentive)
    inputs = processor.collate(processor.encode(SENTENCES))
    half = SpertModel.from_pretrained(attentive, dtype=dtype)
    assert half.context_attention.weight.dtype == torch.float32
    assert half.encoder.get_input_embeddings().weight.dtype == dtype
    wholly = SpertModel.from_pretrained(attentive).to(dtype)
    for kept, model in (torch.float32, half), (dtype, wholly):
        logits = model(**inputs).relation_logits
        assert logits.dtype == kept
        assert logits.isfinite().all()


def test_every_runtime_gives_the_same_scores(attentive):
    model, processor = load(attentive)
    scores = []
    for runtime in ("torch", "cpu"):
        model.set_runtime(runtime)
        scores.append([r.score for one in predict(model, processor, SENTENCES) for r in one.relations])
    assert scores[0] == pytest.approx(scores[1], abs=1e-4)
