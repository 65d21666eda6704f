"""The page for browsers, published to a server that speaks the Hub's API, and opened as it lies there."""

import pytest

from tests.browser.static_page import StaticPage
from tests.support.chromium import open_chromium
from tests.support.hub_server import Fault, Repository
from tests.support.static_site import open_site, stage_site

pytestmark = pytest.mark.browser

NAME, MODEL = "ada/page", "ada/tiny"
TEXT = "Marian Pell works for Northern Paper Co. in Duluth, Minn., where she was born."


@pytest.fixture(scope="module")
def checkpoint(exported_checkpoint):
    return exported_checkpoint


def add_model(hub, name, checkpoint, private=False, without=""):
    paths = [path for path in checkpoint.rglob("*") if path.is_file()]
    files = {path.relative_to(checkpoint).as_posix(): path.read_bytes() for path in paths}
    repository = Repository(private)
    repository.add("main", {name: data for name, data in files.items() if not without or without not in name}, "made")
    hub.repositories["model", name] = repository


def entities_shown_by(folder):
    with open_site(folder) as site, open_chromium() as browser:
        page = StaticPage(browser.new_page(), site.url)
        page.wait_until_ready()
        page.extract(TEXT)
        assert page.errors == []
        return page.json()["entities"]


def test_it_goes_up_and_works(hub, publish_in_turn, checkpoint, tmp_path):
    stage_site(tmp_path / "staged", checkpoint)  # skips the test where the runtime can't be had
    add_model(hub, MODEL, checkpoint)
    add_model(hub, "ada/hidden", checkpoint, private=True)
    add_model(hub, "ada/bare", checkpoint, without="onnx")
    hub.faults = [Fault("POST .*/spaces/ada/page/commit/main", nth=1, status=503)]
    models = ("ada/hidden", "ada/bare", "ada/none", str(checkpoint / "onnx" / "no"), MODEL, MODEL, str(checkpoint))
    reports = publish_in_turn(*(("publish_static_space", {"repo_id": NAME, "model": model}) for model in models))
    outcomes, said = zip(*reports, strict=True)
    assert outcomes == (*["ValueError"] * 4, "PublishingError", "published", "published"), reports
    assert "got 'ada/hidden', a private one, which a page can't load" in said[0]
    assert "got 'ada/bare', which has no onnx/spert_onnx.json (`spert-hf export`)" in said[1]
    assert "got 'ada/none', which the Hub does not have or does not show" in said[2]
    assert "model must be a folder that exists, or the id of a model on the Hub, got" in said[3]
    assert "the same command can be run again" in said[4]

    space = hub.repositories["space", NAME]
    assert space.sdk == "static"
    of_hub, of_folder = space.branches["main"][-2:]
    assert b"models:\n  - ada/tiny\n" in of_hub.files["README.md"]
    assert set(of_folder.files) - set(of_hub.files) == {
        f"model/{name}" for name in ("model_quantized.onnx", "model_pairs.onnx", "spert_onnx.json", "tokenizer.json")
    }
    for number, commit in enumerate((of_hub, of_folder)):
        for path, content in commit.files.items():
            (tmp_path / str(number) / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / str(number) / path).write_bytes(content)
    assert entities_shown_by(tmp_path / "0") == entities_shown_by(tmp_path / "1") != []
