"""`push_to_hub` of a model and of a pipeline: all that is needed goes up, with the package and without."""

import json

from huggingface_hub import ModelCard

from spert_hf.model.card import is_generated
from tests.hub.test_remote_code import CODE, TEXT
from tests.support.tiny_models import make_encoder_folder

WHOLE = {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "README.md", *CODE}

PUSH = """
import json, sys
from transformers import AutoTokenizer, pipeline
from spert_hf import SpertConfig, SpertModel

folder, encoder, bare, text = sys.argv[1:5]
made = SpertModel.from_encoder(encoder, entity_types=["Loc"])
made.push_to_hub("ada/made", tags="fresh")
made.save_pretrained(bare)
for homeless in (SpertModel(SpertConfig(encoder_config=made.config.encoder_config)), SpertModel.from_pretrained(bare)):
    try:
        homeless.push_to_hub("ada/homeless")
    except ValueError as error:
        print(error)
SpertModel.from_pretrained(bare).push_to_hub("ada/given", tokenizer=AutoTokenizer.from_pretrained(encoder))
pipe = pipeline("spert-extraction", model=folder)
pipe.push_to_hub("ada/pipe", revision="trial", commit_message="Try it")
pipe.model.push_to_hub("ada/again", private=True)
SpertModel.from_pretrained("ada/again").push_to_hub("ada/loaded")
pipe.tokenizer.push_to_hub("ada/loaded")
names = ("ada/again", "ada/loaded")
print(json.dumps([pipeline("spert-extraction", model=name)(text) for name in names] + [pipe(text)]))
"""

# Push a folder's pipeline once for each of the tags.
PUSH_PIPELINE = """
import sys
from transformers import pipeline
import spert_hf

for tag in sys.argv[3:]:
    pipeline("spert-extraction", model=sys.argv[2]).push_to_hub(sys.argv[1], tags=tag)
"""

PUSH_WITHOUT_PACKAGE = """
import json, sys
sys.modules["spert_hf"] = None  # not to be imported, even if it is installed
from transformers import AutoModel, pipeline

model = AutoModel.from_pretrained("ada/source", trust_remote_code=True)
model.push_to_hub("ada/model")
pipeline("spert-extraction", model="ada/source", trust_remote_code=True).push_to_hub("ada/pipe")
names = ("ada/source", "ada/model", "ada/pipe")
print(json.dumps([pipeline("spert-extraction", model=name, trust_remote_code=True)(sys.argv[1]) for name in names]))
"""


def files_of(hub, name, revision="main"):
    return hub.repositories["model", name].find(revision).files


def test_everything_goes_up_from_wherever_the_model_came(hub, run_python, tiny_checkpoint, tmp_path):
    encoder, bare = make_encoder_folder("bert", tmp_path / "encoder"), tmp_path / "bare"
    done = run_python("-c", PUSH, tiny_checkpoint, encoder, bare, TEXT)
    assert done.returncode == 0, done.stderr
    *refusals, found = done.stdout.strip().splitlines()
    assert "the model was neither loaded nor made with from_encoder; pass push_to_hub(…, tokenizer=…)" in refusals[0]
    assert f"there is none at {str(bare)!r}; pass push_to_hub(…, tokenizer=…)" in refusals[1]
    assert ("model", "ada/homeless") not in hub.repositories
    again, loaded, expected = json.loads(found)
    assert expected["entities"]
    assert again == loaded == expected

    for name in ("made", "given", "pipe", "again", "loaded"):
        files = files_of(hub, f"ada/{name}", "trial" if name == "pipe" else "main")
        assert set(files) >= WHOLE, name
        assert is_generated(files["README.md"].decode()), name
        assert not any(str(tmp_path).encode() in content for content in files.values()), name
    assert set(files_of(hub, "ada/pipe")) == {".gitattributes"}
    assert hub.repositories["model", "ada/pipe"].find("trial").message == "Try it"
    assert hub.repositories["model", "ada/again"].private
    card = ModelCard(files_of(hub, "ada/made")["README.md"].decode())
    assert {"spert", "fresh"} <= set(card.data.tags)
    assert card.data.eval_results is None
    assert 'model="ada/made", trust_remote_code=True' in card.text


def test_without_the_package(hub, run_python, tiny_checkpoint):
    assert run_python("-c", PUSH_PIPELINE, "ada/source", tiny_checkpoint, "first").returncode == 0
    done = run_python("-c", PUSH_WITHOUT_PACKAGE, TEXT, package=False)
    assert done.returncode == 0, done.stderr
    source, model, pipe = json.loads(done.stdout.splitlines()[-1])
    assert source["entities"]
    assert source == model == pipe
    for name in ("ada/model", "ada/pipe"):
        assert set(files_of(hub, name)) >= WHOLE
        assert f'model="{name}"' in files_of(hub, name)["README.md"].decode()


def test_a_card_that_somebody_wrote_stays_and_a_generated_one_is_refreshed(hub, run_python, tiny_checkpoint):
    assert run_python("-c", PUSH_PIPELINE, "ada/tiny", tiny_checkpoint, "first", "second").returncode == 0
    generated = files_of(hub, "ada/tiny")["README.md"].decode()
    assert ModelCard(generated).data.tags[-1] == "second"
    changed = generated.replace("# tiny", "# Our tiny model").encode()
    repository = hub.repositories["model", "ada/tiny"]
    repository.add("main", {**files_of(hub, "ada/tiny"), "README.md": changed}, "say whose it is")
    assert run_python("-c", PUSH_PIPELINE, "ada/tiny", tiny_checkpoint, "third").returncode == 0
    assert files_of(hub, "ada/tiny")["README.md"] == changed
