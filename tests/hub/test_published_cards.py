"""Which card goes up with a model: the rule of `publish_model`, against the server."""

import json
import shutil

import pytest
from huggingface_hub import ModelCard

from spert_hf.hub.publishing import publish_model
from spert_hf.model.card import is_generated
from tests.hub.test_model_card import make_run

# Publish each folder, with a card's source or none, after having put a card into the repository if there is one.
PUBLISH = """
import json, sys
from huggingface_hub import HfApi
from transformers.utils import logging
from spert_hf.cli.main import main

for folder, name, source, card in json.loads(sys.argv[1]):
    if card is not None:
        HfApi().upload_file(path_or_fileobj=card.encode(), path_in_repo="README.md", repo_id=name)
    code = main(["publish", "model", folder, name, *(["--card", source] if source else [])])
    assert code == 0, code
"""


@pytest.fixture
def make_folder(tiny_checkpoint, tmp_path):
    """A copy of the tiny checkpoint with a training record and perhaps a card."""

    def make(name, steps, card=None):
        folder = shutil.copytree(tiny_checkpoint, tmp_path / name)
        (folder / "training_run.json").write_text(json.dumps({**make_run(), "steps": steps}), encoding="utf-8")
        if card is not None:
            (folder / "README.md").write_text(card, encoding="utf-8")
        return str(folder)

    return make


def test_hand_written_cards_stay_and_generated_ones_are_made_anew(hub, run_python, make_folder, tmp_path):
    source = tmp_path / "source.md"
    source.write_text("---\nlicense: mit\n---\n\n# From a source\n", encoding="utf-8")
    first, second = make_folder("first", steps=111), make_folder("second", steps=222)
    own = make_folder("own", steps=333, card="My own words.")
    publications = [
        (first, "ada/tiny", None, None),
        (second, "ada/tiny", None, None),
        (second, "ada/tiny", None, "Their own words."),
        (own, "ada/tiny", None, None),
        (own, "ada/tiny", str(source), None),
        (first, "ada/tiny", None, None),
    ]
    done = run_python("-c", PUBLISH, json.dumps(publications))
    assert done.returncode == 0, done.stderr
    history = [
        commit.files["README.md"].decode() for commit in hub.repositories["model", "ada/tiny"].branches["main"][1:]
    ]
    made, made_anew, theirs, *kept, mine, from_source, last = history
    assert "111 steps" in made
    assert ModelCard(made).data.eval_results[0].dataset_name == "CoNLL04"
    assert made.count("# SpERT for CoNLL04") == 1
    assert "222 steps" in made_anew
    assert "111 steps" not in made_anew
    assert {theirs, *kept} == {"Their own words."}
    assert mine == "My own words."
    assert "# From a source" in from_source
    assert "333 steps" in from_source
    assert ModelCard(from_source).data.license == "mit"
    assert "# SpERT for CoNLL04" in last
    assert all(is_generated(card) for card in (made, made_anew, from_source, last))

    # A generated card in a folder, such as that of a repository which was downloaded, is none of its own.
    again = make_folder("again", steps=444, card=made)
    assert run_python("-c", PUBLISH, json.dumps([(again, "ada/again", None, None)])).returncode == 0
    card = hub.repositories["model", "ada/again"].find("main").files["README.md"].decode()
    assert 'model="ada/again"' in card
    assert "444 steps" in card


def test_what_can_not_be_read_is_told_before_anything_goes_up(make_folder, tmp_path):
    folder = make_folder("model", steps=1)
    with pytest.raises(ValueError, match=r"absent\.md can't be read as a model card"):
        publish_model(folder, "ada/tiny", card=tmp_path / "absent.md")
    (tmp_path / "model" / "training_run.json").write_text("[]", encoding="utf-8")
    with pytest.raises(ValueError, match=r"training_run\.json: must be an object, got list; train again"):
        publish_model(folder, "ada/tiny")
