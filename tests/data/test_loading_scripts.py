"""Loading scripts: what load_splits asks of any, and the quickstart corpus's own."""

import ast
import json
import shutil
import sys
from pathlib import Path

import pytest

from spert_hf.data import DatasetError, SchemaError, TypeSchema, load_splits
from spert_hf.data.named_datasets import dataset_folder
from spert_hf.data.sources import Origin

datasets = pytest.importorskip("datasets")

QUICKSTART = Path(__file__).parents[2] / "dataset_scripts" / "quickstart" / "quickstart.py"
TYPES = {
    "entities": {"Z": {"short": "Z", "verbose": "Last"}, "A": {"short": "A", "verbose": "First"}},
    "relations": {"R": {"short": "R", "verbose": "Related", "symmetric": True}},
}


def records(*identifiers):
    return [
        {
            "tokens": [str(identifier), "meets", "Bo"],
            "entities": [{"type": "Z", "start": 0, "end": 1}, {"type": "A", "start": 2, "end": 3}],
            "relations": [{"type": "R", "head": 0, "tail": 1}],
            "orig_id": identifier,
        }
        for identifier in identifiers
    ]


def write_corpus(folder, train=("a", "b", "c")):
    folder.mkdir(parents=True, exist_ok=True)
    contents = {"train": records(*train), "dev": records("d"), "test": records("e"), "types": TYPES}
    for name, content in contents.items():
        (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    return folder


@pytest.fixture(autouse=True)
def own_caches(monkeypatch, tmp_path):
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.setattr(datasets.config, "DOWNLOADED_DATASETS_PATH", tmp_path / "cache" / "downloads")


@pytest.fixture
def corpus(tmp_path):
    folder = write_corpus(tmp_path / "quickstart")
    shutil.copy(QUICKSTART, folder)
    return folder


def write_script(folder, body):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{folder.name}.py").write_text(f"import datasets\n{body}", encoding="utf-8")
    return folder


BUILDER = """
class Made(datasets.GeneratorBasedBuilder):
    BUILDER_CONFIGS = [datasets.BuilderConfig(name="one"), datasets.BuilderConfig(name="two")]
    DEFAULT_CONFIG_NAME = "one"
    spert_types = {"entities": {"A": {}}, "relations": {}}

    def _info(self):
        entity = {"type": datasets.Value("string"), "start": datasets.Value("int32"), "end": datasets.Value("int32")}
        return datasets.DatasetInfo(features=datasets.Features(
            {"tokens": datasets.Sequence(datasets.Value("string")), "entities": datasets.Sequence(entity)}))

    def _split_generators(self, dl_manager):
        return [datasets.SplitGenerator(name="train", gen_kwargs={"count": 4})]

    def _generate_examples(self, count):
        for i in range(count):
            yield i, {"tokens": [self.config.name], "entities": {"type": ["A"], "start": [0], "end": [1]}}
"""


def test_quickstart_is_loaded_from_the_files_beside_it(corpus):
    splits = load_splits(corpus)
    assert [document.id for document in splits.train] == ["a", "b", "c"]
    assert [document.to_record() for document in splits.dev + splits.test] == records("d", "e")
    assert splits.schema == TypeSchema.from_dict(TYPES)
    assert splits.name == "quickstart"


def test_a_folder_may_be_given_from_within(corpus, monkeypatch):
    monkeypatch.chdir(corpus)
    assert load_splits(".").name == "quickstart"


def test_changed_files_are_seen(corpus):
    load_splits(corpus)
    write_corpus(corpus, train=("x", "y"))
    assert [document.id for document in load_splits(corpus).train] == ["x", "y"]


def test_quickstart_reads_data_dir_in_place_of_its_own_files(corpus, tmp_path, monkeypatch):
    write_corpus(tmp_path / "other", train=(7, 8))
    monkeypatch.chdir(tmp_path)
    assert [document.id for document in load_splits(corpus, data_dir="other").train] == ["7", "8"]


def test_quickstart_finds_its_files_where_its_base_path_says(corpus, tmp_path):
    """`datasets` 3 runs a copy of the script, so that the files are not beside what runs."""
    module = import_alone(shutil.copy(QUICKSTART, tmp_path / "copied_script.py"))
    builder = module.Quickstart(cache_dir=str(tmp_path / "built"), base_path=str(corpus))
    builder.download_and_prepare()
    assert builder.as_dataset(split="test")[0] == records("e")[0]
    assert builder.spert_types() == TYPES


def test_quickstart_works_without_a_base_path(corpus, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    builder = import_alone(corpus / "quickstart.py").Quickstart(cache_dir=str(tmp_path / "built"))
    builder.download_and_prepare()
    assert {split: len(rows) for split, rows in builder.as_dataset().items()} == {
        "train": 3,
        "validation": 1,
        "test": 1,
    }
    assert list(builder.spert_types()["entities"]) == ["Z", "A"]


def import_alone(path):
    """Import a script as a module of its own name, for the rest of the test run."""
    sys.path.insert(0, str(Path(path).parent))
    try:
        sys.modules.pop(Path(path).stem, None)
        return __import__(Path(path).stem)
    finally:
        del sys.path[0]


def test_quickstart_needs_nothing_but_datasets():
    imported = set()
    for node in ast.walk(ast.parse(QUICKSTART.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module)
    assert imported == {"json", "pathlib", "datasets"}


@pytest.mark.skipif(not (QUICKSTART.parent / "train.json").exists(), reason="the corpus is not here")
def test_the_quickstart_corpus_itself_is_valid():
    splits = load_splits(QUICKSTART.parent)
    assert splits.train
    assert splits.dev
    assert splits.test


def test_types_may_be_an_attribute_and_annotations_columns(tmp_path):
    splits = load_splits(write_script(tmp_path / "made", BUILDER))
    assert (len(splits.train), len(splits.dev), splits.test) == (3, 1, [])
    assert splits.train[0].to_record()["entities"] == [{"type": "A", "start": 0, "end": 1}]
    assert splits.schema == TypeSchema.from_names(["A"], [])


def test_config_name_reaches_the_builder(tmp_path):
    folder = write_script(tmp_path / "made", BUILDER)
    assert load_splits(folder, config_name="two").train[0].tokens == ["two"]
    with pytest.raises(DatasetError, match=r"made\.py: building the data set failed: .*three"):
        load_splits(folder, config_name="three")


def test_the_quickstart_has_one_configuration(corpus):
    with pytest.raises(DatasetError, match="fold_0"):
        load_splits(corpus, config_name="fold_0")


def test_given_types_make_up_for_absent_ones(tmp_path):
    folder = write_script(tmp_path / "made", BUILDER.replace("spert_types", "other"))
    with pytest.raises(DatasetError, match=r"Made has no attribute or method spert_types"):
        load_splits(folder)
    assert load_splits(folder, types=TypeSchema.from_names(["B", "A"], [])).schema.entity_names == ("B", "A")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("1 / 0", "the loading script cannot be imported: ZeroDivisionError: division by zero"),
        ("import spert_no_such_module", "the loading script cannot be imported: ModuleNotFoundError"),
        ("", "must define one subclass of datasets.GeneratorBasedBuilder; it has none"),
        (BUILDER + BUILDER.replace("Made", "Second"), "GeneratorBasedBuilder; it has Made, Second"),
        (
            BUILDER.replace("for i in", "raise OSError('no network') #"),
            "building the data set failed: OSError: no network",
        ),
        (
            BUILDER.replace("    spert_types = ", "    def spert_types(self): raise OSError('lost')\n    x = "),
            "spert_types failed: OSError: lost",
        ),
    ],
)
def test_scripts_that_fail_say_how(tmp_path, body, expected):
    if "raise OSError('no network')" in body:
        body = body[: body.index("            yield")] + "        yield\n"
    folder = write_script(tmp_path / "made", body)
    with pytest.raises(DatasetError) as caught:
        load_splits(folder)
    assert str(caught.value).startswith(f"{folder / 'made.py'}")
    assert expected in str(caught.value)


def test_wrong_types_of_a_script(tmp_path):
    folder = write_script(tmp_path / "made", BUILDER.replace('"A": {}', '"A": {"shrt": "a"}'))
    with pytest.raises(SchemaError, match=r"made\.py, spert_types: entities\.A\.shrt must be .*, got an unknown field"):
        load_splits(folder)


def test_what_does_not_fit_a_script_is_refused(corpus):
    with pytest.raises(DatasetError, match=r"revision must be left out, as .*, got 'v1'"):
        load_splits(corpus, revision="v1")
    with pytest.raises(DatasetError, match="data_dir must be a folder that exists, got 'absent'"):
        load_splits(corpus, data_dir="absent")


def test_the_origin_tells_the_package_s_own_scripts_from_others(corpus):
    own = load_splits(dataset_folder("quickstart"))
    assert (own.name, own.origin) == ("quickstart", Origin("package", "default"))
    other = load_splits(corpus)
    assert other.origin.kind == "local"
