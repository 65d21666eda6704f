"""What holds for each loading script that downloads: it stands alone, and shares its parts with the others."""

import ast
import sys

import datasets
import pytest
from huggingface_hub import DatasetCard

from spert_hf.data import TypeSchema
from tests.support.loading_scripts import SCRIPTS, import_script

NAMES = ["conll04", "scierc", "ade"]
SHARED = ["_FEATURES", "UnusableSourceError", "_first_usable", "_read_address", "_check_digest"]


def source_of(name):
    return (SCRIPTS / name / f"{name}.py").read_text(encoding="utf-8")


def named_parts(name):
    parts = {}
    for node in ast.parse(source_of(name)).body:
        if isinstance(node, ast.Assign):
            parts[node.targets[0].id] = ast.get_source_segment(source_of(name), node)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            parts[node.name] = ast.get_source_segment(source_of(name), node)
    return parts


@pytest.mark.parametrize("name", NAMES[1:])
@pytest.mark.parametrize("part", SHARED)
def test_shared_parts_are_the_same(name, part):
    assert named_parts(name)[part] == named_parts(NAMES[0])[part]


@pytest.mark.parametrize("name", NAMES)
def test_scripts_need_nothing_but_datasets(name):
    imported = set()
    for node in ast.walk(ast.parse(source_of(name))):
        if isinstance(node, ast.Import):
            imported.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module)
    assert {module.partition(".")[0] for module in imported} - sys.stdlib_module_names == {"datasets"}


@pytest.mark.parametrize("name", NAMES)
def test_features_are_those_of_the_quickstart_corpus(name, tmp_path):
    quickstart = import_script("quickstart").Quickstart(cache_dir=str(tmp_path))
    assert quickstart.info.features == import_script(name)._FEATURES


@pytest.mark.parametrize("name", NAMES)
def test_builders_say_whence_and_under_which_licence(name, tmp_path):
    module = import_script(name)
    (builder_class,) = (
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, datasets.GeneratorBasedBuilder)
    )
    builder = builder_class(cache_dir=str(tmp_path))
    assert builder.info.license
    assert builder.info.citation.startswith("@")
    types = builder.spert_types() if callable(builder.spert_types) else builder.spert_types
    assert TypeSchema.from_dict(types).entity_names


@pytest.mark.parametrize("name", [*NAMES, "quickstart"])
def test_cards_have_front_matter_of_the_hub(name):
    card = DatasetCard.load(SCRIPTS / name / "README.md")
    assert card.data.license == ("cc-by-4.0" if name == "quickstart" else "unknown")
    assert card.data.language == ["en"]
    assert card.data.pretty_name
    assert card.data.size_categories == ["1K<n<10K"]
    assert card.data.task_categories == ["token-classification"]
    assert "relation-extraction" in card.data.tags
    assert card.text.strip().startswith("# ")
