"""R-Drop: two predictions under dropout are pulled together."""

import json
import shutil

import pytest
import torch
from torch.distributions import Bernoulli, Categorical, kl_divergence

from spert_hf.training.arguments import SpertTrainingArguments
from spert_hf.training.consistency import entity_divergence, relation_divergence
from spert_hf.training.trainer import SpertTrainer
from tests.support.documents import TYPES, make_dataset_folder, make_records
from tests.support.hostile_checkpoints import change_json
from tests.support.tiny_models import make_encoder_folder


def slow_divergence(make, one, other):
    p, q = make(logits=one), make(logits=other)
    return (kl_divergence(p, q) + kl_divergence(q, p)) / 2


def make_logits(*size):
    torch.manual_seed(0)
    return 3 * torch.randn(size), 3 * torch.randn(size)


def test_spans_diverge_as_their_distributions_over_the_types():
    one, other = make_logits(2, 5, 4)
    labels = torch.tensor([[0, 1, 2, 3, -100], [0, 0, -100, -100, -100]])
    expected = slow_divergence(Categorical, one, other)[labels >= 0].sum() / 6
    assert entity_divergence(one, other, labels, 6).item() == pytest.approx(expected.item())
    assert entity_divergence(one, one, labels, 6) == 0


def test_pairs_diverge_as_the_distributions_of_each_type():
    one, other = make_logits(2, 3, 4)
    labels = torch.zeros(2, 3, 4)
    labels[1, 2] = -100
    expected = slow_divergence(Bernoulli, one, other)[labels[..., 0] >= 0].mean(-1).sum() / 5
    assert relation_divergence(one, other, labels, 5).item() == pytest.approx(expected.item())
    assert relation_divergence(one, one, labels, 5) == 0


def test_what_is_certain_stays_finite():
    one, other = torch.tensor([[[1e4, -1e4]]]), torch.tensor([[[-1e4, 1e4]]])
    assert entity_divergence(one, other, torch.zeros(1, 1), 1).isfinite()
    assert relation_divergence(one, other, torch.zeros(1, 1, 2), 1).isfinite()


class TestTraining:
    @pytest.fixture(scope="class")
    def given(self, tmp_path_factory):
        folder = tmp_path_factory.mktemp("consistency")
        return {"dataset": make_dataset_folder(folder), "encoder": make_encoder_folder("bert", folder / "encoder")}

    @pytest.fixture
    def train(self, given, tmp_path, forget_precision):
        def run(weight, **settings):
            forget_precision()
            arguments = SpertTrainingArguments(
                **{
                    **{name: str(path) for name, path in given.items()},
                    "output_dir": str(tmp_path / f"{len(list(tmp_path.iterdir()))}"),
                    "consistency_weight": weight,
                    "num_train_epochs": 2,
                    "learning_rate": 3e-3,
                    **settings,
                }
            )
            model = SpertTrainer(args=arguments, show_progress=False).train().model
            return torch.cat([one.flatten() for one in model.state_dict().values()])

        return run

    def test_without_dropout_there_is_nothing_to_pull_together(self, given, train, tmp_path):
        encoder = shutil.copytree(given["encoder"], tmp_path / "encoder")
        none = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
        change_json(encoder / "config.json", lambda config: config.update(none))
        settings = {"encoder": str(encoder), "classifier_dropout": 0.0}
        torch.testing.assert_close(train(5.0, **settings), train(0.0, **settings), rtol=1e-4, atol=1e-5)

    def test_with_dropout_there_is(self, train):
        once, twice, pulled = train(0.0), train(1e-9), train(10.0)
        assert not torch.equal(once, twice)
        assert not torch.allclose(twice, pulled, atol=1e-4)
        assert pulled.isfinite().all()

    def test_the_same_seed_gives_the_same_weights(self, train):
        assert torch.equal(train(1.0), train(1.0))

    def test_relations_are_not_needed(self, train, tmp_path):
        """Neither in each batch, nor their types at all."""
        assert train(1.0, per_device_train_batch_size=1).isfinite().all()
        records = [record | {"relations": []} for record in make_records()]
        folder = tmp_path / "entities alone"
        folder.mkdir()
        (folder / "train.json").write_text(json.dumps(records))
        (folder / "types.json").write_text(json.dumps(TYPES | {"relations": {}}))
        assert train(1.0, dataset=str(folder)).isfinite().all()


@pytest.mark.parametrize("weight", [-1.0, float("nan"), float("inf")])
def test_a_weight_that_is_none(weight):
    with pytest.raises(ValueError, match="consistency_weight must be a number from 0 to 1000"):
        SpertTrainingArguments(dataset="conll04", consistency_weight=weight)
