"""A token is seen by the Hub it belongs to, and by nobody and nothing else; and a script on the Hub is not run."""

import re

import pytest

from spert_hf.cli.main import main
from spert_hf.training.arguments import SpertTrainingArguments, read_recipe
from tests.security.conftest import GIVEN


@pytest.mark.e2e
def test_the_commands_did_what_they_should(seen):
    """Otherwise there would be nothing to see."""
    codes, said, files, hub = seen
    assert codes[0] == "PublishingError", codes
    assert codes[1:3] == [0, 0], codes
    assert codes[3] == "PublishingError", codes
    assert codes[4] == 0, codes
    assert not {0, None} & set(codes[5:]), codes
    assert "Traceback" in said
    assert "DEBUG:" in said
    assert any("tfevents" in path.name for path in files)
    assert len(hub.repositories["model", "ada/tiny"].branches["main"]) == 2


@pytest.mark.e2e
def test_nothing_printed_or_logged_has_a_token(seen):
    _, said, _, _ = seen
    assert not [line for line in said.splitlines() if re.search("Token7Qz3vXw9RkBn", line)]


@pytest.mark.e2e
def test_no_file_has_a_token(seen):
    _, _, files, hub = seen
    names = {path.name for path in files}
    assert {"training_run.json", "training_log.jsonl", "config.json", "trainer_state.json", "found.jsonl"} <= names
    assert not [path for path, content in files.items() if b"Token7Qz3vXw9RkBn" in content]
    published = hub.repositories["model", "ada/tiny"].find("main").files
    assert {"README.md", "training_run.json"} <= set(published)
    assert not [name for name, content in published.items() if b"Token7Qz3vXw9RkBn" in content]


@pytest.mark.e2e
def test_a_loading_script_on_the_hub_is_not_run(seen):
    codes, said, files, hub = seen
    assert ("GET", "/api/datasets/ada/evil") in {(verb, path.partition("/revision/")[0]) for verb, path in hub.requests}
    assert codes[-1] == "DatasetError", codes
    assert "ada/evil: no file or folder of this name here, and not loaded from the Hub" in said
    assert "crater" not in {path.name for path in files}


def test_settings_do_not_show_it():
    settings = SpertTrainingArguments(hub_token=GIVEN)
    assert GIVEN not in f"{settings} {settings!r}"


@pytest.mark.parametrize("text", ["hub_token: {}: x", "hub_token: [{}]", "hub_token: '{}", "hub_token: !{} x"])
def test_a_recipe_that_is_wrong_is_not_quoted(tmp_path, capsys, text):
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("seed: 3\n" + text.format(GIVEN))
    with pytest.raises(
        ValueError, match=r"is not valid YAML|hub_token must be a value of type str, got another"
    ) as raised:
        read_recipe(recipe)
    assert GIVEN not in str(raised.value)
    assert main(["train", f"--config={recipe}"]) == 1
    assert GIVEN not in capsys.readouterr().err
