"""SpertModel over many kinds of encoder: scores, losses, precision, saving and loading."""

import json
from itertools import combinations

import pytest
import torch
from transformers import AutoConfig, AutoModel, AutoTokenizer

from spert_hf import SpertConfig, SpertModel, SpertProcessor, SpertScores
from spert_hf.model.choices import RELATION_CONTEXTS
from spert_hf.model.inference import predict
from tests.support.tiers import first_by_default
from tests.support.tiny_models import FAMILIES, SENTENCES, make_encoder_folder, make_tiny_checkpoint


@pytest.fixture(scope="module", params=first_by_default(FAMILIES))
def family_checkpoint(request, tmp_path_factory):
    return make_tiny_checkpoint(request.param, tmp_path_factory.mktemp(request.param))


def load(checkpoint):
    model = AutoModel.from_pretrained(checkpoint)
    return model, SpertProcessor.for_config(AutoTokenizer.from_pretrained(checkpoint), model.config)


def candidates_of(model, inputs, sentences):
    """All spans of each sentence as candidates and some pairs of them, padded, with made-up labels."""
    spans = [[(s, s + k) for k in (1, 2) for s in range(len(words) - k + 1)] for words in sentences]
    longest = max(map(len, spans))
    labels = [[i % 4 for i in range(len(one))] + [-100] * (longest - len(one)) for one in spans]
    padded = [one + [(0, 0)] * (longest - len(one)) for one in spans]
    pairs = [[(0, len(one) - 1), (len(one) - 1, 0)] if len(one) > 1 else [(0, 0), (0, 0)] for one in spans]
    relation_types = len(model.config.relation_types)
    relation_labels = [
        [[1.0] + [0.0] * (relation_types - 1), [0.0] * relation_types]
        if len(one) > 1
        else [[-100.0] * relation_types] * 2
        for one in spans
    ]
    return {
        **inputs,
        "spans": torch.tensor(padded),
        "entity_labels": torch.tensor(labels),
        "pairs": torch.tensor(pairs),
        "relation_labels": torch.tensor(relation_labels),
    }


def test_all_spans_and_candidates_are_scored_alike(family_checkpoint):
    model, processor = load(family_checkpoint)
    inputs = processor.collate(processor.encode(SENTENCES))
    with torch.no_grad():
        everything = model(**inputs)
        candidates = candidates_of(model, inputs, SENTENCES)
        chosen = model(**candidates)
    for row, words in enumerate(SENTENCES):
        for position, (start, end) in enumerate(candidates["spans"][row].tolist()[: 2 * len(words) - 1]):
            torch.testing.assert_close(
                chosen.entity_logits[row, position],
                everything.entity_logits[row, end - start - 1, start],
                atol=1e-4,
                rtol=1e-4,
            )


def test_pairs_of_entities_are_scored_as_candidates_are(family_checkpoint):
    model, processor = load(family_checkpoint)
    for words in SENTENCES:
        inputs = processor.collate(processor.encode([words]))
        with torch.no_grad():
            everything = model(**inputs)
            if not len(everything.pairs):
                continue
            chosen = model(**inputs, spans=everything.entities[None, :, 1:3], pairs=everything.pairs[None])
        torch.testing.assert_close(chosen.relation_logits[0], everything.relation_logits, atol=1e-4, rtol=1e-4)


def test_batch_and_padding_do_not_matter(family_checkpoint):
    model, processor = load(family_checkpoint)
    alone = [predict(model, processor, [words])[0] for words in SENTENCES]
    together = predict(model, processor, SENTENCES, batch_size=len(SENTENCES))
    assert sum(len(one.entities) for one in alone) > 3
    assert sum(len(one.relations) for one in alone) > 3
    for one, other in zip(alone, together, strict=True):
        assert [(e.start, e.end, e.type) for e in one.entities] == [(e.start, e.end, e.type) for e in other.entities]
        assert [(r.head, r.tail, r.type) for r in one.relations] == [(r.head, r.tail, r.type) for r in other.relations]
        assert [e.score for e in one.entities] == pytest.approx([e.score for e in other.entities], abs=1e-5)
        assert [r.score for r in one.relations] == pytest.approx([r.score for r in other.relations], abs=1e-5)


def test_it_learns(family_checkpoint):
    model, processor = load(family_checkpoint)
    batch = candidates_of(model, processor.collate(processor.encode(SENTENCES)), SENTENCES)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    model.train()
    first = model(**batch).loss.item()
    for _ in range(30):
        model(**batch).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    assert model.eval()(**batch).loss.item() < 0.5 * first


def test_saved_and_loaded_it_predicts_the_same(family_checkpoint, tmp_path):
    model, processor = load(family_checkpoint)
    model.save_pretrained(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} >= {"config.json", "model.safetensors"}
    again = SpertModel.from_pretrained(tmp_path)
    assert predict(again, processor, SENTENCES) == predict(model, processor, SENTENCES)


def test_sub_words_take_the_encoders_limit(family_checkpoint):
    model, processor = load(family_checkpoint)
    long = [word for _ in range(20) for words in SENTENCES for word in words]
    encoded = processor.encode([long])[0]
    windows = processor.windows(encoded)
    inputs = processor.collate([encoded.window(*window) for window in windows])
    assert inputs["input_ids"].shape[1] <= 128
    model(**inputs)  # would fail on positions that the encoder doesn't have


@pytest.mark.parametrize("pooling", ["max", "mean", "sum"])
@pytest.mark.parametrize("context", RELATION_CONTEXTS)
@pytest.mark.parametrize("size_embedding_dim", [0, 5])
def test_settings_of_the_paper_work_on_both_roads(tmp_path, pooling, context, size_embedding_dim):
    checkpoint = make_tiny_checkpoint(
        "bert",
        tmp_path,
        span_pooling=pooling,
        relation_context=context,
        size_embedding_dim=size_embedding_dim,
        max_span_size=4,
    )
    model, processor = load(checkpoint)
    inputs = processor.collate(processor.encode(SENTENCES[:1]))
    with torch.no_grad():
        everything = model(**inputs)
        chosen = model(**inputs, spans=everything.entities[None, :, 1:3], pairs=everything.pairs[None])
    assert everything.entity_logits.shape[1] == 4
    assert len(everything.pairs)
    rows, starts, ends, _ = everything.entities.unbind(-1)
    torch.testing.assert_close(
        chosen.entity_logits[0], everything.entity_logits[rows, ends - starts - 1, starts], atol=1e-4, rtol=1e-4
    )
    torch.testing.assert_close(chosen.relation_logits[0], everything.relation_logits, atol=1e-4, rtol=1e-4)


def test_contexts_differ(tmp_path):
    """Each relation context leads to other scores of the same pairs."""
    scores = {}
    for context in RELATION_CONTEXTS:
        model, processor = load(make_tiny_checkpoint("bert", tmp_path / context, relation_context=context))
        inputs = processor.collate(processor.encode(SENTENCES[:1]))
        with torch.no_grad():
            spans = torch.tensor([[[0, 2], [4, 7]]])
            scores[context] = model(**inputs, spans=spans, pairs=torch.tensor([[[0, 1]]])).relation_logits
    for one, other in combinations(RELATION_CONTEXTS, 2):
        assert not torch.allclose(scores[one], scores[other]), (one, other)


def test_without_relation_types(tmp_path):
    model, processor = load(make_tiny_checkpoint("bert", tmp_path, relation_types=[], symmetric_relation_types=[]))
    output = model(**processor.collate(processor.encode(SENTENCES)))
    assert output.relation_logits is None
    assert len(output.entities)
    assert all(not prediction.relations for prediction in predict(model, processor, SENTENCES))
    batch = processor.collate(processor.encode(SENTENCES[2:3]))
    labelled = model(**batch, spans=torch.tensor([[[0, 1]]]), entity_labels=torch.tensor([[1]]))
    assert labelled.relation_loss is None
    assert labelled.loss == labelled.entity_loss


def test_losses_of_parts_over_the_counts_of_all_add_up_to_the_loss_of_all(tiny_checkpoint):
    """As transformers' `num_items_in_batch`: padding counts for nothing, and a part may have no pair at all."""
    model, processor = load(tiny_checkpoint)
    batch = processor.collate(processor.encode([SENTENCES[0], SENTENCES[0]]))
    spans = torch.tensor([[[0, 1], [1, 3], [2, 3]], [[0, 2], [1, 2], [0, 0]]])
    entity_labels = torch.tensor([[1, 0, 2], [0, 3, -100]])
    pairs = torch.tensor([[[0, 1], [1, 2]], [[0, 0], [0, 0]]])
    relation_labels = torch.tensor([[[1, 0, 0], [0, 1, 1]], [[-100] * 3, [-100] * 3]])
    candidates = {
        "spans": spans,
        "entity_labels": entity_labels,
        "pairs": pairs,
        "relation_labels": relation_labels,
    }
    whole = model(**batch, **candidates)
    parts = [
        model(
            **{name: tensor[row : row + 1] for name, tensor in (batch | candidates).items()}, num_spans=5, num_pairs=2
        )
        for row in range(2)
    ]
    torch.testing.assert_close(sum(part.entity_loss for part in parts), whole.entity_loss)
    torch.testing.assert_close(sum(part.relation_loss for part in parts), whole.relation_loss)
    torch.testing.assert_close(sum(part.loss for part in parts), whole.loss)
    assert parts[1].relation_loss == 0


def test_a_batch_without_pairs_has_no_relation_loss(tiny_checkpoint):
    model, processor = load(tiny_checkpoint)
    batch = processor.collate(processor.encode([["Overnight"]]))
    output = model(
        **batch,
        spans=torch.tensor([[[0, 1]]]),
        entity_labels=torch.tensor([[0]]),
        pairs=torch.zeros(1, 0, 2, dtype=torch.long),
        relation_labels=torch.zeros(1, 0, 3),
    )
    assert output.relation_loss is None
    assert output.loss.isfinite()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision(tiny_checkpoint, dtype):
    model = SpertModel.from_pretrained(tiny_checkpoint, dtype=dtype)
    _, processor = load(tiny_checkpoint)
    assert {weight.dtype for weight in model.encoder.parameters()} == {dtype}
    wholly = SpertModel.from_pretrained(tiny_checkpoint).to(dtype)
    for kept, scorer in (torch.float32, model), (dtype, wholly):
        output = scorer(**processor.collate(processor.encode(SENTENCES)))
        assert output.entity_logits.dtype == output.relation_logits.dtype == kept
        assert output.entity_logits.isfinite().all()
        assert len(predict(scorer, processor, SENTENCES)) == len(SENTENCES)


def test_gradient_checkpointing_changes_nothing_but_memory(tiny_checkpoint):
    gradients = []
    for checkpointing in (False, True):
        model, processor = load(tiny_checkpoint)
        if checkpointing:
            model.gradient_checkpointing_enable()
            assert model.is_gradient_checkpointing
        model.train()
        torch.manual_seed(0)
        model(**candidates_of(model, processor.collate(processor.encode(SENTENCES)), SENTENCES)).loss.backward()
        gradients.append(model.encoder.get_input_embeddings().weight.grad)
    torch.testing.assert_close(*gradients)


@pytest.mark.parametrize("device_map", ["auto", "cpu", {"": "cpu"}])
def test_device_map(tiny_checkpoint, device_map):
    model = SpertModel.from_pretrained(tiny_checkpoint, device_map=device_map)
    plain, processor = load(tiny_checkpoint)
    assert predict(model, processor, SENTENCES) == predict(plain, processor, SENTENCES)


def test_forward_returns_a_model_output_or_a_tuple(tiny_checkpoint):
    model, processor = load(tiny_checkpoint)
    inputs = processor.collate(processor.encode(SENTENCES))
    output = model(**inputs)
    assert isinstance(output, SpertScores)
    words = max(map(len, SENTENCES))
    assert output.entity_logits.shape == (len(SENTENCES), 10, words, 4)
    assert output.relation_logits.shape == (len(output.pairs), 3)
    as_tuple = model(**inputs, return_dict=False)
    assert isinstance(as_tuple, tuple)
    assert len(as_tuple) == 4
    fields = (output.entity_logits, output.relation_logits, output.entities, output.pairs)
    assert all(map(torch.equal, as_tuple, fields))


def test_losses_are_items_of_the_output_and_first_in_the_tuple(tiny_checkpoint):
    model, processor = load(tiny_checkpoint)
    inputs = candidates_of(model, processor.collate(processor.encode(SENTENCES)), SENTENCES)
    output = model(**inputs)
    assert list(output) == ["loss", "entity_loss", "relation_loss", "entity_logits", "relation_logits"]
    assert output["loss"] is output.loss
    assert torch.equal(model(**inputs, return_dict=False)[0], output.loss)


def test_spans_past_the_end_are_none_for_sure(tiny_checkpoint):
    model, processor = load(tiny_checkpoint)
    output = model(**processor.collate(processor.encode([SENTENCES[0], ["Overnight"]])))
    probabilities = output.entity_logits[1].softmax(-1)
    assert probabilities[1:, :, 0].min() == 1.0
    assert probabilities[0, 1:, 0].min() == 1.0
    assert probabilities[0, 0, 0] < 1.0


def test_pairs_are_all_ordered_pairs_within_a_sentence(tiny_checkpoint):
    model, processor = load(tiny_checkpoint)
    output = model(**processor.collate(processor.encode(SENTENCES)))
    rows = output.entities[:, 0].tolist()
    expected = [
        [head, tail]
        for head in range(len(rows))
        for tail in range(len(rows))
        if head != tail and rows[head] == rows[tail]
    ]
    assert output.pairs.tolist() == expected


def test_of_too_many_entities_the_surest_are_paired(tiny_checkpoint, monkeypatch):
    model, processor = load(tiny_checkpoint)
    inputs = processor.collate(processor.encode(SENTENCES))
    monkeypatch.setattr("spert_hf.model.span_scoring.MOST_PAIRED_ENTITIES", 3)
    with torch.no_grad():
        model.entity_classifier.bias[0] -= 20  # every span is an entity
        with pytest.warns(UserWarning, match="more than 3 entities .* between the surest"):
            output = model(**inputs)
    rows, starts, ends, types = output.entities.unbind(-1)
    scores = output.entity_logits.softmax(-1)[rows, ends - starts - 1, starts, types]
    for row in range(len(SENTENCES)):
        places = (rows == row).nonzero().flatten().tolist()
        pairs = [pair for pair in output.pairs.tolist() if pair[0] in places]
        surest = sorted({place for pair in pairs for place in pair} or places[:1])
        assert pairs == [[head, tail] for head in surest for tail in surest if head != tail]
        assert len(surest) == min(3, len(places))
        # Scores of different batches of numbers may differ in their last digit.
        others = [scores[place] for place in places if place not in surest]
        assert all(score <= min(scores[surest]) + 1e-6 for score in others)
    assert len(output.relation_logits) == len(output.pairs)


def test_contexts_in_chunks(tiny_checkpoint, monkeypatch):
    model, processor = load(tiny_checkpoint)
    inputs = processor.collate(processor.encode(SENTENCES))
    whole = model(**inputs).relation_logits
    monkeypatch.setattr("spert_hf.model.span_scoring.CONTEXTS_PER_CHUNK", 3)
    torch.testing.assert_close(model(**inputs).relation_logits, whole)


def test_auto_classes_know_it(tiny_checkpoint):
    assert isinstance(AutoConfig.from_pretrained(tiny_checkpoint), SpertConfig)
    assert isinstance(AutoModel.from_pretrained(tiny_checkpoint), SpertModel)


def test_config_round_trip(tmp_path):
    config = SpertConfig(
        encoder_config={"model_type": "distilbert", "dim": 32, "n_heads": 4},
        entity_types=["A", "B"],
        relation_types=["r"],
        symmetric_relation_types=["r"],
        span_pooling="mean",
        max_span_size=7,
        entity_temperature=1.25,
        relation_temperature=2.5,
    )
    config.save_pretrained(tmp_path)
    again = SpertConfig.from_pretrained(tmp_path)
    assert again.to_dict() | {"transformers_version": None} == config.to_dict() | {"transformers_version": None}
    assert again.hidden_size == 32


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"span_pooling": "median"}, "span_pooling must be 'max', 'mean' or 'sum', got 'median'"),
        (
            {"relation_context": "all"},
            "relation_context must be 'between', 'sentence', 'cls' or 'attention', got 'all'",
        ),
        ({"max_span_size": 0}, "max_span_size must be an integer from 1 to 1000, got 0"),
        ({"max_span_size": True}, "max_span_size must be an integer from 1 to 1000, got True"),
        ({"relation_threshold": 1.5}, "relation_threshold must be a number from 0 to 1, got 1.5"),
        ({"entity_temperature": 0}, "entity_temperature must be a number from 0.01 to 100, got 0"),
        ({"relation_temperature": float("inf")}, "relation_temperature must be a number from 0.01 to 100, got inf"),
        ({"classifier_dropout": "0.1"}, "classifier_dropout must be a number from 0 to 1, got '0.1'"),
        ({"entity_types": []}, "entity_types must be at least 1 name, got []"),
        ({"entity_types": ["A", "A"]}, "names without repetition"),
        ({"relation_types": "Kill"}, "relation_types must be a list of non-empty names, got 'Kill'"),
        ({"symmetric_relation_types": ["x"]}, "symmetric_relation_types must be among relation_types"),
        ({"encoder_config": {"hidden_size": 3}}, "encoder_config has no model_type"),
    ],
)
def test_wrong_settings_are_refused(settings, message):
    with pytest.raises(ValueError) as raised:
        SpertConfig(**settings)
    assert message in str(raised.value)


def test_from_encoder_takes_the_pretrained_weights(tmp_path):
    folder = make_encoder_folder("bert", tmp_path)
    encoder = AutoModel.from_pretrained(folder)
    model = SpertModel.from_encoder(str(folder), entity_types=["A"], relation_types=["r"])
    for name, weight in model.encoder.state_dict().items():
        assert torch.equal(weight, encoder.state_dict()[name]), name
    assert model.entity_classifier.weight.std().item() == pytest.approx(0.02, rel=0.3)
    assert not model.entity_classifier.bias.any()


def test_a_spert_model_is_no_encoder(tiny_checkpoint):
    with pytest.raises(ValueError, match=r"encoder must be a model that is only an encoder, got .*, a SpERT model"):
        SpertModel.from_encoder(str(tiny_checkpoint), entity_types=["A"])


def test_a_checkpoint_does_not_tell_where_its_encoder_lay(tmp_path):
    checkpoint = make_tiny_checkpoint("bert", tmp_path)
    assert str(tmp_path) not in (checkpoint / "config.json").read_text()


def test_a_misspelt_setting_is_refused():
    with pytest.raises(ValueError, match="'entity_typs' is not a setting of SpERT"):
        SpertConfig(entity_typs=["Loc"])


def test_labels_are_those_of_the_entity_logits(tmp_path):
    config = SpertConfig(entity_types=["Loc", "Peop", "Org"], relation_types=["Live_In"])
    assert config.id2label == {0: "none", 1: "Loc", 2: "Peop", 3: "Org"}
    assert (config.label2id["Org"], config.num_labels) == (3, 4)
    config.save_pretrained(tmp_path)
    saved = json.loads((tmp_path / "config.json").read_text())
    assert saved["id2label"]["3"] == "Org"
    assert SpertConfig.from_pretrained(tmp_path).id2label == config.id2label
    assert SpertConfig.from_pretrained(tmp_path, entity_types=["A"]).id2label == {0: "none", 1: "A"}
    for name in ("id2label", "label2id"):  # as configs were
        del saved[name]
    (tmp_path / "config.json").write_text(json.dumps(saved))
    assert SpertConfig.from_pretrained(tmp_path).label2id == config.label2id
    assert SpertConfig(entity_types=["none"]).id2label == {0: "O", 1: "none"}
