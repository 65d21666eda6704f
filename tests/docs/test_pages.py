"""The documentation as a whole: links lead somewhere, lines are short, and what stands twice is the same."""

import importlib.util
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

import spert_hf
from spert_hf.model.settings import ConfigSettings, settings_of
from tests.support.markdown_pages import (
    DOCS,
    ROOT,
    all_pages,
    anchors_of,
    blocks_of,
    documentation_pages,
    inline_code_of,
    links_of,
    name_of,
)

LONGEST_LINE = 120
MOST_LINES_OF_README = 150
SETUP_COMMANDS = [
    'pip install -c constraints.txt -e ".[quickstart]" && accelerate launch train.py\n',
    'pip install -c constraints.txt -e ".[test]" && pytest -n 2\n',
]


@pytest.mark.parametrize("page", all_pages(), ids=name_of)
def test_links_and_anchors_lead_somewhere(page):
    for link in links_of(page):
        if re.match(r"[a-z]+:", link):
            continue
        target, _, anchor = link.partition("#")
        path = page if not target else page.parent / target
        assert path.exists(), link
        assert not anchor or anchor in anchors_of(path), link


@pytest.mark.parametrize("page", documentation_pages(), ids=name_of)
def test_lines_are_short_but_for_tables_and_addresses(page):
    lines = [line for line in page.read_text(encoding="utf-8").splitlines() if not line.startswith("|")]
    assert [line for line in lines if len(line) > LONGEST_LINE and "https://" not in line] == []


def test_the_readme_is_short():
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= MOST_LINES_OF_README
    assert max(map(len, lines)) <= LONGEST_LINE


@pytest.mark.parametrize("name", ["README.md", "docs/quickstart.md"])
def test_the_setup_commands_stand_as_they_are_run(name):
    assert set(SETUP_COMMANDS) <= {block.text for block in blocks_of(ROOT / name) if block.language == "bash"}


def test_ci_runs_the_default_tests_and_all_tiers_but_those_that_run_by_themselves():
    commands = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    runs = [line.strip() for line in commands if "pytest" in line and not line.startswith("#")]
    assert runs == ['pytest -n 3 --max-worker-restart=0 --no-loadscope-reorder -m "not (tools or nightly)" "$@"']
    assert [line for line in commands if line.startswith("tests --lost")] == [
        'tests --lost-tests "$environment/lost.txt" || code=$?'
    ]
    assert commands[-1] == 'exit "$code"'


def test_every_page_is_in_the_site_s_navigation():
    config = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert {page.name for page in DOCS.glob("*.md")} == set(re.findall(r"^ +- .*?([\w-]+\.md)$", config, re.MULTILINE))


def test_the_api_page_has_every_public_name():
    named = re.findall(r"^::: spert_hf\.(\w+)$", (DOCS / "api.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(named) == sorted(set(spert_hf.__all__) - {"__version__"})


def test_the_table_of_settings_is_as_they_are_declared():
    shown = (DOCS / "training.md").read_text(encoding="utf-8")
    rows = [f"| `{name}` | {one.describe()} | {one.help} |" for name, one in settings_of(ConfigSettings).items()]
    assert "\n".join(rows) in shown


def test_the_design_names_what_is_there():
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "spert_hf").rglob("*.py"))
    for code in inline_code_of(DOCS / "design.md"):
        if re.fullmatch(r"[\w.]+\.py", code):
            assert (ROOT / "space" / code).is_file() or list((ROOT / "spert_hf" / "model").glob(code)), code
        elif re.fullmatch(r"\w+(/[\w.]+)+/?", code):
            assert (ROOT / code).exists(), code
        elif re.fullmatch(r"_[a-z_]+|_?[A-Z][A-Z_]+", code):
            assert re.search(rf"\b{code}\b", source), code


def test_the_design_s_layers_are_those_that_are_checked():
    (layers,) = re.findall(r"\nlayers = \[(.*?)\n\]", (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.DOTALL)
    checked = [re.findall(r"spert_hf\.(\w+)", layer) for layer in layers.strip().splitlines()]
    rows = re.findall(r"^\| \d+ \| (.*) \|$", (DOCS / "design.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert [re.findall(r"`(?:spert_hf\.)?(\w+)`", row) for row in rows] == checked


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (None, "See [data](data.md), the notes (`tests/NOTES.md`) and SECURITY.md."),
        (
            "https://host/project",
            "See [data](data.md), [the notes](https://host/project/blob/main/tests/NOTES.md#speed) and "
            "[SECURITY.md](https://host/project/blob/main/SECURITY.md).",
        ),
    ],
)
def test_the_site_has_no_links_to_files_that_it_lacks(address, expected):
    spec = importlib.util.spec_from_file_location("hooks_of_docs", DOCS / "hooks.py")
    hooks = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(hooks)
    text = "See [data](data.md), [the notes](../tests/NOTES.md#speed) and [SECURITY.md](../SECURITY.md)."
    page = SimpleNamespace(file=SimpleNamespace(src_uri="training.md"))
    assert hooks.on_page_markdown(text, page, SimpleNamespace(repo_url=address), None) == expected


def test_the_citation_is_of_the_package_and_the_paper():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'\nversion = "{citation["version"]}"\n' in project
    assert f'\nlicense = "{citation["license"]}"\n' in project
    paper = citation["preferred-citation"]
    (bibtex,) = (block.text for block in blocks_of(ROOT / "README.md") if block.language == "bibtex")
    assert f"{{{paper['title']}}}" in bibtex
    assert " and ".join(f"{one['family-names']}, {one['given-names']}" for one in paper["authors"]) in bibtex
    assert f"{{{paper['year']}}}" in bibtex


def test_pre_commit_runs_the_ruff_that_ci_runs():
    (repository,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    assert f"ruff=={repository['rev'].removeprefix('v')}" in Path(ROOT / "constraints.txt").read_text().splitlines()
