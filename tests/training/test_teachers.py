"""A model learns from the mean predictions of trained models, whatever their encoder and the order of their types."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from torch.nn import functional
from transformers import AutoTokenizer

from spert_hf import SpertModel, SpertProcessor
from spert_hf.cli.main import main
from spert_hf.model.modeling_spert import entity_loss, relation_loss
from spert_hf.model.output import SpertOutput
from spert_hf.training.arguments import SpertTrainingArguments
from spert_hf.training.consistency import entity_divergence, relation_divergence
from spert_hf.training.objective import Objective
from spert_hf.training.teachers import SoftTargets
from spert_hf.training.trainer import SpertTrainer
from tests.support.documents import TYPES as DATA_TYPES
from tests.support.documents import make_dataset_folder, make_records
from tests.support.tiny_models import make_encoder_folder, make_tiny_checkpoint

TYPES = {"entity_types": ["Loc", "Org", "Peop"], "relation_types": ["Work_For", "Near"]}
OTHER_ORDER = {"entity_types": ["Peop", "Loc", "Org"], "relation_types": ["Near", "Work_For"]}


class TestLosses:
    @pytest.fixture
    def targets(self):
        torch.manual_seed(0)
        return SoftTargets(torch.randn(2, 4, 3).softmax(-1), torch.rand(2, 3, 5))

    def test_of_spans(self, targets):
        labels = torch.tensor([[0, 1, 2, -100], [0, -100, -100, -100]])
        logits = torch.randn(2, 4, 3)
        expected = functional.cross_entropy(logits[labels >= 0], targets.entities[labels >= 0])
        assert targets.entity_loss(logits, labels, 4).item() == pytest.approx(expected.item())

    def test_of_pairs(self, targets):
        labels = torch.zeros(2, 3, 5)
        labels[0, 2] = -100
        logits = torch.randn(2, 3, 5)
        given = labels[..., 0] >= 0
        expected = functional.binary_cross_entropy(logits.sigmoid()[given], targets.relations[given])
        assert targets.relation_loss(logits, labels, 5).item() == pytest.approx(expected.item(), rel=1e-5)

    def test_certain_teachers_teach_as_gold_labels_do(self):
        spans, pairs = torch.tensor([[2, 0, 1, -100]]), torch.tensor([[[1.0, 0], [0, 1], [-100, -100]]])
        sure = SoftTargets(functional.one_hot(spans.clamp(min=0), 3).float(), pairs.clamp(min=0))
        logits = torch.randn(1, 4, 3), torch.randn(1, 3, 2)
        assert sure.entity_loss(logits[0], spans, 7).item() == pytest.approx(entity_loss(logits[0], spans, 7).item())
        given = relation_loss(logits[1], pairs, 7)
        assert sure.relation_loss(logits[1], pairs, 7).item() == pytest.approx(given.item())


@pytest.mark.parametrize("consistency", [0.0, 2.0])
def test_the_parts_of_the_objective_are_weighted(consistency):
    """Of each output the mean, between gold labels and teachers by weight; the divergence comes on top."""
    torch.manual_seed(0)
    spans, pairs = torch.tensor([[2, 0, -100]]), torch.tensor([[[1.0, 0.0], [-100, -100]]])
    targets = SoftTargets(torch.randn(1, 3, 3).softmax(-1), torch.rand(1, 2, 2))
    logits = [(torch.randn(1, 3, 3), torch.randn(1, 2, 2)) for _ in range(2 if consistency else 1)]
    outputs = [
        SpertOutput(None, entity_loss(one, spans, 2), relation_loss(other, pairs, 1), one, other)
        for one, other in logits
    ]
    batch = {"entity_labels": spans, "relation_labels": pairs}
    found = Objective(consistency, 0.25).losses(outputs, batch, targets, 2, 1)
    for place, (gold, taught, divergence, labels, count) in enumerate(
        (
            (entity_loss, targets.entity_loss, entity_divergence, spans, 2),
            (relation_loss, targets.relation_loss, relation_divergence, pairs, 1),
        )
    ):
        own = [one[place] for one in logits]
        expected = sum(0.75 * gold(one, labels, count) + 0.25 * taught(one, labels, count) for one in own) / len(own)
        if consistency:
            expected += consistency * divergence(*own, labels, count)
        assert found[place].item() == pytest.approx(expected.item())


def test_relations_and_their_types_are_not_needed(folders, make_trainer, tmp_path):
    records = [record | {"relations": []} for record in make_records()]
    data = tmp_path / "entities alone"
    data.mkdir()
    (data / "train.json").write_text(json.dumps(records))
    (data / "types.json").write_text(json.dumps(DATA_TYPES | {"relations": {}}))
    teacher = make_tiny_checkpoint(
        "bert", tmp_path / "teacher", **TYPES | {"relation_types": []}, symmetric_relation_types=[]
    )
    assert weights_of(make_trainer(teacher, dataset=str(data), bf16=True).train().model).isfinite().all()


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    folder = tmp_path_factory.mktemp("teachers")
    made = {"symmetric_relation_types": ["Near"], "size_embedding_dim": 3}
    return {
        "dataset": make_dataset_folder(folder),
        "encoder": make_encoder_folder("bert", folder / "encoder"),
        "one": make_tiny_checkpoint("bert", folder / "one", **TYPES, **made),
        "other": make_tiny_checkpoint("roberta", folder / "other", **OTHER_ORDER, **made, entity_temperature=2.0),
    }


@pytest.fixture
def make_trainer(folders, tmp_path, forget_precision):
    def make(*teachers: Path, **settings) -> SpertTrainer:
        forget_precision()
        arguments = {
            "dataset": str(folders["dataset"]),
            "encoder": str(folders["encoder"]),
            "output_dir": str(tmp_path / f"{len(list(tmp_path.iterdir()))}"),
            "teachers": ",".join(map(str, teachers)) or None,
            "num_train_epochs": 2,
            "learning_rate": 3e-3,
            "optim": "adamw",
            **settings,
        }
        return SpertTrainer(args=SpertTrainingArguments(**arguments), show_progress=False)

    return make


def weights_of(model: SpertModel) -> torch.Tensor:
    return torch.cat([one.detach().flatten() for one in model.state_dict().values()])


def probabilities(folder: Path, tokens: list[str], span: tuple[int, int]) -> dict[str, float]:
    """Scores of a span by type, computed as for extraction: of all spans of the sentence."""
    model = SpertModel.from_pretrained(folder).eval()
    processor = SpertProcessor.for_config(AutoTokenizer.from_pretrained(folder), model.config)
    logits = model(**processor.collate(processor.encode([tokens]))).entity_logits
    scores = (logits[0, span[1] - span[0] - 1, span[0]] / model.config.entity_temperature).softmax(-1).tolist()
    return dict(zip(["none", *model.config.entity_types], scores, strict=True))


def test_the_targets_are_the_mean_of_what_the_teachers_say(folders, make_trainer):
    """Each with its own sub-words and order of types; copies in other letter case have theirs."""
    trainer = make_trainer(folders["one"], folders["other"], lower_case_copies=0.5)
    for index in (0, 1, 12):  # the last one is a copy of the first
        tokens = list(trainer.splits.train[index % 12].tokens)
        tokens = [token.lower() for token in tokens] if index >= 12 else tokens
        spans = trainer.batches([index], epoch=0)["spans"][0].tolist()
        targets = trainer.take_step._teachers([index], epoch=0)
        assert targets.entities.shape == (1, len(spans), 4)
        for place in (0, 3, len(spans) - 1):
            said = [probabilities(folders[name], tokens, tuple(spans[place])) for name in ("one", "other")]
            expected = [sum(one[name] for one in said) / 2 for name in ["none", *trainer.splits.schema.entity_names]]
            assert targets.entities[0, place].tolist() == pytest.approx(expected, abs=1e-5)


def test_relations_are_matched_by_name(folders, make_trainer, tmp_path):
    """A teacher with its types in another order, and its classifiers' rows likewise, says the same."""
    turned = shutil.copytree(folders["one"], tmp_path / "turned")
    model = SpertModel.from_pretrained(turned)
    for kind, first in (("entity", 1), ("relation", 0)):
        classifier, types = getattr(model, f"{kind}_classifier"), getattr(model.config, f"{kind}_types")
        order = [*range(first), *(first + types.index(name) for name in OTHER_ORDER[f"{kind}_types"])]
        with torch.no_grad():
            classifier.weight.copy_(classifier.weight[order])
            classifier.bias.copy_(classifier.bias[order])
        setattr(model.config, f"{kind}_types", OTHER_ORDER[f"{kind}_types"])
    model.save_pretrained(turned)
    one, other = (make_trainer(folder).take_step._teachers([0, 1, 2], epoch=1) for folder in (folders["one"], turned))
    assert one.relations.shape[-1] == 2
    torch.testing.assert_close(one.entities, other.entities)
    torch.testing.assert_close(one.relations, other.relations)


def test_with_all_weight_the_model_comes_to_say_what_its_teacher_says(folders, make_trainer):
    def distance(**settings) -> float:
        trainer = make_trainer(folders["one"], num_train_epochs=8, classifier_dropout=0.0, **settings)
        model = trainer.train().model
        batch = trainer.batches(range(12), epoch=50)
        labels, pairs = (batch.pop(name) for name in ("entity_labels", "relation_labels"))
        targets = trainer.take_step._teachers(range(12), epoch=50)
        with torch.no_grad():
            output = model(**batch)
        losses = (
            targets.entity_loss(output.entity_logits, labels, 1),
            targets.relation_loss(output.relation_logits, pairs, 1),
        )
        return sum(losses).item()

    assert distance(teacher_weight=1.0) < distance(teacher_weight=0.5) < distance(teacher_weight=0.0)


def test_without_weight_the_model_is_that_of_no_teacher(folders, make_trainer):
    taught = make_trainer(folders["one"], teacher_weight=0.0).train().model
    assert torch.equal(weights_of(taught), weights_of(make_trainer().train().model))


def test_both_predictions_under_dropout_are_taught(folders, make_trainer):
    both, taught, consistent = (
        weights_of(make_trainer(*teachers, consistency_weight=weight).train().model)
        for teachers, weight in (((folders["one"],), 1.0), ((folders["one"],), 0.0), ((), 1.0))
    )
    assert both.isfinite().all()
    assert not torch.allclose(both, taught, atol=1e-4)
    assert not torch.allclose(both, consistent, atol=1e-4)


def test_a_run_goes_on_with_the_same_teachers_wherever_they_lie(folders, make_trainer, tmp_path):
    settings = {"save_steps": 4, "output_dir": str(tmp_path / "run")}
    whole = make_trainer(folders["one"], **settings).train().model
    checkpoint = str(tmp_path / "run" / "checkpoint-8")
    moved = shutil.copytree(folders["one"], tmp_path / "moved")
    resumed = make_trainer(moved, output_dir=str(tmp_path / "resumed")).train(checkpoint).model
    assert torch.equal(weights_of(whole), weights_of(resumed))
    with pytest.raises(ValueError, match="teachers must be"):
        make_trainer(folders["other"], output_dir=str(tmp_path / "others")).train(checkpoint)
    with pytest.raises(ValueError, match="teachers must be"):
        make_trainer(output_dir=str(tmp_path / "none")).train(checkpoint)


def test_the_command_names_them(folders, tmp_path, capsys, forget_precision):
    teachers = f"{folders['one']},{folders['other']}"
    flags = ["--num-train-epochs=1", "--cpu-threads=1", f"--output-dir={tmp_path / 'run'}", "--teacher-weight=0.25"]
    flags += [f"--{name}={folders[name]}" for name in ("dataset", "encoder")]
    assert main(["train", *flags, "--teachers", teachers]) == 0
    said = f"Learns from the mean predictions of {folders['one']}, {folders['other']}, with weight 0.25"
    assert said in capsys.readouterr().out.splitlines()


class TestRefusals:
    @pytest.mark.parametrize("given", ["", "a,", " , ", ",a"])
    def test_of_a_teacher_without_a_name(self, given):
        with pytest.raises(ValueError, match="teachers must be folders or Hub ids, separated by commas"):
            SpertTrainingArguments(dataset="conll04", teachers=given)

    def test_of_a_weight_for_nobody(self):
        with pytest.raises(ValueError, match=r"teacher_weight needs teachers, got 0.2 without them"):
            SpertTrainingArguments(dataset="conll04", teacher_weight=0.2)

    def test_of_an_encoder(self, folders, make_trainer):
        with pytest.raises(ValueError, match=r"^teachers: .*encoder is a bert model, not a SpERT model$"):
            make_trainer(folders["one"], folders["encoder"])

    def test_of_a_folder_without_a_model(self, folders, make_trainer):
        with pytest.raises(ValueError, match=r"^teachers: .* has no config.json"):
            make_trainer(folders["dataset"])

    def test_of_other_directions(self, make_trainer, tmp_path):
        teacher = make_tiny_checkpoint("bert", tmp_path / "teacher", **TYPES, symmetric_relation_types=[])
        said = r"teachers must be models with the data's symmetric relation types \(Near\), got .* with none$"
        with pytest.raises(ValueError, match=said):
            make_trainer(teacher)

    def test_of_the_folder_of_a_teacher_as_output(self, folders, make_trainer, tmp_path):
        teacher = shutil.copytree(folders["one"], tmp_path / "teacher")
        with pytest.raises(ValueError, match=r"output_dir: .*teacher holds a teacher; name another folder"):
            make_trainer(teacher, output_dir=str(teacher)).train()

    def test_of_other_types(self, make_trainer, tmp_path):
        teacher = make_tiny_checkpoint("bert", tmp_path / "teacher", entity_types=["Loc", "Org"])
        said = r"teachers must be models with the data's entity types \(Loc, Org, Peop\), got .* with Loc, Org$"
        with pytest.raises(ValueError, match=said):
            make_trainer(teacher)

    def test_of_another_context_window(self, folders, make_trainer, tmp_path):
        teacher = make_tiny_checkpoint(
            "bert", tmp_path / "teacher", context_window=64, **TYPES, symmetric_relation_types=["Near"]
        )
        with pytest.raises(ValueError, match=r"teachers must be models with context_window 0, got .* with 64"):
            make_trainer(teacher)

    def test_of_an_encoder_that_cuts_sentences_in_another_way(self, make_trainer, tmp_path):
        teacher = make_tiny_checkpoint(
            "bert", tmp_path / "teacher", max_sequence_length=12, **TYPES, symmetric_relation_types=["Near"]
        )
        said = "teachers must be models that read the training documents in the windows of this run"
        with pytest.raises(ValueError, match=f"{said}, got .*, which takes 10 sub-words at once"):
            make_trainer(teacher)
