"""What a static Space is made of, and what is refused before it is."""

import hashlib
import io
import json
import re
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from spert_hf.cli.main import main
from spert_hf.files.atomic import digest_of_file
from spert_hf.hub.browser import runtime, staging
from spert_hf.hub.browser.staging import find_export, stage_browser
from spert_hf.model.errors import CheckpointError
from spert_hf.onnx.record import MAPPED_FILE, RECORD_FILE, SPAN_FILES, TOKENIZER_FILE, check_files, read_record

ROOT = Path(__file__).parents[3]
SPACE = ROOT / "space"
pytestmark = pytest.mark.skipif(not SPACE.is_dir(), reason="no demo in this checkout")


def test_the_libraries_are_those_described():
    folder = SPACE / "browser" / "vendor"
    described = (folder / "README.md").read_text(encoding="utf-8")
    digests = dict(re.findall(r"\| `([\w.-]+)` .*`([0-9a-f]{64})`", described))
    assert digests.pop(runtime.FILE) == runtime.SHA256
    assert f"[onnxruntime-web](https://onnxruntime.ai) {runtime.VERSION}," in described
    assert digests == {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.mjs")}


def test_the_card_is_that_of_a_static_space():
    front = yaml.safe_load((SPACE / "browser" / "README.md").read_text(encoding="utf-8").split("---")[1])
    assert front["sdk"] == "static"
    assert (SPACE / "browser" / front["app_file"]).is_file()
    assert len(front["short_description"]) <= 60, "the Hub refuses longer ones"


def write_record(folder, **reading):
    settings = {
        "entity_types": ["Peop"],
        **{key: [] for key in ("relation_types", "symmetric_relation_types")},
        "relation_signatures": None,
        "max_span_size": 10,
        "relation_threshold": 0.5,
        "overlap": "keep",
        "entity_temperature": 1.0,
        "relation_temperature": 1.0,
        "text_reading": reading,
    }
    tokenization = {"prefix": [], "suffix": [], "unknown_id": 0, "pad_id": 0, "window_size": 9, "letter_cases": False}
    tokenization |= {"overlap_words": 1, "special_tokens": {}}
    record = {
        "format": 1,
        "settings": settings,
        "tokenization": tokenization,
        "files": {"model.onnx": "0"},
        "weights": {},
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / RECORD_FILE).write_text(json.dumps(record))
    return folder


@pytest.mark.parametrize(
    ("reading", "said"),
    [
        ({"words": "tokenizer"}, r"text_reading\.words must be 'rules', .* in a browser, got 'tokenizer'"),
        ({"sequences": "sentencex"}, r"text_reading\.sequences must be 'sentences', .* got 'sentencex'"),
    ],
)
def test_ways_to_read_text_that_browsers_lack_are_refused(tmp_path, reading, said):
    export = write_record(tmp_path / "checkpoint" / "onnx", **reading)
    with pytest.raises(ValueError, match=said):
        stage_browser(SPACE, tmp_path / "staged", find_export(tmp_path / "checkpoint"))
    assert find_export(export) == export
    assert not (tmp_path / "staged").exists()


class TestTheGraphs:
    """A folder's export goes to the page in the dtypes asked for, with a record that names nothing else."""

    @pytest.fixture
    def stage(self, tmp_path, monkeypatch):
        (tmp_path / "runtime").write_bytes(b"runtime")
        monkeypatch.setattr(staging, "runtime_file", lambda: tmp_path / "runtime")

        def stage(exported, dtypes=None):
            export = write_record(tmp_path / "checkpoint" / "onnx")
            weights = tmp_path / "checkpoint" / "model.safetensors"
            weights.write_bytes(b"weights")
            names = [SPAN_FILES[dtype] for dtype in exported] + [MAPPED_FILE, TOKENIZER_FILE]
            for name in names:
                (export / name).write_bytes(name.encode())
            digests = {name: digest_of_file(export / name) for name in names}
            weights_there = {weights.name: digest_of_file(weights)}
            replace(read_record(export), files=digests, weights=weights_there).save(export)
            stage_browser(SPACE, tmp_path / "staged", export, dtypes=dtypes)
            return export

        return stage

    @pytest.mark.parametrize(
        ("exported", "dtypes", "graphs"),
        [
            (["float32", "int8"], None, ["model_quantized.onnx"]),
            (["float32"], None, ["model.onnx"]),
            (["float32", "int8"], ["float32"], ["model.onnx"]),
            (["float32", "int8"], ["float32", "int8"], ["model.onnx", "model_quantized.onnx"]),
        ],
    )
    def test_the_record_names_what_is_there(self, stage, tmp_path, exported, dtypes, graphs):
        export = stage(exported, dtypes)
        folder = tmp_path / "staged" / "model"
        record, original = read_record(folder), read_record(export)
        assert sorted(record.files) == [*graphs, TOKENIZER_FILE]
        assert {path.name for path in folder.iterdir()} == {*record.files, RECORD_FILE}
        assert replace(record, files={}) == replace(original, files={})
        check_files(folder, record, record.files)

    def test_dtypes_that_were_not_exported_are_refused(self, stage, tmp_path):
        with pytest.raises(ValueError, match=r"dtype must be 'float32', as .*onnx was exported, got 'int8'"):
            stage(["float32"], ["int8"])
        with pytest.raises(CheckpointError, match=r"files must have 'model.onnx' or 'model_quantized.onnx', got"):
            stage([])
        assert not (tmp_path / "staged").exists()

    def test_the_checkpoint_is_checked(self, stage, tmp_path, monkeypatch):
        monkeypatch.setattr(staging, "read_record", lambda folder: changed(read_record(folder)))

        def changed(record):
            return replace(record, weights={"model.safetensors": "another"})

        with pytest.raises(CheckpointError, match=r"was exported from other weights"):
            stage(["int8"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--model", "ada/model", "ada/x", "--dtype", "int8"], "--static must be given with --dtype, got none"),
        (
            ["--model", "ada/model", "--static", "--dtype", "int8", "--output", "x"],
            "dtype must be given with the folder of a model only, got 'ada/model', of the Hub",
        ),
        (["--model", "ada/model"], "REPO_ID must be given, such as USER/NAME, unless there is an --output, got none"),
        (["--model", "ada/model", "--output", "x"], "--output must be given with --static"),
        (["--model", "ada/model", "--static", "--output", "x", "ada/x"], "and without REPO_ID and --dry-run"),
        (["--model", ".", "--static", "ada/x"], "model must be a folder that `spert-hf export` has written"),
    ],
)
def test_wrong_calls_are_refused(capsys, monkeypatch, tmp_path, arguments, said):
    monkeypatch.chdir(tmp_path)
    assert main(["publish", "space", *arguments]) == 1
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


class TestTheRuntime:
    """It is what it should be, or the page is not built."""

    @pytest.fixture(autouse=True)
    def registry(self, monkeypatch, tmp_path):
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
        monkeypatch.setattr(runtime, "SHA256", hashlib.sha256(b"runtime").hexdigest())
        self.asked = []
        self.package = self.pack(f"package/dist/{runtime.FILE}", b"runtime")
        monkeypatch.setattr(runtime.urllib.request, "urlopen", self.answer)

    @staticmethod
    def pack(name, content):
        package = io.BytesIO()
        with tarfile.open(fileobj=package, mode="w:gz") as archive:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
        return package.getvalue()

    def answer(self, url, timeout):
        self.asked.append(url)
        if self.package is None:
            raise runtime.urllib.error.URLError("no network")
        return io.BytesIO(self.package)

    def test_it_is_loaded_once(self):
        assert runtime.runtime_file().read_bytes() == b"runtime"
        runtime.runtime_file().write_bytes(b"damaged")
        assert runtime.runtime_file().read_bytes() == b"runtime"
        self.package = None
        assert runtime.runtime_file().read_bytes() == b"runtime"
        url = f"https://registry.npmjs.org/onnxruntime-web/-/onnxruntime-web-{runtime.VERSION}.tgz"
        assert self.asked == [url] * 2

    def test_of_another_registry(self, monkeypatch):
        monkeypatch.setenv("NPM_CONFIG_REGISTRY", "https://mirror.example/npm/")
        runtime.runtime_file()
        assert self.asked[0].startswith("https://mirror.example/npm/onnxruntime-web/-/")
        monkeypatch.setenv("NPM_CONFIG_REGISTRY", "file:///tmp")
        runtime.runtime_file().unlink()
        with pytest.raises(ValueError, match="NPM_CONFIG_REGISTRY must be an address that begins with https://, got"):
            runtime.runtime_file()

    @pytest.mark.parametrize("package", [None, b"no archive", "another", "another name"])
    def test_nothing_else_is_taken_for_it(self, package):
        packages = {"another": (f"package/dist/{runtime.FILE}", b"other"), "another name": ("package/x", b"runtime")}
        self.package = self.pack(*packages[package]) if package in packages else package
        with pytest.raises(ValueError, match=r"onnxruntime-web-.*(can't be loaded|must have the SHA-256)"):
            runtime.runtime_file()
