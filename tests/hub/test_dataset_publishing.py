"""Data sets published to, and loaded from, a server that speaks the Hub's API; the clients are the real ones."""

import io
import json
from collections import Counter

import datasets
import pyarrow.parquet as pq
import pytest
from huggingface_hub import DatasetCard

from spert_hf.data.named_datasets import dataset_folder
from spert_hf.data.script_dataset import BuiltConfiguration, build_script, find_script
from spert_hf.hub.dataset_card import read_card
from spert_hf.hub.dataset_staging import build_folder, stage_data
from spert_hf.hub.publishing import publish_dataset
from tests.support.documents import make_dataset_folder
from tests.support.hub_server import Fault
from tests.support.loading_scripts import SCRIPTS
from tests.support.source_files import MAKERS, make_ade_files, make_conll04_files, make_small_quickstart
from tests.support.tiny_models import make_encoder_folder

LOAD = """
import json, sys
import datasets
for name, config, revision in json.loads(sys.argv[1]):
    loaded = datasets.load_dataset(name, config, revision=revision)
    features = {split: part.features.to_dict() for split, part in loaded.items()}
    print(json.dumps([{split: part.to_list() for split, part in loaded.items()}, features]))
"""


def load_all(run_python, *asked, **settings):
    """Rows and features by split, for each (name, configuration, revision), as `datasets` gives them elsewhere."""
    done = run_python("-c", LOAD, json.dumps(asked), package=False, **settings)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def built(name, data_dir=None, config_name=None):
    script = find_script(SCRIPTS.parent / dataset_folder(str(name)))
    return build_script(script, data_dir=data_dir, config_name=config_name)


def files_of(hub, name, branch="main"):
    return hub.repositories["dataset", name].find(branch).files


def test_a_bare_load_gives_what_was_built_with_its_types(hub, run_python, tmp_path):
    folder = make_small_quickstart(tmp_path / "quickstart")
    name = "ada/first-data"
    done = run_python("-m", "spert_hf.cli.main", "publish", "dataset", folder, name, "--private")
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"Published at {hub.url}/datasets/{name}\n"
    assert "building quickstart, configuration default (1 of 1)" in done.stderr
    stranger = run_python("-c", LOAD, json.dumps([(name, None, None)]), token=None, package=False)
    assert stranger.returncode != 0
    expected = built(folder)
    ((rows, features),) = load_all(run_python, (name, None, None))
    assert rows == expected.rows
    assert all(found == json.loads(json.dumps(expected.info.features.to_dict())) for found in features.values())
    assert json.loads(files_of(hub, name)["types.json"]) == json.loads((folder / "types.json").read_text())
    script = files_of(hub, name, "script")
    assert script["first-data.py"] == (folder / "quickstart.py").read_bytes()  # the name that `datasets` looks for
    assert {"train.json", "dev.json", "test.json", "types.json", "README.md"} <= set(script)


def test_train_takes_a_published_data_set(hub, run_python, publish_in_turn, tmp_path):
    folder = make_small_quickstart(tmp_path / "quickstart")
    publish_in_turn(("publish_dataset", {"dataset": str(folder), "repo_id": "ada/first-data"}))
    encoder = make_encoder_folder("bert", tmp_path / "encoder")
    trained = run_python(
        "train.py",
        "--dataset=ada/first-data",
        f"--encoder={encoder}",
        f"--output-dir={tmp_path / 'out'}",
        "--num-train-epochs=1",
    )
    assert trained.returncode == 0, trained.stderr
    assert "Training on 12 documents of ada/first-data (3 dev, 3 test)" in trained.stdout
    config = json.loads((tmp_path / "out" / "config.json").read_text())
    assert config["entity_types"] == ["Loc", "Org", "Peop"]
    assert config["symmetric_relation_types"] == ["Near"]  # known from types.json only


def test_a_folder_of_files_goes_up_without_a_script(hub, run_python, publish_in_turn, tmp_path):
    folder, name = make_small_quickstart(tmp_path / "mine"), "ada/mine"
    expected = built(make_small_quickstart(tmp_path / "quickstart"))
    (folder / "quickstart.py").unlink()
    records = json.loads((folder / "train.json").read_text())
    records[0].pop("orig_id")
    expected.rows["train"][0]["orig_id"] = None
    records[1]["source"] = "a field that is none of SpERT's"
    (folder / "train.json").write_text(json.dumps(records), encoding="utf-8")
    ((outcome, said),) = publish_in_turn(("publish_dataset", {"dataset": str(folder), "repo_id": name}))
    assert outcome == "published", said
    ((rows, features),) = load_all(run_python, (name, None, None))
    assert rows == expected.rows
    assert features["train"] == json.loads(json.dumps(expected.info.features.to_dict()))
    assert list(hub.repositories["dataset", name].branches) == ["main"]
    assert "trust_remote_code" not in files_of(hub, name)["README.md"].decode()


def test_sentences_keep_the_name_of_their_document(tmp_path):
    folder = make_dataset_folder(tmp_path)
    assert "doc_id" not in build_folder(folder).info.features
    records = json.loads((folder / "train.json").read_text())
    records[1]["doc_id"] = 7
    (folder / "train.json").write_text(json.dumps(records), encoding="utf-8")
    built = build_folder(folder)
    assert [row["doc_id"] for row in built.rows["train"][:3]] == [None, "7", None]
    assert built.info.features["doc_id"] == datasets.Value("string")


def test_train_and_dev_are_both_files_of_the_default_configuration(hub, run_python, publish_in_turn, tmp_path):
    source, name = make_conll04_files(tmp_path / "source"), "ada/conll04"
    ((outcome, said),) = publish_in_turn(
        ("publish_dataset", {"dataset": "conll04", "repo_id": name, "data_dir": str(source)})
    )
    assert outcome == "published", said
    (default, _), (both, _) = load_all(run_python, (name, None, None), (name, "train_plus_dev", "main"))
    assert default == built("conll04", source).rows
    assert both == built("conll04", source, "train_plus_dev").rows  # in the same order
    assert sorted(path for path in files_of(hub, name) if path.endswith(".parquet")) == [
        f"data/default-{split}.parquet" for split in ("test", "train", "validation")
    ]


def test_all_folds_of_ade_share_their_sentences(hub, run_python, publish_in_turn, tmp_path):
    source, name = make_ade_files(tmp_path / "source"), "ada/ade"
    ((outcome, said),) = publish_in_turn(
        ("publish_dataset", {"dataset": "ade", "repo_id": name, "data_dir": str(source)})
    )
    assert outcome == "published", said
    asked = {None: "fold_0", "fold_3_no_overlap": "fold_3_no_overlap", "full": "full"}
    loaded = load_all(run_python, *((name, config, None) for config in asked))
    for (rows, _), config in zip(loaded, asked.values(), strict=True):
        expected = built("ade", source, config).rows
        assert {split: Counter(map(repr, part)) for split, part in rows.items()} == {
            split: Counter(map(repr, part)) for split, part in expected.items()
        }
    stored = [
        repr(row)
        for path, content in files_of(hub, name).items()
        if path.endswith(".parquet")
        for row in pq.read_table(io.BytesIO(content)).to_pylist()
    ]
    assert len(stored) == len(set(stored)) == 24 + 6  # the six sentences with overlap are there without it, too
    card = DatasetCard(files_of(hub, name)["README.md"].decode())
    names = [f"fold_{fold}{suffix}" for suffix in ("", "_no_overlap") for fold in range(10)]
    assert {entry["config_name"] for entry in card.data.configs} == {*names, "full", "full_no_overlap"}
    assert [entry["config_name"] for entry in card.data.configs if entry.get("default")] == ["fold_0"]


@pytest.mark.parametrize("dataset", MAKERS)
def test_the_card_says_whose_data_it_is_and_what_was_built(dataset, tmp_path):
    source = MAKERS[dataset](tmp_path / "source")
    one = built(dataset, source)
    own = read_card(SCRIPTS / dataset)
    stage_data([one], own, "ada/mine", tmp_path / "staged")
    card = DatasetCard.load(tmp_path / "staged" / "README.md")
    assert card.data.license == "unknown"
    for section in ("## Licence", "## Citation", "## Format"):
        start = own.text.index(section)
        assert own.text[start : start + 200] in card.text
    assert 'load_dataset("ada/mine")' in card.text
    assert "none of the data" in own.text and "none of the data" not in card.text
    (info,) = [card.data.dataset_info] if isinstance(card.data.dataset_info, dict) else card.data.dataset_info
    assert {split["name"]: split["num_examples"] for split in info["splits"]} == {
        split: len(rows) for split, rows in one.rows.items()
    }
    parquet = (tmp_path / "staged").rglob("*.parquet")
    assert info["download_size"] == sum(path.stat().st_size for path in parquet)
    assert info["dataset_size"] == sum(split["num_bytes"] for split in info["splits"]) > 0
    names = ["tokens", "entities", "relations", "orig_id", *(["doc_id"] if dataset == "scierc" else [])]
    assert [feature["name"] for feature in info["features"]] == names


def test_an_upload_that_fails_leaves_main_and_can_be_repeated(hub, publish_in_turn, tmp_path):
    folder, name = make_small_quickstart(tmp_path / "quickstart"), "ada/data"
    call = ("publish_dataset", {"dataset": str(folder), "repo_id": name})
    hub.faults = [
        Fault("POST .*/branch/script", nth=1, status=403),
        Fault("POST .*/commit/script", nth=1),  # the line is cut
        Fault("PUT /lfs/", nth=1, status=403),  # the script is there, the data is refused
        Fault("POST .*/commit/main", nth=1, status=503),
        Fault("POST .*/commit/main", nth=2),
    ]
    refused = (call[0], {**call[1], "token": "hf_wrong"})
    reports = publish_in_turn(refused, call, call, call, call, call, call, call)
    assert [outcome for outcome, _ in reports] == ["PublishingError"] * 6 + ["published"] * 2, reports
    assert "nothing was changed; the same command can be run again" in reports[0][1]
    for _, said in (reports[1], reports[2], reports[4], reports[5]):
        assert "its main branch is as before" in said and "the same command can be run again" in said
    assert "its main branch is as before, its branch script is new; the same" in reports[2][1]
    assert "its main branch is as before, its branch script has changed; the same" in reports[3][1]
    history = hub.repositories["dataset", name].branches
    assert [commit.message for commit in history["main"]] == ["initial commit", "Upload data set"]
    assert [commit.message for commit in history["script"]] == ["initial commit", "Upload loading script"]

    # What an earlier build left goes with the next; what lies there otherwise stays.
    repository = hub.repositories["dataset", name]
    extra = {"data/old.parquet": b"old", "LICENSE": b"by hand"}
    repository.add("main", {**repository.find("main").files, **extra}, "more")
    repository.add("script", {**repository.find("script").files, "data/old.parquet": b"old"}, "more")
    publish_in_turn(call)
    assert "data/old.parquet" not in repository.find("main").files
    assert repository.find("main").files["LICENSE"] == b"by hand"
    assert "data/old.parquet" not in repository.find("script").files


class TestWhatIsNotPublished:
    """Nothing of this gets as far as the Hub: here there is none."""

    @pytest.fixture
    def folder(self, tmp_path):
        return make_small_quickstart(tmp_path / "quickstart")

    def test_rows_that_do_not_come_back(self, folder, tmp_path):
        one = built(folder)
        rows = {split: [{**row, "unknown": 1} for row in part] for split, part in one.rows.items()}
        changed = BuiltConfiguration(one.name, one.info, rows, one.schema)
        with pytest.raises(ValueError, match="configuration default: rows of split train: not loaded as built"):
            stage_data([changed], read_card(folder), "ada/data", tmp_path / "staged")

    def test_a_data_set_without_card_or_licence(self, folder):
        text = (folder / "README.md").read_text(encoding="utf-8")
        (folder / "README.md").write_text(text.replace("license: cc-by-4.0\n", ""), encoding="utf-8")
        with pytest.raises(
            ValueError, match=r"README\.md: license must be a licence of the Hub, `unknown` or `other`, got none"
        ):
            publish_dataset(folder, "ada/data")
        (folder / "README.md").unlink()
        with pytest.raises(ValueError, match=r"has no README\.md; a data set needs a card that states"):
            publish_dataset(folder, "ada/data")

    def test_what_is_no_data_set(self, folder):
        with pytest.raises(ValueError, match=r"dataset must be the name of a data set .*, got 'nothing'"):
            publish_dataset("nothing", "ada/data")
        (folder / "quickstart.py").unlink()
        with pytest.raises(ValueError, match=r"data_dir must be left out, as .* has no loading script, got 'gone'"):
            publish_dataset(folder, "ada/data", data_dir="gone")
        (folder / "train.json").unlink()
        with pytest.raises(ValueError, match="no data set here"):
            publish_dataset(folder, "ada/data")

    def test_names_and_folders_that_do_not_fit(self, folder):
        with pytest.raises(ValueError, match="repo_id must be a name with its owner, such as USER/data, got 'data'"):
            publish_dataset(folder, "data")
        with pytest.raises(ValueError, match="data_dir must be a folder that exists, got 'gone'"):
            publish_dataset(folder, "ada/data", data_dir="gone")

    def test_configurations_of_different_types(self, folder):
        script = folder / "quickstart.py"
        text = script.read_text(encoding="utf-8")
        text = text.replace(
            'datasets.BuilderConfig(name="default", version=VERSION)',
            'datasets.BuilderConfig(name="a"), datasets.BuilderConfig(name="b")',
        ).replace("return json.load(stream)", 'return {"entities": {self.config.name: {}}, "relations": {}}')
        script.write_text(text, encoding="utf-8")
        with pytest.raises(ValueError, match="configuration b must have the same types as a"):
            publish_dataset(folder, "ada/data")


def test_features_survive_in_the_card_alone(tmp_path):
    """Without the card's features, what Parquet says of the types of columns is the same."""
    folder = make_small_quickstart(tmp_path / "quickstart")
    one = built(folder)
    stage_data([one], read_card(folder), "ada/data", tmp_path / "staged")
    path = tmp_path / "staged" / "data" / "default-train.parquet"
    bare = datasets.load_dataset("parquet", data_files=str(path), cache_dir=str(tmp_path / "cache"))
    assert bare["train"].features == one.info.features
