"""What computes the encoder is chosen in one place, and choosing leaves the model what it was."""

import copy
import pickle
import warnings

import pytest
import torch
from torch import nn
from transformers import AttentionInterface, AutoModel
from transformers.masking_utils import AttentionMaskInterface

from spert_hf import SpertModel
from spert_hf.model.cpu_linear import OneDnnLinear
from spert_hf.model.cpu_packing import ATTENTION
from spert_hf.model.cpu_runtime import CpuRuntime
from spert_hf.model.runtime import EncoderRuntime, TorchRuntime
from tests.support.encoder_families import encoded_sentences, make_family_model
from tests.support.tiny_models import SENTENCES

FAMILIES = ("bert", "roberta", "distilbert", "deberta-v2", "modernbert", "t5", "convbert")


@pytest.fixture(scope="module", params=FAMILIES)
def family_model(request, tmp_path_factory):
    """A model that was never switched, its processor's sentences, and the family."""
    model = make_family_model(request.param, tmp_path_factory.mktemp(request.param))
    return model, *encoded_sentences(request.param, model)


@pytest.fixture
def model(tiny_checkpoint):
    return SpertModel.from_pretrained(tiny_checkpoint)


def types_of(model):
    return {name: type(module) for name, module in model.named_modules()}


def state_of(model):
    """Bits, names and order of the weights, where they are, what is trained, modes, classes and configs."""
    return (
        [(name, weight.numpy().tobytes()) for name, weight in model.state_dict().items()],
        [(name, weight.data_ptr(), weight.requires_grad) for name, weight in model.named_parameters()],
        [(name, module.training) for name, module in model.named_modules()],
        types_of(model),
        model.config.to_json_string(use_diff=False),
        model.encoder.config.to_json_string(use_diff=False),
        model.encoder.config._attn_implementation,
    )


@torch.no_grad()
def scores_of(model, processor, sentences):
    """Scores of each sentence's first word; in training mode those that a seed gives."""
    torch.manual_seed(5)
    spans = torch.tensor([[[0, 1]]]).repeat(len(sentences), 1, 1)
    return model(**processor.collate(sentences), spans=spans).entity_logits


class TestThereAndBack:
    @pytest.mark.parametrize("training", [False, True])
    def test_all_is_as_in_a_model_that_was_never_switched(self, family_model, training):
        model, processor, sentences = family_model
        switched = copy.deepcopy(model).train(training)
        never = copy.deepcopy(model).train(training)
        before = state_of(switched)
        expected = scores_of(never, processor, sentences)
        for runtime in ("torch", "cpu", "cpu", "torch", TorchRuntime(), "torch", CpuRuntime(), "torch", "cpu"):
            switched.set_runtime(runtime)
            scores_of(switched, processor, sentences)
        assert state_of(switched) == before
        assert torch.equal(scores_of(switched, processor, sentences), expected)

    def test_torch_is_the_encoder_as_transformers_has_it(self, family_model):
        model, processor, sentences = family_model
        switched = copy.deepcopy(model)
        switched.set_runtime("torch")
        assert not [name for name, kind in types_of(switched).items() if "spert" in kind.__module__ and name]
        assert switched.encoder.config._attn_implementation in ("sdpa", "eager")
        torch.testing.assert_close(
            scores_of(switched, processor, sentences), scores_of(model, processor, sentences), atol=1e-3, rtol=1e-3
        )

    def test_a_layer_of_somebody_elses_stays(self, model):
        class Own(nn.Linear):
            pass

        own = model.encoder.encoder.layer[0].output.dense = Own(48, 32)
        for runtime in ("torch", "cpu", "torch"):
            model.set_runtime(runtime)
            assert type(own) is Own

    def test_the_attention_that_a_user_chose_stays(self, model):
        model.set_attn_implementation("eager")
        for runtime in ("torch", "cpu", "torch"):
            model.set_runtime(runtime)
            assert model.encoder.config._attn_implementation == "eager"

    @pytest.mark.parametrize("runtime", ["torch", "cpu"])
    @pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
    def test_copies_and_pickles_have_it_and_switch_by_themselves(self, model, runtime, duplicate):
        model.set_runtime(runtime)
        before = state_of(model)
        other = duplicate(model)
        assert other.runtime.name == runtime
        assert types_of(other) == types_of(model)
        other.set_runtime("cpu" if runtime == "torch" else "torch")
        assert state_of(model) == before

    def test_the_same_is_saved(self, model, tmp_path):
        files = []
        for runtime in ("cpu", "torch"):
            model.set_runtime(runtime)
            model.save_pretrained(tmp_path / runtime)
            names = sorted(path.name for path in (tmp_path / runtime).iterdir())
            files.append([(name, (tmp_path / runtime / name).read_bytes()) for name in names])
            assert SpertModel.from_pretrained(tmp_path / runtime).runtime.name == "cpu"
        assert files[0] == files[1]


class TestChoice:
    def test_a_cpu_has_its_own(self, model):
        assert model.runtime.name == "cpu"
        assert "runtime=cpu" in repr(model)
        assert type(model.encoder.encoder.layer[0].output.dense) is OneDnnLinear
        model.set_runtime("torch")
        assert "runtime=torch" in repr(model)

    def test_other_devices_have_torchs(self, model):
        moved = copy.deepcopy(model).to("meta")
        assert moved.runtime.name == "torch"
        assert moved.runtime.padding_cost(moved.encoder) is None  # full batches
        assert model.runtime.name == "cpu"

    def test_a_new_encoder_has_it_too(self, model, tmp_path):
        model.encoder.save_pretrained(tmp_path)
        fresh = SpertModel.from_encoder(str(tmp_path), entity_types=["A"], relation_types=[])
        assert type(fresh.encoder.encoder.layer[0].output.dense) is OneDnnLinear

    def test_an_encoder_put_in_place_of_it_is_computed(self, model, tiny_pipeline):
        expected = copy.deepcopy(model)
        model.encoder = AutoModel.from_config(model.encoder.config, add_pooling_layer=False).eval()
        model.encoder.load_state_dict(expected.encoder.state_dict())
        batch = tiny_pipeline.spert_processor.encode(SENTENCES)
        for runtime in ("cpu", "torch", "cpu"):
            model.set_runtime(runtime)
            torch.testing.assert_close(
                scores_of(model, tiny_pipeline.spert_processor, batch),
                scores_of(expected, tiny_pipeline.spert_processor, batch),
            )

    @pytest.mark.parametrize(
        ("given", "shown"),
        [
            ("onnx", "'onnx'"),
            ("CPU", "'CPU'"),
            (None, "None"),
            (nn.Sequential(nn.Linear(2, 2)), "an object of type Sequential"),
        ],
    )
    def test_what_is_none_is_refused_and_changes_nothing(self, model, given, shown):
        before = state_of(model)
        with pytest.raises(ValueError, match=rf"^runtime must be 'torch', 'cpu' or an EncoderRuntime, got {shown}$"):
            model.set_runtime(given)
        assert state_of(model) == before
        assert model.runtime.name == "cpu"

    @pytest.mark.parametrize("make", [SpertModel.from_pretrained, pickle.loads], ids=["loaded", "pickled"])
    def test_transformers_is_told_of_its_attention_where_a_model_needs_it(
        self, make, tiny_checkpoint, tiny_pipeline, monkeypatch
    ):
        """Not where it is imported: a pickle may come to a process that has made no model."""
        source = pickle.dumps(tiny_pipeline.model) if make is pickle.loads else tiny_checkpoint
        batch = tiny_pipeline.spert_processor.encode(SENTENCES)
        expected = scores_of(tiny_pipeline.model, tiny_pipeline.spert_processor, batch)
        for interface in (AttentionInterface, AttentionMaskInterface):
            monkeypatch.delitem(interface._global_mapping, ATTENTION)
        assert torch.equal(scores_of(make(source), tiny_pipeline.spert_processor, batch), expected)


class Halving(nn.Module):
    """A runtime of a user's: hidden states of half the size, by a module, which is not to become a part of a model."""

    name = "halving"
    remade_by = None
    workers_pay_from = None
    has_own_threads = False

    def __init__(self, **attributes):
        super().__init__()
        self.calls = 0
        self.scale = nn.Parameter(torch.tensor(0.5))
        for name, value in attributes.items():
            setattr(self, name, value)

    def serves(self, device):
        return True

    def attach(self, model):
        pass

    def detach(self, model):
        pass

    def compute(self, model, input_ids, attention_mask, letter_cases=None, **encoder_kwargs):
        self.calls += 1
        hidden = TorchRuntime().compute(model, input_ids, attention_mask, letter_cases, **encoder_kwargs)
        return hidden * self.scale.detach()

    def padding_cost(self, encoder):
        return 1.0


class TestOwnRuntime:
    def test_it_computes_and_is_no_part_of_the_model(self, model, tiny_pipeline):
        batch = tiny_pipeline.spert_processor.collate(tiny_pipeline.spert_processor.encode(SENTENCES))
        ids, mask = batch["input_ids"], batch["attention_mask"]
        names = list(model.state_dict())
        runtime = Halving()
        assert isinstance(runtime, EncoderRuntime)
        model.set_runtime(runtime)
        with torch.no_grad():
            halved = model.encode(ids, mask)
            assert model.runtime is runtime
            assert list(model.state_dict()) == names
            model.set_runtime("torch")
            assert torch.equal(halved, model.encode(ids, mask) * 0.5)

    @pytest.mark.parametrize("remade_by", [None, "halve"])
    def test_one_that_cannot_be_attached_leaves_the_model_as_it_was(self, model, remade_by):
        def fail(model):
            raise RuntimeError("no such device")

        before = state_of(model)
        with pytest.raises(RuntimeError, match="no such device"):
            model.set_runtime(Halving(remade_by=remade_by, attach=fail))
        assert state_of(model) == before
        assert model.runtime.name == "cpu"

    def test_with_weights_of_its_own_it_computes_only_what_needs_none_of_the_models(self, model, tiny_pipeline):
        batch = tiny_pipeline.spert_processor.collate(tiny_pipeline.spert_processor.encode(SENTENCES))
        ids, mask = batch["input_ids"], batch["attention_mask"]
        runtime = Halving(remade_by="halve")
        model.set_runtime(runtime)
        model.encode(ids, mask)  # gradients are recorded
        with torch.no_grad():
            model.encode(ids, mask, token_type_ids=torch.zeros_like(ids))
            model.train().encode(ids, mask)
            assert runtime.calls == 0
            model.eval().encode(ids, mask)
            assert runtime.calls == 1
            model.encoder.encoder.layer[0].output.dense.weight[0, 0] += 1
            with pytest.warns(UserWarning, match=r"has changed since halve was called, so torch computes it now"):
                model.encode(ids, mask)
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                model.encode(ids, mask)
        assert runtime.calls == 1
        assert model.runtime.name == "cpu"
