"""What is computed in a way of our own is left to torch where it does something to functions as a whole."""

import torch
from torch import nn

from spert_hf import SpertModel
from spert_hf.model.tracing import is_computed_plainly


def test_what_torch_does_to_functions_is_known():
    seen = []

    def function(x):
        seen.append(is_computed_plainly())
        return x.sum()

    function(torch.ones(2))
    torch.func.grad(function)(torch.ones(2))
    torch.jit.trace(function, torch.ones(2), check_trace=False)
    torch.compile(function, backend="eager")(torch.ones(2))
    assert seen[:3] == [True, False, False]
    assert True not in seen[1:]


def test_torch_can_differentiate_the_model_as_a_function(tiny_checkpoint):
    """In training, too, where linear layers, attention and maxima have gradients of our own."""
    model = SpertModel.from_pretrained(tiny_checkpoint).train()
    for layer in model.modules():
        if isinstance(layer, nn.Dropout):
            layer.p = 0.0
    batch = {
        "input_ids": torch.tensor([[2, 5, 6, 7, 3], [2, 8, 9, 3, 0]]),
        "attention_mask": torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 1, 0]]),
        "word_offsets": torch.tensor([[1, 2, 3, 4], [1, 2, 3, 3]]),
        "spans": torch.tensor([[[0, 1], [1, 3]], [[0, 1], [0, 2]]]),
        "entity_labels": torch.tensor([[1, 0], [1, 0]]),
    }
    weights = dict(model.named_parameters())
    gradients = torch.func.grad(lambda given: torch.func.functional_call(model, given, (), batch).loss)(weights)
    model(**batch).loss.backward()
    for name, weight in weights.items():
        if weight.grad is not None:
            torch.testing.assert_close(gradients[name], weight.grad, atol=1e-6, rtol=1e-4, msg=name)
