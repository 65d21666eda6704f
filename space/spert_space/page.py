"""The Gradio page: its components and event handlers."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from spert_hf.data.faults import DocumentError
from spert_hf.data.inputs import INPUT_SUFFIXES
from spert_hf.serving.parameters import check_text, check_values
from spert_hf.serving.selecting import select_entities

from .api_guide import api_guide
from .document_graph import DocumentGraph
from .documents import Progress, extract_documents, read_documents
from .examples import EXAMPLES
from .extraction import Extractor, make_view
from .settings import Settings

VIEW_PATH = "/view"
"""The path under which the server serves the page's scripts and styles."""

OVERLAP_CHOICES = [("keep all", "keep"), ("drop all", "drop"), ("keep the best", "best")]
PAPER_URL = "https://arxiv.org/abs/1909.07755"
CACHE_SECONDS = 3600
"""Uploads and results older than this are deleted."""

_MOUNT_VIEW = """
import(new URL("view/main.js", document.baseURI).href).then(({ mountView }) => mountView(element, props, watch));
"""

_MOUNT_DOCUMENTS_GRAPH = """
import(new URL("view/documents_graph.js", document.baseURI).href)
  .then(({ mountDocumentsGraph }) => mountDocumentsGraph(element, props, watch));
"""

_PROGRESS_TEMPLATE = """
<div class="spert-progress" role="status">
  <progress aria-label="documents done" value="${value.done}" max="${value.total}"></progress>
  <span>${value.done} of ${value.total} documents</span>
</div>
"""


class Page(gr.Blocks):
    """Blocks that answer invalid input values with an error message instead of a traceback in the log."""

    async def preprocess_data(self, *arguments: Any, **settings: Any) -> Any:
        """Preprocess as Gradio does; failures become an error message for the visitor."""
        try:
            return await super().preprocess_data(*arguments, **settings)
        except Exception:
            raise _refusal("The request's values do not match the page's inputs.") from None


class Handlers:
    """The functions that the page and the API call.

    Args:
        extractor: runs the model.
        settings: limits of the service.
    """

    def __init__(self, extractor: Extractor, settings: Settings) -> None:
        self._extractor = extractor
        self._settings = settings

    def view(self, text: str) -> dict[str, Any]:
        """Extract from a text for the page; returns the value of `make_view`."""
        _refuse(lambda: check_text(text, self._settings.max_characters))
        return make_view(
            self._extractor,
            text,
            score_floor=self._settings.score_floor,
            max_relations=self._settings.max_relations,
        )

    def extract(
        self,
        text: str,
        relation_threshold: float | None = None,
        entity_score: float | None = 0.0,
        overlap: str | None = None,
    ) -> dict[str, Any]:
        """Extract entities and relations from a text, in the pipeline's output format."""
        given = {
            "text": text,
            "relation_threshold": relation_threshold,
            "entity_score": entity_score,
            "overlap": overlap,
        }
        _refuse(lambda: check_values(given, self._settings.max_characters))
        (prediction,) = self._extractor.extract([text], relation_threshold, overlap)
        return select_entities(prediction, entity_score or 0.0)

    def extract_file(self, path: str | None, relation_threshold: float, overlap: str) -> Iterator[tuple[Any, ...]]:
        """Extract from a file; yields updates of progress, report, the two downloads and the graph."""
        hidden = gr.update(visible=False)
        if path is None:
            yield hidden, _report("Choose a file first."), hidden, hidden, hidden
            return
        given = {"text": "", "relation_threshold": relation_threshold, "overlap": overlap}
        _refuse(lambda: check_values(given, self._settings.max_characters))
        try:
            documents = read_documents(Path(path), Path(path).name, self._settings)
        except DocumentError as error:
            yield hidden, _report(str(error)), hidden, hidden, hidden
            return
        with tempfile.TemporaryDirectory() as folder:
            json_lines, triples = Path(folder, "extraction.jsonl"), Path(folder, "triples.csv")
            parameters = {"relation_threshold": relation_threshold, "overlap": overlap}
            graph = DocumentGraph(self._extractor.knowledge, self._extractor.relation_threshold)
            for progress in extract_documents(self._extractor, documents, json_lines, triples, graph, **parameters):
                yield _progress(progress), hidden, hidden, hidden, hidden
            downloads = (gr.update(value=str(file), visible=True) for file in (json_lines, triples))
            drawing = gr.update(value=graph.view(self._settings.max_relations), visible=True)
            # Repeat the progress: a busy page may skip an update that is followed by another one immediately.
            yield _progress(Progress(len(documents), len(documents))), hidden, *downloads, drawing


def _refuse(check: Callable[[], None]) -> None:
    """Run a check; a `ValueError` becomes an error message for the visitor."""
    try:
        check()
    except ValueError as error:
        raise _refusal(str(error)) from None


def _refusal(message: str) -> gr.Error:
    """An error message for the visitor. The page renders it as HTML, so it must not contain any input."""
    return gr.Error(message, title="Invalid request", print_exception=False)


def _progress(progress: Progress) -> Any:
    return gr.update(value=progress._asdict(), visible=True)


def _report(text: str) -> Any:
    return gr.update(value=text, lines=min(text.count("\n") + 1, 12), visible=True)


def build_page(extractor: Extractor, settings: Settings, model_name: str, url: str) -> gr.Blocks:
    """Build the page of a model.

    Args:
        extractor: runs the model.
        settings: limits of the service.
        model_name: the name shown to visitors.
        url: the address shown in the API guide.

    Returns:
        The page.
    """
    handlers = Handlers(extractor, settings)
    with Page(
        title="SpERT: text in, knowledge graph out",
        analytics_enabled=False,
        delete_cache=(CACHE_SECONDS // 4, CACHE_SECONDS),
    ) as page:
        gr.Markdown(_heading(model_name), elem_id="heading")
        with gr.Tab("One text"):
            _add_text_tab(handlers)
        with gr.Tab("Many documents"):
            _add_documents_tab(handlers, extractor, settings)
        with gr.Tab("API"):
            gr.Markdown(api_guide(url, settings), elem_id="api-guide")
        gr.api(handlers.extract, api_name="extract", concurrency_id="model", concurrency_limit=1)
    page.queue(max_size=settings.queue_size)
    return page


def _heading(model_name: str) -> str:
    name = f"`{model_name}`"
    if re.fullmatch(r"[\w.-]+/[\w.-]+", model_name):  # on the Hub
        name = f"[{name}](https://huggingface.co/{model_name})"
    return (
        f"# Text in, knowledge graph out\nExtracts entities and the relations between them with {name}, a "
        f"[SpERT]({PAPER_URL}) model."
    )


def _add_text_tab(handlers: Handlers) -> None:
    first = EXAMPLES[0]
    text = gr.Textbox(first, label="Text", lines=3, max_lines=12, elem_id="text")
    with gr.Row():
        button = gr.Button("Extract", variant="primary", scale=0, min_width=160, elem_id="extract")
    _add_examples(text)
    view = gr.HTML(
        handlers.view(first), html_template="", js_on_load=_MOUNT_VIEW, apply_default_css=False, elem_id="view"
    )
    gr.on(
        [button.click, text.submit],
        handlers.view,
        [text],
        [view],
        api_visibility="private",
        concurrency_id="model",
        concurrency_limit=1,
    )


def _add_examples(text: gr.Textbox) -> None:
    """Add examples that the browser fills in by itself: those of Gradio make a call that bypasses the queue."""
    examples = gr.Dataset(
        components=[gr.Textbox(visible=False)],
        samples=[[example] for example in EXAMPLES],
        label="Examples",
        elem_id="examples",
    )
    examples.click(None, [examples], [text], js=f"(index) => {json.dumps(EXAMPLES)}[index]")


def _add_documents_tab(handlers: Handlers, extractor: Extractor, settings: Settings) -> None:
    gr.Markdown(
        f"A file of up to {settings.max_documents:,} texts of up to {settings.max_characters:,} characters each: "
        "`.txt` (one text per line), `.json` or `.jsonl` (objects with `text` or `tokens`), or "
        "`.csv` (with a column `text`)."
    )
    file = gr.File(label="File", file_types=list(INPUT_SUFFIXES), elem_id="upload")
    with gr.Row():
        threshold = gr.Slider(0, 1, extractor.relation_threshold, step=0.01, label="Minimum relation score")
        overlap = gr.Radio(OVERLAP_CHOICES, value=extractor.overlap, label="Overlapping entities")
    with gr.Row():
        button = gr.Button("Extract from all", variant="primary", scale=0, min_width=200, elem_id="extract-all")
    progress = gr.HTML(
        {"done": 0, "total": 1}, html_template=_PROGRESS_TEMPLATE, js_on_load=None, visible=False, elem_id="progress"
    )
    report = gr.Textbox(label="Errors in the file", visible=False, interactive=False, elem_id="report")
    with gr.Row():
        json_lines = gr.DownloadButton("Download JSON Lines", visible=False, elem_id="download-jsonl")
        triples = gr.DownloadButton("Download triples as CSV", visible=False, elem_id="download-csv")
    graph = gr.HTML(
        DocumentGraph(extractor.knowledge, extractor.relation_threshold).view(0),
        html_template="",
        js_on_load=_MOUNT_DOCUMENTS_GRAPH,
        apply_default_css=False,
        visible=False,
        elem_id="documents-graph",
    )
    outputs = [progress, report, json_lines, triples, graph]
    # Results of one file must not be shown under the name of the next.
    hide = json.dumps([{"__type__": "update", "visible": False}] * len(outputs))
    file.change(None, None, outputs, js=f"() => {hide}")
    button.click(
        handlers.extract_file,
        [file, threshold, overlap],
        outputs,
        api_visibility="private",
        concurrency_id="documents",
        concurrency_limit=1,
        show_progress="hidden",
    )
