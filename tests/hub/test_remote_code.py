"""A checkpoint carries its code: it is used where the package is not, and the same where it is."""

import json

import pytest

TOKEN = "hf_secret"  # ada's, see conftest
TEXT = "Marian Pell works for Northern Paper Co. in Duluth, where she was born."
REPOSITORIES = ["ada/pipe", "ada/parts", "ada/published"]
CODE = {
    *("configuration_spert.py", "modeling_spert.py", "span_pooling.py", "pipeline_spert.py"),
    *("decoding.py", "inference.py", "processing_spert.py", "hub.py", "card.py"),
}

# Push one checkpoint in each of the ways there are, then load each: the package needs no trust.
WITH_PACKAGE = """
import copy, json, sys
from transformers import AutoModel, pipeline
import spert_hf
from spert_hf.hub.publishing import publish_model

folder, text, names = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
pipe = pipeline("spert-extraction", model=folder)
before = copy.deepcopy(pipe.model.config)
expected = pipe(text)
pipe.push_to_hub(names[0], private=True)
pipe.model.push_to_hub(names[1], private=True)
publish_model(folder, names[2], private=True)
assert pipe.model.config.to_dict() == before.to_dict(), "saving has changed the config in memory"
assert vars(pipe.model.config).keys() == vars(before).keys()
assert type(pipe.model) is spert_hf.SpertModel and pipe(text) == expected
for name in names:
    loaded = pipeline("spert-extraction", model=name)
    assert type(loaded) is spert_hf.SpertPipeline and type(AutoModel.from_pretrained(name)) is spert_hf.SpertModel
    assert loaded(text) == expected, name
trusting = pipeline("spert-extraction", model=names[0], trust_remote_code=True)
assert type(trusting) is spert_hf.SpertPipeline and trusting(text) == expected
print(json.dumps(expected))
"""

# Without the package: the code in the repository is run, if it is trusted.
WITHOUT_PACKAGE = """
import json, sys
sys.modules["spert_hf"] = None  # not to be imported, even if it is installed
try:
    import spert_hf
except ImportError:
    pass
else:
    raise AssertionError("the package can be imported here")
from transformers import AutoModel, pipeline

text, token, again = sys.argv[1], sys.argv[2] or None, sys.argv[3]
found = []
for name, revision in json.loads(sys.argv[4]):
    source = {"revision": revision, "token": token, "trust_remote_code": True}
    pipe = pipeline("spert-extraction", model=name, **source)
    found.append(pipe(text))
    assert type(pipe).__module__.startswith("transformers_modules.ada."), type(pipe)
    model = AutoModel.from_pretrained(name, **source)
    assert type(model).__name__ == "SpertModel" and model.config.relation_types == pipe.model.config.relation_types
if again:
    try:
        pipeline("spert-extraction", model=name, revision=revision, token=token, trust_remote_code=False)
    except ValueError as error:
        assert "trust_remote_code=True" in str(error)
    else:
        raise AssertionError("code was run that nobody trusts")
    model.save_pretrained(again)
    pipe.tokenizer.save_pretrained(again)
    assert pipeline("spert-extraction", model=again, trust_remote_code=True)(text) == found[-1]
assert not [module for module in sys.modules if module.startswith("spert_hf.")]
print(json.dumps(found))
"""


@pytest.mark.e2e
def test_a_checkpoint_carries_its_code(hub, run_python, run_fresh_python, tiny_checkpoint, tmp_path):
    pushed = run_python("-c", WITH_PACKAGE, tiny_checkpoint, TEXT, json.dumps(REPOSITORIES))
    assert pushed.returncode == 0, pushed.stderr
    expected = json.loads(pushed.stdout.splitlines()[-1])
    assert expected["relations"]
    for name in REPOSITORIES:
        files = hub.repositories["model", name].find("main").files
        assert {"config.json", "model.safetensors", "tokenizer.json", "README.md", *CODE} <= set(files), name
        config = json.loads(files["config.json"])
        assert config["auto_map"] == {
            "AutoConfig": "configuration_spert.SpertConfig",
            "AutoModel": "modeling_spert.SpertModel",
        }
        pipeline = {"impl": "pipeline_spert.SpertPipeline", "pt": ["AutoModel"], "type": "text"}
        assert config["custom_pipelines"] == {"spert-extraction": pipeline}

    # The last repository's main breaks: code and weights must be those of the revision asked for.
    last = hub.repositories["model", REPOSITORIES[-1]]
    good = last.find("main")
    last.add("main", {**good.files, "pipeline_spert.py": b"1 / 0", "model.safetensors": b"broken"}, "break it")
    asked = json.dumps([[REPOSITORIES[0], None], [REPOSITORIES[1], "main"], [REPOSITORIES[2], good.oid]])
    again = tmp_path / "again"
    remote = run_python("-c", WITHOUT_PACKAGE, TEXT, TOKEN, again, asked, token=None, package=False)
    assert remote.returncode == 0, remote.stderr
    assert json.loads(remote.stdout.splitlines()[-1]) == [expected] * 3
    assert set(CODE) <= {path.name for path in again.iterdir()}
    assert json.loads((again / "config.json").read_text()) == json.loads(good.files["config.json"])

    hub.repositories.clear()
    asked_before = len(hub.requests)
    offline = run_fresh_python("-c", WITHOUT_PACKAGE, TEXT, "", "", asked, token=None, package=False, offline=True)
    assert offline.returncode == 0, offline.stderr
    assert json.loads(offline.stdout.splitlines()[-1]) == [expected] * 3
    assert len(hub.requests) == asked_before
