"""The demo published to a server that speaks the Hub's API: built alone first, with the package beside it."""

import json

import pytest

from spert_hf.hub.space_staging import stage_space
from tests.support.hub_server import Fault, Repository

NAME = "ada/demo"
MODEL = "ada/model"


@pytest.fixture
def folder(tmp_path):
    """A demo that needs nothing at all."""
    folder = tmp_path / "demo"
    (folder / "parts").mkdir(parents=True)
    (folder / "parts" / "__pycache__").mkdir()
    (folder / "parts" / "__pycache__" / "page.pyc").write_bytes(b"compiled")
    (folder / "parts" / "page.py").write_text("TITLE = 'SpERT'\n")
    (folder / "README.md").write_text("---\ntitle: SpERT\nsdk: gradio\napp_file: app.py\n---\n")
    (folder / "requirements.txt").write_text("torch\n")
    (folder / "app.py").write_text(
        "from parts.page import TITLE\ndef build_app(model):\n    print(f'{TITLE} with {model}')\n"
    )
    return folder


def add_model(hub, name, model_type, private=False):
    repository = Repository(private)
    repository.add("main", {"config.json": json.dumps({"model_type": model_type}).encode()}, "made")
    hub.repositories["model", name] = repository


def test_it_goes_up_with_the_package_and_its_model(hub, publish_in_turn, folder):
    add_model(hub, MODEL, "spert")
    add_model(hub, "ada/other", "spert", private=True)
    add_model(hub, "ada/bert", "bert")
    call = ("publish_space", {"repo_id": NAME, "model": MODEL, "folder": str(folder)})
    hub.faults = [
        Fault("POST .*/spaces/ada/demo/commit/main", nth=1, status=503),
        Fault("POST .*/spaces/ada/demo/commit/main", nth=2),
        Fault("POST .*/spaces/ada/demo/variables", nth=1, status=403),
    ]
    changed = [(call[0], {**call[1], **change}) for change in ({"token": "hf_wrong"}, {"model": "ada/other"})]
    unfit = [(call[0], {**call[1], "model": model}) for model in ("ada/bert", "ada/none", str(folder))]
    reports = publish_in_turn(*unfit, changed[0], call, call, call, call, changed[1], changed[1])
    assert [outcome for outcome, _ in reports] == [
        *["ValueError"] * 3,
        *["PublishingError"] * 3,
        *["published"] * 2,
        "PublishingError",
        "published",
    ], reports
    said = [text for _, text in reports]
    assert (
        "model must be the name of a SpERT model on the Hub, such as USER/NAME, got 'ada/bert', a bert model" in said[0]
    )
    assert "got 'ada/none', which the Hub does not have or does not show" in said[1]
    assert f"got {str(folder)!r}, a folder here" in said[2]
    for report in (said[4], said[5], said[8]):
        assert "its main branch is as before; the same command can be run again" in report

    space = hub.repositories["space", NAME]
    assert space.sdk == "gradio"
    assert space.variables == {"SPERT_MODEL": "ada/other"}
    assert [commit.message for commit in space.branches["main"]] == ["initial commit", "Upload SpERT demo"]
    files = set(space.find("main").files)
    assert {"app.py", "README.md", "requirements.txt", "parts/page.py", "spert_hf/__init__.py"} <= files
    assert {"spert_hf/model/modeling_spert.py", "spert_hf/evaluation/templates/report.html.jinja"} <= files
    assert not [path for path in files if "__pycache__" in path]


class TestTheLoadCheck:
    """What does not start by itself never gets as far as the Hub: here there is none."""

    def test_it_imports_the_copy_of_the_package(self, folder, tmp_path):
        (folder / "app.py").write_text(
            "from pathlib import Path\nimport spert_hf\n"
            "assert Path(spert_hf.__file__).parents[1] == Path(__file__).parent\n"
            "def build_app(model):\n    assert model == 'ada/model'\n"
        )
        stage_space(folder, tmp_path / "staged", MODEL)
        assert (tmp_path / "staged" / "spert_hf" / "model" / "modeling_spert.py").is_file()
        assert not list((tmp_path / "staged").rglob("__pycache__"))

    @pytest.mark.parametrize(
        ("app", "said"),
        [
            ("import parts.gone\n", "No module named 'parts.gone'"),
            ("def build():\n    pass\n", "has no attribute 'build_app'"),
            ("def build_app(model):\n    raise OSError(f'no weights in {model}')\n", "no weights in ada/model"),
        ],
    )
    def test_an_app_that_does_not_start(self, folder, tmp_path, app, said):
        (folder / "app.py").write_text(app)
        with pytest.raises(ValueError, match=f"app.py does not start, so it is not published: .*{said}"):
            stage_space(folder, tmp_path / "staged", MODEL)

    def test_a_folder_that_is_no_space(self, folder, tmp_path):
        (folder / "requirements.txt").unlink()
        with pytest.raises(ValueError, match=r"has no requirements\.txt; the folder of a Space needs"):
            stage_space(folder, tmp_path / "staged", MODEL)
