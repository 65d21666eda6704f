"""Package and reference take the same training step: same candidates, same losses, same weights after it."""

import json

import pytest
import torch

from spert_hf.data.loading import load_splits
from spert_hf.training.arguments import SpertTrainingArguments
from spert_hf.training.trainer import SpertTrainer
from tests.benchmarks.reference_training import ReferenceTrainer
from tests.benchmarks.training import TrainingContenders
from tests.support.documents import make_dataset_folder
from tests.support.tiny_models import make_encoder_folder


@pytest.fixture
def dataset(tmp_path):
    (tmp_path / "data").mkdir()
    return load_splits(make_dataset_folder(tmp_path / "data"))


def without_dropout(encoder):
    config = json.loads((encoder / "config.json").read_text())
    config |= {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    (encoder / "config.json").write_text(json.dumps(config))
    return encoder


def test_steps_of_package_and_reference_agree(tmp_path, dataset):
    arguments = SpertTrainingArguments(
        encoder=str(without_dropout(make_encoder_folder("bert", tmp_path / "encoder"))),
        output_dir=str(tmp_path / "out"),
        per_device_train_batch_size=3,
        classifier_dropout=0.0,
        learning_rate=1e-3,
        warmup_ratio=0.0,
        cpu_threads=1,
    )
    trainer = SpertTrainer(args=arguments, train_dataset=dataset, show_progress=False)
    reference = ReferenceTrainer(trainer.model, arguments, trainer.total_steps)
    before = trainer.model.entity_classifier.weight.detach().clone()
    for indices in ([0, 1, 3], [3, 4, 7]):
        ours = trainer.take_step(indices, epoch=0, stop_asked=False).losses["loss"]
        assert reference.step(trainer.batches(indices, 0)) == pytest.approx(ours, rel=1e-4)
    assert (trainer.model.entity_classifier.weight - before).abs().max() > 1e-4
    theirs = dict(reference.model.named_parameters())
    for name, weight in trainer.model.named_parameters():
        torch.testing.assert_close(weight, theirs[name], atol=1e-5, rtol=1e-3, msg=name)


def test_contenders_train_copies_of_their_own(tmp_path, dataset):
    encoder = make_encoder_folder("bert", tmp_path / "encoder")
    contenders = TrainingContenders(dataset, str(encoder), threads=1, batch_size=2)
    batch, *_ = contenders.batches(3)
    assert len(batch) == 2
    step = contenders.encoder(batch)
    models = (contenders._trainer.model.encoder, contenders._encoder, contenders._reference.model.encoder)
    weights = [next(model.parameters()) for model in models]
    for take, own in ((lambda: contenders.package(batch), 0), (step, 1), (lambda: contenders.reference(batch), 2)):
        take(), take()  # the very first step has a learning rate of 0
        before = [weight.detach().clone() for weight in weights]
        take()
        changed = [not torch.equal(weight, old) for weight, old in zip(weights, before, strict=True)]
        assert changed == [number == own for number in range(3)]
