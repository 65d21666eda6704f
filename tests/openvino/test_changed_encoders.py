"""What OpenVINO computes is the encoder as it is, whatever is done to it or to the model; or torch computes it."""

import copy
import pickle
import warnings

import pytest
import torch
from torch import nn
from transformers import AutoModel, pipeline

from spert_hf.openvino import OpenVinoRuntime, use_openvino
from tests.support.predictions import assert_same

pytestmark = pytest.mark.e2e  # each compiles runtimes, for seconds

TEXTS = ["Marian Pell works for Northern Paper Co. in Duluth, where she was born.", "Overnight"]


@pytest.fixture
def pipe(tiny_checkpoint):
    return pipeline("spert-extraction", model=str(tiny_checkpoint))


class Adapter(nn.Module):
    """As libraries for fine-tuning put around a layer."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer
        self.added = nn.Parameter(torch.full((32,), 0.5))

    def forward(self, inputs):
        return self.layer(inputs) + self.added


def first_layer(model):
    return model.encoder.encoder.layer[0]


def load_other_weights(model):
    model.load_state_dict({name: weight * 1.1 for name, weight in model.state_dict().items()})


def replace_encoder(model):
    torch.manual_seed(3)
    model.encoder = AutoModel.from_config(model.encoder.config, add_pooling_layer=False).eval()


def write_in_place(model):
    with torch.no_grad():
        first_layer(model).attention.self.query.weight[0, 0] += 1.0


def write_data(model):
    first_layer(model).attention.self.value.weight.data *= 1.5


def replace_data(model):
    first_layer(model).output.dense.weight.data = first_layer(model).output.dense.weight.data * 2


def adapt(model):
    first_layer(model).output.dense = Adapter(first_layer(model).output.dense)


def hook(model):
    first_layer(model).register_forward_hook(lambda module, args, output: output * 1.5)


def resize(model):
    torch.manual_seed(4)
    model.encoder.resize_token_embeddings(len(model.encoder.get_input_embeddings().weight) + 8)


def to_bfloat16(model):
    model.to(torch.bfloat16)


CHANGES = [
    *(load_other_weights, replace_encoder, write_in_place, write_data, replace_data, adapt, hook, resize),
    *(to_bfloat16, nn.Module.double),
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_torch_computes_an_encoder_that_has_changed(pipe, tiny_checkpoint, change):
    expected = pipeline("spert-extraction", model=str(tiny_checkpoint))
    change(expected.model)
    use_openvino(pipe)
    change(pipe.model)
    with pytest.warns(UserWarning, match=r"the encoder has changed since use_openvino was called"):
        found = pipe(TEXTS)
    assert_same(found, expected(TEXTS))
    assert pipe.model.runtime.name == "cpu"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert_same(pipe(TEXTS), found)


@pytest.mark.parametrize("part", [lambda model: model, lambda model: model.encoder, first_layer])
@pytest.mark.filterwarnings("error")
def test_an_encoder_in_training_is_torchs(pipe, monkeypatch, part):
    expected = pipe(TEXTS)
    use_openvino(pipe)
    part(pipe.model).train()
    with monkeypatch.context() as patch:
        patch.setattr(OpenVinoRuntime, "compute", None)
        assert pipe.model.runtime.name == "cpu"
        pipe(TEXTS)
    pipe.model.eval()
    assert pipe.model.runtime.name == "openvino"  # nothing was changed
    assert_same(pipe(TEXTS), expected)


def test_an_encoder_that_was_trained_is_torchs(pipe):
    use_openvino(pipe)
    model = pipe.model.train()
    batch = pipe.spert_processor.collate(pipe.spert_processor.encode([TEXTS[0].split()]))
    model(**batch).entity_logits[..., 1:, :].sum().backward()
    torch.optim.SGD(model.parameters(), lr=0.01).step()
    model.eval()
    with pytest.warns(UserWarning, match="the encoder has changed"):
        found = pipe(TEXTS)
    assert model.runtime.name == "cpu"
    model.set_runtime("torch")
    assert_same(pipe(TEXTS), found)


def test_it_may_be_asked_for_anew(pipe):
    use_openvino(pipe)
    load_other_weights(pipe.model)
    with pytest.warns(UserWarning, match="call use_openvino again"):
        expected = pipe(TEXTS)
    use_openvino(pipe)
    assert_same(pipe(TEXTS), expected)
    assert isinstance(pipe.model.runtime, OpenVinoRuntime)


def test_what_changes_nothing_leaves_it(pipe, tmp_path):
    use_openvino(pipe)
    model = pipe.model
    model.to("cpu")
    model.float()
    model.eval()
    model.requires_grad_(False)
    model.state_dict()
    pipe.save_pretrained(tmp_path)
    pipe(TEXTS)
    assert isinstance(model.runtime, OpenVinoRuntime)


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda pipe: pickle.loads(pickle.dumps(pipe))])
def test_copies_and_pickles_have_it_and_look_to_their_own_weights(pipe, duplicate):
    expected = pipe(TEXTS)
    use_openvino(pipe)
    other = duplicate(pipe)
    load_other_weights(pipe.model)
    assert isinstance(other.model.runtime, OpenVinoRuntime)
    assert_same(other(TEXTS), expected)
    load_other_weights(other.model)
    with pytest.warns(UserWarning, match="the encoder has changed"):
        assert_same(other(TEXTS), pipe(TEXTS))


def test_a_copy_of_what_has_changed_is_torchs(pipe):
    use_openvino(pipe)
    load_other_weights(pipe.model)
    with pytest.warns(UserWarning, match="the encoder has changed"):
        copied = copy.deepcopy(pipe)
    assert copied.model.runtime.name == "cpu"
    assert_same(copied(TEXTS), pipe(TEXTS))


def test_a_pickle_of_8_bit_integers(quantized_checkpoint):
    pipe = pipeline("spert-extraction", model=str(quantized_checkpoint), backend="openvino", precision="int8")
    assert_same(pickle.loads(pickle.dumps(pipe))(TEXTS), pipe(TEXTS))


def test_in_one_call(pipe, tiny_checkpoint):
    other = pipeline("spert-extraction", model=str(tiny_checkpoint), backend="openvino")
    assert isinstance(other.model.runtime, OpenVinoRuntime)
    assert_same(other(TEXTS), pipe(TEXTS))
    assert pipeline("spert-extraction", model=str(tiny_checkpoint), backend="torch").model.runtime.name == "cpu"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"backend": "onnx"}, "backend must be 'torch' or 'openvino', got 'onnx'"),
        ({"precision": "int8"}, "precision must be left out without backend='openvino'"),
        (
            {"backend": "openvino", "precision": "int4"},
            "precision must be 'float32', 'bfloat16' or 'int8', got 'int4'",
        ),
    ],
)
def test_what_is_not_allowed_in_one_call(tiny_checkpoint, given, message):
    with pytest.raises(ValueError, match=message):
        pipeline("spert-extraction", model=str(tiny_checkpoint), **given)


def test_what_is_no_model():
    with pytest.raises(
        ValueError, match="model must be a SpertModel or a pipeline with one, got an object of type Linear"
    ):
        use_openvino(nn.Linear(2, 2))
