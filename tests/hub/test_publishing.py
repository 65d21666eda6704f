"""Publishing a model to, and using it from, a server that speaks the Hub's API; the clients are the real ones."""

import json
import shutil

import pytest
import torch
from huggingface_hub import ModelCard
from safetensors.torch import load_file, save_file

from spert_hf.hub.publishing import publish_model
from tests.support.documents import make_dataset_folder
from tests.support.hub_server import Fault
from tests.support.stored_weights import stored_weights
from tests.support.tiny_models import make_encoder_folder, make_tiny_checkpoint

TOKEN = "hf_secret"  # ada's, see conftest

EXTRACT = """
import json, sys
from transformers import pipeline
import spert_hf
pipe = pipeline("spert-extraction", model=sys.argv[1], revision=sys.argv[2] if len(sys.argv) > 2 else None)
print(json.dumps(pipe("Marian Pell works for Northern Paper Co. in Duluth.")))
"""


@pytest.mark.e2e
def test_train_uploads_and_the_pipeline_loads_it_from_there(hub, run_fresh_python, run_python, tmp_path):
    (tmp_path / "data").mkdir()
    dataset = make_dataset_folder(tmp_path / "data")
    encoder = make_encoder_folder("bert", tmp_path / "encoder")
    trained = run_fresh_python(
        "train.py",
        f"--dataset={dataset}",
        f"--encoder={encoder}",
        f"--output-dir={tmp_path / 'out'}",
        "--num-train-epochs=1",
        "--save-steps=3",
        "--push-to-hub",
        "--hub-model-id=ada/spert-tiny",
        "--hub-private-repo",
    )
    assert trained.returncode == 0, trained.stderr
    assert f"Published at {hub.url}/ada/spert-tiny" in trained.stdout
    repository = hub.repositories["model", "ada/spert-tiny"]
    files = repository.find("main").files
    assert {"config.json", "model.safetensors", "tokenizer.json", "training_run.json"} <= set(files)
    assert not [name for name in files if name.startswith(("checkpoint-", "best"))]
    assert len(repository.branches["main"]) == 2  # the empty start and one commit
    assert not any(TOKEN.encode() in content for content in files.values())
    assert not any(str(tmp_path).encode() in content for content in files.values())
    assert_readme_tells_the_run(files, "ada/spert-tiny")
    assert TOKEN not in trained.stdout + trained.stderr

    local = run_python("-c", EXTRACT, tmp_path / "out")
    loaded = run_python("-c", EXTRACT, "ada/spert-tiny")
    assert loaded.returncode == 0, loaded.stderr
    assert json.loads(loaded.stdout) == json.loads(local.stdout)

    first = repository.find("main").oid
    repository.add("main", {**files, "model.safetensors": b"broken"}, "break it")
    pinned = run_python("-c", EXTRACT, "ada/spert-tiny", first)
    assert pinned.returncode == 0, pinned.stderr
    assert json.loads(pinned.stdout) == json.loads(local.stdout)

    stranger = run_python("-c", EXTRACT, "ada/spert-tiny", first, token=None)
    assert stranger.returncode != 0


def assert_readme_tells_the_run(files, name):
    card, run = ModelCard(files["README.md"].decode()), json.loads(files["training_run.json"])
    assert f'model="{name}", trust_remote_code=True' in card.text
    assert "| `num_train_epochs` | `1` |" in card.text
    assert card.data.model_name == name.split("/")[-1]
    found = {result.metric_name: result for result in card.data.eval_results}
    assert len(found) == len(card.data.eval_results) == 18
    for task, title in (("ner", "NER"), ("rel", "REL"), ("rel_plus", "REL+")):
        for average in ("micro", "macro"):
            for figure in ("precision", "recall", "f1"):
                result = found[f"{title} {average} {'F1' if figure == 'f1' else figure} (%)"]
                assert result.metric_value == round(run["scores"][task][average][figure], 2)
                assert (result.metric_type, result.metric_args) == (figure, {"average": average})
                assert (result.dataset_name, result.dataset_split) == (run["dataset"]["name"], run["split"])


# Runs the command once for each list of arguments.
PUBLISH = """
import contextlib, io, json, sys
from spert_hf.cli.main import main
for arguments in json.loads(sys.argv[1]):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(["publish", "model", *arguments])
    said = [line for line in err.getvalue().splitlines() if line.startswith("spert-hf")]
    print(json.dumps([code, out.getvalue(), said]))
"""


def test_a_publication_that_fails_leaves_main_and_can_be_repeated(hub, run_python, tiny_checkpoint, tmp_path):
    other = make_tiny_checkpoint("electra", tmp_path)
    (other / "README.md").write_text("My own words.")
    (other / "notes.txt").write_text("for nobody")
    hub.faults = [
        Fault("PUT /lfs/", nth=2, status=403),  # the weights are refused
        Fault("POST .*/commit/main", nth=2, status=503),
        Fault("POST .*/commit/main", nth=3),  # the line is cut before the commit
        Fault("POST .*/commit/main", nth=5, done=True),  # and after it
        Fault("POST /api/repos/create", nth=9, status=500),
    ]
    name = "ada/tiny"
    first, second = [str(tiny_checkpoint), name], [str(other), name]
    refused = [[*first, "--token", "hf_wrong"]]
    hindered = [second] * 3
    runs = [*refused, first, *hindered, second, second, first, first, [*first, "--private"], [str(tmp_path), name]]
    done = run_python("-c", PUBLISH, json.dumps(runs))
    assert done.returncode == 0, done.stderr
    reports = [json.loads(line) for line in done.stdout.splitlines()]
    codes = [code for code, _, _ in reports]
    assert codes == [1, 0, 1, 1, 1, 0, 0, 1, 1, 1, 1], reports[6:]
    assert [len(said) for _, _, said in reports] == codes  # a failure says so in one line
    said = [" ".join(said) for _, _, said in reports]
    assert "ada/tiny: upload failed (401 You may not create this repository); nothing was changed" in said[0]
    assert reports[1][1] == f"Published at {hub.url}/ada/tiny\n"
    for number, reason in ((2, "403"), (3, "503"), (4, "disconnected")):
        assert reason in said[number]
        assert "its main branch is as before; the same command can be run again" in said[number]
    history = hub.repositories["model", name].branches["main"]
    assert len(history) == 4  # empty, the first, the second (once, though published twice), and the lost answer's
    assert f"has changed from {history[2].oid} to {history[3].oid}" in said[7]
    assert "(500 " in said[8]
    assert "is public, but a private repository was asked for" in said[9]
    assert "has no config.json" in said[10]
    assert "hf_wrong" not in done.stdout + done.stderr

    assert "library_name" in history[1].files["README.md"].decode()
    assert history[2].files["README.md"] == history[3].files["README.md"] == b"My own words."
    published, expected = map(stored_weights, (history[2].files["model.safetensors"], other / "model.safetensors"))
    assert published.keys() == expected.keys()
    assert all(published[name].equal(expected[name]) for name in expected)
    assert "notes.txt" not in history[2].files


class TestTheLoadCheck:
    """What does not load, or not as itself, never gets as far as the Hub: here there is none."""

    @pytest.fixture
    def folder(self, tiny_checkpoint, tmp_path):
        return shutil.copytree(tiny_checkpoint, tmp_path / "model")

    def change_weights(self, folder, change):
        weights = load_file(folder / "model.safetensors")
        change(weights)
        save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})

    def test_only_whole_checkpoints_are_published(self, tmp_path, folder):
        with pytest.raises(ValueError, match=r"has no config\.json; name the folder of a saved SpERT model"):
            publish_model(tmp_path, "ada/tiny")
        with pytest.raises(
            ValueError, match="hub_model_id must be the name of a repository, such as USER/NAME, got none"
        ):
            publish_model(folder, "")

    def test_weights_that_are_cut_off(self, folder):
        whole = (folder / "model.safetensors").read_bytes()
        (folder / "model.safetensors").write_bytes(whole[: len(whole) // 2])
        with pytest.raises(ValueError, match="model does not load, so it is not published"):
            publish_model(folder, "ada/tiny")

    def test_weights_that_are_missing_are_not_made_up(self, folder):
        self.change_weights(folder, lambda weights: weights.pop("relation_classifier.bias"))
        with pytest.raises(ValueError, match=r"has no weights for relation_classifier\.bias"):
            publish_model(folder, "ada/tiny")

    def test_weights_that_are_not_numbers(self, folder):
        self.change_weights(folder, lambda weights: weights["entity_classifier.bias"].fill_(torch.nan))
        with pytest.raises(ValueError, match=r"weights of entity_classifier\.bias are not finite"):
            publish_model(folder, "ada/tiny")

    def test_types_that_the_weights_do_not_fit(self, folder):
        config = json.loads((folder / "config.json").read_text())
        config["entity_types"].append("Other")
        (folder / "config.json").write_text(json.dumps(config))
        with pytest.raises(ValueError, match="so it is not published"):
            publish_model(folder, "ada/tiny")
