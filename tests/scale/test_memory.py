"""Memory does not grow with a shard, whatever it is read from."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from spert_hf.scale.corpus import open_corpus
from spert_hf.scale.extraction import extract_shard
from tests.scale.corpora import fake_pipe, job_for
from tests.support import growth

LINE = "Marian Pell works for Northern Paper in Duluth . It rained . " * 4


@pytest.mark.e2e
@pytest.mark.parametrize("kind", ["jsonl", "csv", "txt.gz", "parquet"])
def test_memory_does_not_grow_with_a_shard(tmp_path, kind):
    def peak(rows):
        path = tmp_path / f"{rows}.{kind}"
        if kind == "parquet":
            pq.write_table(pa.table({"text": [LINE] * rows}), path)
        else:
            start, line = {"jsonl": ("", f'{{"text": "{LINE}"}}'), "csv": ("text\n", LINE), "txt.gz": ("", LINE)}[kind]
            with pa.output_stream(path, compression="gzip" if kind == "txt.gz" else None) as stream:
                stream.write((start + f"{line}\n" * rows).encode())
        corpus = open_corpus([str(path)])
        job, (shard,) = job_for(corpus, tmp_path / "found", settings={"batch_size": 1}), corpus.shards(10**9)
        return growth.peak_bytes(lambda: extract_shard(job, shard, fake_pipe))

    peak(10)  # imports what it needs
    assert peak(16_000) < peak(2_000) + 1_000_000 < 16_000 * len(LINE)
