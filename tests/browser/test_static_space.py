"""The page that runs the model in the browser: what it finds, without a network, and what it refuses."""

import itertools
import json
import os
import shutil
import time
from dataclasses import replace

import pytest
from playwright.sync_api import expect

import spert_hf
from spert_hf import SpertConfig
from spert_hf.model.text_reading import TextReading
from spert_hf.onnx import export_onnx, load_onnx
from spert_hf.onnx.record import RECORD_FILE, OnnxSettings, read_record
from spert_space.extraction import make_view
from spert_space.settings import Settings
from tests.browser.static_page import StaticPage
from tests.support.chromium import QUIET_FLAGS, chromium_path
from tests.support.hostile_texts import hostile_texts
from tests.support.hub_server import HubServer, Repository
from tests.support.static_site import open_site, stage_site
from tests.support.tiny_models import make_tiny_checkpoint

TEXT = "Marian Pell works for Northern Paper Co. in Duluth, Minn., where she was born."
MODEL = "ada/tiny"


def make_export(family, folder, reading=None, dtypes=("float32",), **settings):
    """Export a tiny model that reads text in some way; return its checkpoint."""
    if reading is not None:
        settings["text_reading"] = TextReading(**reading)
    checkpoint = make_tiny_checkpoint(family, folder, **settings)
    pipe = spert_hf.load(checkpoint)
    export_onnx(pipe.model, pipe.tokenizer, checkpoint / "onnx", dtypes)
    return checkpoint


def read_otherwise(exported, folder, reading):
    """Copy an export of a model; the copy reads text in another way, which the graphs do not know of."""
    checkpoint = shutil.copytree(exported, folder / "checkpoint")
    path = checkpoint / "config.json"
    config = json.loads(path.read_text()) | {"text_reading": TextReading(**reading).to_dict()}
    path.write_text(json.dumps(config))
    record = read_record(checkpoint / "onnx")
    replace(record, settings=OnnxSettings.of(SpertConfig.from_pretrained(checkpoint))).save(checkpoint / "onnx")
    return checkpoint


@pytest.fixture(scope="module")
def checkpoint(exported_checkpoint):
    return exported_checkpoint


@pytest.fixture(scope="module")
def without_relations(tmp_path_factory):
    settings = {"relation_types": [], "symmetric_relation_types": []}
    reading = {"words": "rules-v1", "sequences": "sentences-v1"}
    return make_export("bert", tmp_path_factory.mktemp("entities"), reading, **settings)


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    """A model of other types, in INT8."""
    relations = {"relation_types": ["OrgBased_In", "Located_In"], "symmetric_relation_types": []}
    folder = tmp_path_factory.mktemp("other")
    return make_export("bert", folder, entity_types=["Place", "Firm"], dtypes=("int8",), **relations)


@pytest.fixture(scope="module")
def site(checkpoint, tmp_path_factory):
    with open_site(stage_site(tmp_path_factory.mktemp("site") / "site", checkpoint)) as site:
        yield site


@pytest.fixture
def open_page(browser):
    """Open a page by its address; at the end nothing may have failed in it, unless the page has told so."""
    pages = []

    def open_one(url, width=1280, height=900, colour_scheme="light", script=""):
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=colour_scheme)
        context.set_default_timeout(60_000)
        context.add_init_script(script)
        expect.set_options(timeout=60_000)
        pages.append(StaticPage(context.new_page(), url))
        return pages[-1]

    yield open_one
    for page in pages:
        page.page.context.close()
        assert [error for error in page.errors if "Failed to load resource" not in error] == []


class PythonExtractor:
    """What `make_view` needs of the demo's extractor, by exported graphs."""

    def __init__(self, model):
        self._extract = load_onnx(model, threads=1)
        settings = self._extract.model_settings
        self.relation_threshold, self.overlap = settings.relation_threshold, settings.overlap
        names = ("entity_types", "relation_types", "symmetric_relation_types")
        self.knowledge = {name: getattr(settings, name) for name in names}
        self.knowledge["relation_signatures"] = settings.relation_signatures or {}

    def extract(self, texts, relation_threshold, overlap):
        return [self._extract(text, relation_threshold=relation_threshold, overlap=overlap) for text in texts]


def to_four_digits(value):
    return json.loads(json.dumps(value), parse_float=lambda text: pytest.approx(float(text), abs=1e-4))


def assert_results_are_those_of_python(open_page, folder, checkpoint, count):
    extractor, limits = PythonExtractor(checkpoint), Settings()
    texts = hostile_texts(count, seed=7)
    with open_site(stage_site(folder / "site", checkpoint, dtypes=("float32",))) as site:
        page = open_page(f"{site.url}?model=./none/")  # the worker loads the model, and the page none of its own
        page.wait_for_error()
        found = page.ask_worker(texts, {"folder": f"{site.url}model/"})
    entities = 0
    for text, ours in zip(texts, found, strict=True):
        expected = make_view(extractor, text, score_floor=limits.score_floor, max_relations=limits.max_relations)
        if expected["left_out"]:  # of thousands of relations with about the same score, others may be the best
            for value in (ours["value"], expected):
                assert len(value.pop("relations")) >= limits.max_relations
                value.pop("left_out")
        assert ours["value"] == to_four_digits(expected), text
        entities += len(expected["entities"])
    assert entities > count


@pytest.mark.parametrize("count", [75, pytest.param(300, marks=pytest.mark.nightly)])
def test_results_are_those_of_python(open_page, checkpoint, tmp_path, count):
    """Words, sequences and sub-words of many more texts are compared in `tests/hub/browser/test_rules.py`."""
    own = read_otherwise(checkpoint, tmp_path, {"words": "whitespace-punctuation", "languages": ["en"]})
    assert_results_are_those_of_python(open_page, tmp_path, own, count)


def test_entities_are_those_of_python_without_relations(open_page, without_relations, tmp_path):
    assert_results_are_those_of_python(open_page, tmp_path, without_relations, 25)


@pytest.mark.parametrize(
    ("family", "reading", "settings"),
    [
        (
            "roberta",
            {"abbreviations": ["Co"]},
            {"relation_signatures": {"Near": [["Loc", "Org"], ["Loc", "Loc"]]}, "max_span_size": 4},
        ),
        ("xlm-roberta", {"words": "characters", "sequences": "document"}, {"max_span_size": 4}),
        ("deberta-v2", {"words": "whitespace", "sequences": "lines"}, {"relation_context": "attention"}),
    ],
)
def test_results_are_those_of_python_for_every_kind_of_tokenizer(open_page, tmp_path, family, reading, settings):
    checkpoint = make_export(family, tmp_path, reading, **settings)
    assert_results_are_those_of_python(open_page, tmp_path, checkpoint, 25)


def test_the_page_shows_what_python_finds(open_page, site, checkpoint):
    page = open_page(site.url)
    page.wait_until_ready()
    for text in (TEXT, "<img src=x onerror=alert(1)> مريم بيل 😀 Oslo", " "):
        page.extract(text)
        assert page.shown_text() == text
    expect(page.page.locator(".spert-graph-canvas")).to_be_hidden()  # nothing is in the last text
    page.extract(TEXT)
    expected = load_onnx(checkpoint, dtype="int8", threads=1)(TEXT)
    shown = page.json()
    names = ("type", "text", "start", "end", "token_start", "token_end")
    assert [[entity[name] for name in names] for entity in shown["entities"]] == [
        [entity[name] for name in names] for entity in expected["entities"]
    ]
    assert expected["entities"]
    assert page.page.locator(".spert-graph-canvas canvas").count() > 0
    assert page.page.locator("#intro code").inner_text() == "checkpoint"


TYPE_AT_ONCE = """
if (!sessionStorage.getItem("test")) {
  const typing = setInterval(() => {
    const field = document.getElementById("text");
    if (!field?.value) return;
    clearInterval(typing);
    field.value = "My own text.";
    sessionStorage.setItem("test", "has typed");
  }, 1);
}
"""


def test_what_is_typed_on_the_first_visit_stays_when_the_page_is_loaded_again(open_page, site):
    page = open_page(site.url, script=TYPE_AT_ONCE)
    page.wait_until_ready()
    assert page.page.evaluate("crossOriginIsolated")  # so it was loaded again
    assert page.page.locator("#text").input_value() == "My own text."
    assert page.shown_text() == "My own text."
    page.page.reload()
    page.wait_until_ready()
    assert page.shown_text() != "My own text."


def test_it_fits_and_can_be_read(open_page, site):
    from axe_playwright_python.sync_playwright import Axe

    page = open_page(site.url)
    page.wait_until_ready()
    page.page.locator("#models summary").click()
    for width, colour_scheme in itertools.product((1280, 320), ("light", "dark")):
        page.page.set_viewport_size({"width": width, "height": 900})
        page.page.emulate_media(color_scheme=colour_scheme)
        assert not page.page.evaluate("document.documentElement.scrollWidth > innerWidth"), width
        violations = Axe().run(page.page).response["violations"]
        found = [(one["id"], [node["target"] for node in one["nodes"]]) for one in violations]
        assert found == [], (width, colour_scheme)


def test_it_works_without_a_network(open_page, checkpoint, tmp_path):
    with open_site(stage_site(tmp_path / "site", checkpoint)) as site:
        page = open_page(site.url)
        page.wait_until_ready()
        assert page.page.evaluate("crossOriginIsolated")  # for threads, although this server sends no header for that
        url = site.url
    page.extract(TEXT)
    assert page.shown_text() == TEXT
    page.page.goto(url)
    page.wait_until_ready()
    page.extract(f"Still here. {TEXT}")
    assert page.shown_text() == f"Still here. {TEXT}"
    assert page.json()["entities"]


class TestASiteThatChanges:
    """Visitors who have been there before get what is there now, although their browser's cache may keep the old."""

    @pytest.fixture
    def folder(self, checkpoint, tmp_path):
        folder = stage_site(tmp_path / "site", checkpoint)
        for path in folder.rglob("*"):  # files that have been old for long are taken from the browser's cache unasked
            os.utime(path, (time.time() - 10 * 86_400,) * 2)
        return folder

    def test_another_model(self, open_page, folder, other):
        with open_site(folder) as site:
            page = open_page(site.url)
            page.wait_until_ready()
            for file in (other / "onnx").iterdir():
                shutil.copyfile(file, folder / "model" / file.name)
            page.page.reload()
            page.wait_until_ready()
            page.extract(TEXT)
            assert page.page.locator("#error").is_hidden()
            expected = load_onnx(other, dtype="int8", threads=1)(TEXT)["entities"]
            assert [one["type"] for one in page.json()["entities"]] == [one["type"] for one in expected]
            assert {one["type"] for one in expected} <= {"Place", "Firm"}

    def test_another_version_of_the_page(self, open_page, folder, other, tmp_path):
        with open_site(folder) as site:
            page = open_page(site.url)
            page.wait_until_ready()
            kept = page.page.evaluate("caches.keys()")
            renamed = shutil.copytree(other, tmp_path / "renamed")
            shutil.copytree(stage_site(tmp_path / "new", renamed), folder, dirs_exist_ok=True)
            for name, old, new in (("index.html", "knowledge graph out<", "graph out<"), ("demo.js", " ms,", " msec,")):
                changed = (folder / name).read_text(encoding="utf-8").replace(old, new)
                (folder / name).write_text(changed, encoding="utf-8")
            page.page.reload()
            expect(page.page.locator("#intro code")).to_have_text("renamed")
            page.wait_until_ready()
            page.extract(TEXT)
            assert page.page.locator("h1").inner_text() == "Text in, graph out"
            assert " msec," in page.page.locator("#status").inner_text()
            assert page.page.evaluate("crossOriginIsolated")
            now = page.page.evaluate("caches.keys()")
            assert len(now) == len(kept)
            assert len(set(now) & set(kept)) == len(kept) - 1  # the page's is another, that of the models is the same
            url = site.url
        page.page.goto(url)
        page.wait_until_ready()
        assert page.page.locator("h1").inner_text() == "Text in, graph out"


class TestTheHub:
    @pytest.fixture
    def hub(self):
        with HubServer({"hf_secret": "ada"}) as hub:
            yield hub

    @pytest.fixture
    def hub_site(self, hub, tmp_path):
        with open_site(stage_site(tmp_path / "site", MODEL, endpoint=hub.url)) as site:
            yield site

    def add_model(self, hub, checkpoint, changed=None, private=False):
        files = {
            str(path.relative_to(checkpoint)): path.read_bytes() for path in checkpoint.rglob("*") if path.is_file()
        }
        repository = Repository(private)
        repository.add("main", {**files, **(changed or {})}, "made")
        hub.repositories["model", MODEL] = repository

    def test_a_model_of_the_hub(self, open_page, hub, hub_site, checkpoint):
        self.add_model(hub, checkpoint)
        page = open_page(hub_site.url)
        page.wait_until_ready()
        page.extract(TEXT)
        assert page.json()["entities"]
        assert page.page.locator("#intro a").first.get_attribute("href") == f"{hub.url}/{MODEL}"
        loaded = [path for _, path in hub.requests if path.endswith(".onnx")]
        page.page.reload()
        page.wait_until_ready()
        assert [path for _, path in hub.requests if path.endswith(".onnx")] == loaded  # they were kept

    def test_what_is_not_a_fit_export_is_refused(self, open_page, hub, hub_site, checkpoint):
        record = (checkpoint / "onnx" / RECORD_FILE).read_text()
        config = json.loads((checkpoint / "config.json").read_text())
        graph = (checkpoint / "onnx" / "model_quantized.onnx").read_bytes()
        cases = [
            ({"model.safetensors": b"others"}, "the export was made of other weights than those of model.safetensors"),
            (
                {"config.json": json.dumps(config | {"max_span_size": 3}).encode()},
                "the export was made of other settings than those of config.json (max_span_size): export it again",
            ),
            (
                {"onnx/model_quantized.onnx": graph[:5000]},
                "model_quantized.onnx is not what was exported: missing, cut off or changed",
            ),
            ({f"onnx/{RECORD_FILE}": record[:100].encode()}, f"{RECORD_FILE} is not JSON"),
            ({f"onnx/{RECORD_FILE}": b"{}"}, f"{RECORD_FILE}: format must be"),
            (
                {f"onnx/{RECORD_FILE}": record.replace('"sentences"', '"sentencex"').encode(), "config.json": b"{}"},
                "text_reading.sequences must be one of sentences, sentences-v1, lines, document in a browser",
            ),
        ]
        for changed, said in cases:
            self.add_model(hub, checkpoint, changed)
            assert said in open_page(hub_site.url).wait_for_error()
        del hub.repositories["model", MODEL]
        assert open_page(hub_site.url).wait_for_error() == (
            f"model must be a repository on the Hub with {RECORD_FILE} (`spert-hf export`), got '{MODEL}'"
        )

    def test_without_the_hub(self, open_page, checkpoint, tmp_path):
        with HubServer({}) as hub:
            folder = stage_site(tmp_path / "site", MODEL, endpoint=hub.url)
        with open_site(folder) as site:
            assert "can't be reached, and was not loaded before" in open_page(site.url).wait_for_error()


def test_other_models(open_page, site, checkpoint, tmp_path):
    """A name of nothing, a folder of another site, and a folder of the visitor's."""
    page = open_page(f"{site.url}?model=https://example.org/")
    assert page.wait_for_error() == (
        "model must be the name of a repository on the Hub, such as USER/NAME, or a folder of this site, "
        "got 'https://example.org/'"
    )
    page = open_page(f"{site.url}?model=./other/")
    assert f"model must be a folder of this site with {RECORD_FILE}" in page.wait_for_error()
    page = open_page(f"{site.url}?dtype=float32")
    assert page.wait_for_error() == "dtype must be int8, got 'float32': this page has int8 only"
    assert page.page.locator("#intro").inner_text() == ""
    page.page.locator("#models summary").click()
    page.page.set_input_files("#folder", str(checkpoint))
    page.wait_until_ready()
    page.extract(TEXT)
    assert page.json()["entities"]
    other = tmp_path / "other"
    shutil.copytree(checkpoint, other)
    (other / "model.safetensors").write_bytes(b"others")
    page.page.set_input_files("#folder", str(other))
    assert "the export was made of other weights than those of model.safetensors" in page.wait_for_error()
    page.page.fill("#model", "no name")
    page.page.locator("#model-form button").click()
    assert "model must be the name of a repository on the Hub" in page.wait_for_error()
    # The one before goes on.
    assert page.page.locator("#intro code").inner_text() == "checkpoint"
    assert page.shown_text() == TEXT
    page.extract(f"Still here. {TEXT}")
    assert page.page.locator("#error").is_hidden()
    assert page.shown_text() == f"Still here. {TEXT}"


def test_long_texts_and_models_without_relations(open_page, without_relations, tmp_path):
    with open_site(stage_site(tmp_path / "site", without_relations)) as site:
        page = open_page(site.url)
        page.wait_until_ready()
        assert page.page.locator("#notes").inner_text() == "This model has no relation types: it finds entities only."
        page.page.locator(".spert-knowledge summary").click()
        said = page.page.locator("#view").inner_text().lower()
        assert "entity types" in said
        assert "relation types" not in said
        assert "relation score" not in said
        page.page.fill("#text", "Oslo is in Norway. " * 5_264)
        page.page.click("#extract")
        assert page.wait_for_error() == "text must be at most 20,000 characters long, got 100,016"
        assert page.page.locator("#view").is_hidden()  # with the results of the text before
        page.extract("Oslo is in Norway. " * 1_000)
        assert page.page.locator("#error").is_hidden()
        page.extract(TEXT)
        assert page.shown_text() == TEXT


def test_names_of_relations_are_kept_whole_on_a_phone(open_page, other, tmp_path):
    with open_site(stage_site(tmp_path / "site", other)) as site:
        page = open_page(site.url, width=375)
        page.wait_until_ready()
        page.extract(TEXT)
        page.page.evaluate("document.querySelector('[name=relationThreshold]').value = 0")
        page.page.dispatch_event("[name=relationThreshold]", "input")
        names = page.page.locator(".spert-relation-name")
        expect(names.first).to_be_visible()
        lines = "all => all.map((one) => one.offsetHeight / parseFloat(getComputedStyle(one).fontSize))"
        assert max(names.evaluate_all(lines)) < 2, "in two lines"
        assert not page.page.evaluate("document.documentElement.scrollWidth > innerWidth")


def test_a_later_text_takes_the_place_of_an_earlier_one(open_page, site):
    page = open_page(site.url)
    page.wait_until_ready()
    page.page.fill("#text", "Marian Pell works for Northern Paper Co. in Duluth. " * 380)
    page.page.click("#extract")
    page.extract(TEXT)
    assert page.shown_text() == TEXT


def test_a_browser_without_simd(browser, site):
    old = browser.browser_type.launch(
        executable_path=chromium_path(), args=[*QUIET_FLAGS, "--js-flags=--no-enable-sse4-1"]
    )
    page = StaticPage(old.new_page(), site.url)
    assert page.wait_for_error() == (
        "the browser must have WebAssembly with SIMD, which Chrome 91, Firefox 89 and Safari 16.4 have"
    )
    old.close()
