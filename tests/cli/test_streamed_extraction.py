"""`spert-hf extract` on inputs that are larger than its memory should be."""

import pytest

from spert_hf.cli import extract
from spert_hf.cli.main import main
from tests.support import growth

LINE = "Marian Pell works for Northern Paper in Duluth . It rained . " * 4


@pytest.fixture
def without_model(monkeypatch):
    """Reading, batching and writing alone: the model's part of memory is that of a batch, whatever the input."""

    def predict_nothing(pipe, records, **settings):
        for group in extract.read_ahead(enumerate(records), settings["batch_size"]):
            yield from (record | {"entities": [], "relations": []} for _, record in group)

    monkeypatch.setattr(extract, "extract", predict_nothing)


@pytest.mark.e2e
@pytest.mark.parametrize("suffix", ["txt", "jsonl", "csv"])
def test_memory_does_not_grow_with_the_input(tiny_checkpoint, tmp_path, without_model, suffix):
    start, line = {"txt": ("", LINE), "jsonl": ("", f'{{"text": "{LINE}"}}'), "csv": ("text\n", LINE)}[suffix]

    def peak(lines):
        given = tmp_path / f"{lines}.{suffix}"
        given.write_text(start + f"{line}\n" * lines)
        arguments = ["--input", str(given), "--output", str(tmp_path / "found.jsonl"), "--batch-size", "1"]
        return growth.peak_bytes(lambda: main(["extract", "--model", str(tiny_checkpoint), *arguments]))

    assert peak(16_000) < peak(2_000) + 1_000_000 < 16_000 * len(line)
