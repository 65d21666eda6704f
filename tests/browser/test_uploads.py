"""Many documents: upload, progress, the two downloads, and reports of files that cannot be used."""

import csv
import json

import pytest

from spert_hf.cli.main import main
from tests.support.demo import HeldPipeline, serve

TEXT = "Marian Pell works for Northern Paper in Duluth near Oslo ."
OTHER_TEXT = "Per Lund works for Kestrel Marine in Oslo near Tromsø ."


@pytest.fixture
def page(open_demo, known_demo):
    page = open_demo(known_demo).page
    page.get_by_role("tab", name="Many documents").click()
    return page


def upload(page, path):
    page.locator("#upload input[type=file]").set_input_files(path)
    # In the list of what was uploaded: elsewhere the page may say "documents", too.
    page.locator("#upload .file-preview").get_by_text(path.name.removesuffix(path.suffix)).first.wait_for()
    page.get_by_role("button", name="Extract from all").click()


def download(page, name, folder):
    with page.expect_download() as waiting:
        page.locator(f"#{name}").click()
    target = folder / waiting.value.suggested_filename
    waiting.value.save_as(target)
    return target


def write(folder, suffix, texts):
    contents = {
        ".txt": "\n".join(texts),
        ".json": json.dumps([{"text": text} for text in texts]),
        ".jsonl": "\n".join(json.dumps({"text": text}) for text in texts),
        ".csv": "number,text\n" + "\n".join(f'{i},"{text}"' for i, text in enumerate(texts)),
    }
    path = folder / f"documents{suffix}"
    path.write_text(contents[suffix], encoding="utf-8")
    return path


def test_a_file_gives_json_lines_and_triples(page, tmp_path, known_pipeline):
    upload(page, write(tmp_path, ".jsonl", [TEXT, OTHER_TEXT]))
    found = download(page, "download-jsonl", tmp_path)
    records = [json.loads(line) for line in found.read_text(encoding="utf-8").splitlines()]
    predictions = known_pipeline([TEXT, OTHER_TEXT])
    assert records == [{"text": text} | found for text, found in zip((TEXT, OTHER_TEXT), predictions, strict=True)]
    triples = download(page, "download-csv", tmp_path)
    with triples.open(encoding="utf-8", newline="") as file:
        rows = [(row["document"], row["head"], row["relation"], row["tail"]) for row in csv.DictReader(file)]
    assert ("1", "Marian Pell", "Work_For", "Northern Paper") in rows
    assert len(rows) == sum(len(prediction["relations"]) for prediction in predictions)
    page.locator("#progress").get_by_text("2 of 2 documents", exact=True).wait_for()


def test_the_graph_joins_what_documents_say(page, tmp_path):
    upload(page, write(tmp_path, ".txt", [TEXT, OTHER_TEXT, TEXT.replace("Marian Pell", "Ada")]))
    graph = page.locator("#documents-graph")
    graph.get_by_text("distinct relations between them.").wait_for()
    canvas = "document.querySelector('#documents-graph .spert-graph-canvas')"
    page.wait_for_function(f"{canvas}?._cyreg?.cy.edges().length > 0")
    found = page.evaluate(
        f"{canvas}._cyreg.cy.edges().map((e) => [e.source().data('text'), e.data('type'), e.target().data('text')])"
    )
    joined = {head for head, kind, tail in found if (kind, tail) == ("Work_For", "Northern Paper")}
    assert "Marian Pell" in joined and len(joined) == 2, "two documents, one firm"
    assert len(found) == len(set(map(tuple, found))), "what two documents say is one relation"
    with page.expect_download() as waiting:
        graph.get_by_role("button", name="Download the graph as JSON").click()
    waiting.value.save_as(tmp_path / "graph.json")
    assert len(json.loads((tmp_path / "graph.json").read_text())["relations"]) == len(found)
    page.get_by_label("Clear").or_(page.get_by_label("Remove")).first.click()
    graph.wait_for(state="hidden")


def test_every_format_gives_the_same(page, tmp_path):
    found = []
    for suffix in (".txt", ".json", ".csv"):
        upload(page, write(tmp_path, suffix, [TEXT, OTHER_TEXT]))
        lines = download(page, "download-jsonl", tmp_path).read_text(encoding="utf-8").splitlines()
        found.append([json.loads(line)["relations"] for line in lines])
        page.get_by_label("Clear").or_(page.get_by_label("Remove")).first.click()
        page.locator("#download-jsonl").wait_for(state="hidden")
    assert found[0] == found[1] == found[2]
    assert all(found[0])


BAD_FILES = {
    "broken.json": b'[{"text": "fine"}, {"text": 7}, {"tokens": ["a", ""]}]',
    "latin.txt": "Tromsø".encode("latin-1"),
    "hostile.jsonl": b'{"<img src=x onerror=window.pwned=1>": 1}',
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_gets_the_report_of_the_command_line(page, tmp_path, capsys, known_pipeline, name):
    path = tmp_path / name
    path.write_bytes(BAD_FILES[name])
    upload(page, path)
    report = page.get_by_label("Errors in the file")
    report.wait_for()
    model = known_pipeline.model.name_or_path
    assert main(["extract", "--model", model, "--input", str(path), "--output", str(tmp_path / "out")]) == 1
    reported = capsys.readouterr().err.partition("spert-hf extract: ")[2].strip()
    assert report.input_value() == reported.replace(str(path), name)
    assert page.evaluate("window.pwned") is None
    assert not page.locator("#download-jsonl").is_visible()


def test_extracting_without_a_file_says_what_is_missing(page):
    page.get_by_role("button", name="Extract from all").click()
    report = page.get_by_label("Errors in the file")
    report.wait_for()
    assert report.input_value() == "Choose a file first."


def test_progress_shows_and_a_closed_page_stops_the_work(open_demo, tiny_pipeline, tmp_path):
    pipe = HeldPipeline(tiny_pipeline)
    with serve(pipe) as url:
        page = open_demo(url).page
        page.get_by_role("tab", name="Many documents").click()
        pipe.hold()
        calls = pipe.calls
        upload(page, write(tmp_path, ".txt", [TEXT] * 160))
        page.get_by_text("0 of 160 documents").wait_for()
        page.close()
        page.context.new_page().wait_for_timeout(1000)  # the server learns of it
        pipe.let_go()
        page.context.new_page().wait_for_timeout(1000)
        assert pipe.calls - calls <= 2, "of ten batches"


def test_a_file_too_large_is_refused(open_demo, tiny_pipeline, tmp_path):
    with serve(tiny_pipeline, max_upload_bytes=1000) as url:
        demo = open_demo(url)
        demo.page.get_by_role("tab", name="Many documents").click()
        path = write(tmp_path, ".txt", [TEXT] * 100)
        demo.page.locator("#upload input[type=file]").set_input_files(path)
        demo.page.get_by_text("maximum allowed size").or_(demo.page.get_by_text("too large")).first.wait_for()
        demo.page.close()
        demo.errors.clear()  # the browser notes the refusal
