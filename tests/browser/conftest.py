"""A headless Chromium, and demos to open in it.

The browser is `$SPERT_BROWSER`, else a Chromium or Chrome on the path; without one these tests are skipped. With
`$SPERT_SCREENSHOTS` naming a folder, the tests of how it looks leave their pictures there, and with
`$SPERT_DEMO_MODEL` naming a checkpoint they show that model.
"""

import pytest

from spert_hf.data import load_splits
from spert_hf.training.arguments import SpertTrainingArguments
from spert_hf.training.trainer import SpertTrainer
from tests.browser.demo_page import DemoPage
from tests.support.chromium import open_chromium
from tests.support.demo import HeldPipeline, serve
from tests.support.documents import make_dataset_folder
from tests.support.tiny_models import make_encoder_folder


# Not for the whole session: Playwright keeps an event loop running, in which other tests could run none of their own.
@pytest.fixture(scope="module")
def browser():
    with open_chromium() as browser:
        yield browser


@pytest.fixture
def open_demo(browser):
    """Open a demo by its address; at the end nothing may have failed in the page or been asked of another host."""
    pages = []

    def open_page(url, width=1280, height=900, colour_scheme="light", **context):
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=colour_scheme, accept_downloads=True, **context
        )
        context.set_default_timeout(60_000)  # on machines with other work
        pages.append(DemoPage(context.new_page(), url))
        return pages[-1]

    yield open_page
    for page in pages:
        page.page.context.close()
        assert page.errors == []
        assert page.foreign_requests == []


@pytest.fixture(scope="session")
def known_pipeline(tmp_path_factory):
    """A tiny model that knows the sentences of `tests.support.documents` by heart."""
    from transformers import pipeline

    folder = tmp_path_factory.mktemp("known")
    (folder / "data").mkdir()
    dataset = make_dataset_folder(folder / "data")
    arguments = SpertTrainingArguments(
        dataset=str(dataset),
        encoder=str(make_encoder_folder("bert", folder / "encoder")),
        output_dir=str(folder / "model"),
        num_train_epochs=40,
        learning_rate=5e-3,
        optim="adamw",
        cpu_threads=1,
    )
    SpertTrainer(args=arguments, train_dataset=load_splits(dataset), show_progress=False).train()
    return pipeline("spert-extraction", model=str(folder / "model"))


@pytest.fixture(scope="session")
def known_demo(known_pipeline):
    """Address of a demo whose model finds what its sentences say."""
    with serve(known_pipeline) as url:
        yield url


@pytest.fixture(scope="session")
def random_pipeline(tiny_pipeline):
    """A random model: many entities that overlap, many relations; it counts its calls."""
    return HeldPipeline(tiny_pipeline)


@pytest.fixture(scope="session")
def random_demo(random_pipeline):
    """Address of a demo whose model finds all sorts of things."""
    with serve(random_pipeline) as url:
        yield url
