"""Examples in the docstrings of the public names run, with tiny models for real ones."""

import inspect
import re
import textwrap

import pytest

import spert_hf
from tests.docs.test_code_blocks import with_other_models

EXAMPLES = {
    name: textwrap.dedent(code)
    for name in spert_hf.__all__
    for code in re.findall(r"```python\n(.*?)```", inspect.getdoc(getattr(spert_hf, name)) or "", re.DOTALL)
    if not code.lstrip().startswith(">>>")  # a dialogue, with the results of a real model
}


def test_the_python_api_has_examples():
    assert {"SpertTrainer", "evaluate_model", "load_documents"} <= EXAMPLES.keys()


@pytest.mark.parametrize("name", EXAMPLES)
def test_it_runs(name, tiny_checkpoint, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(with_other_models(EXAMPLES[name], tiny_checkpoint, tiny_checkpoint.parent / "encoder"), {})
