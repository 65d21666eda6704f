"""Small corpora, and a pipeline that needs no model."""

import gzip
import json
from collections import Counter

import pyarrow as pa
import pyarrow.parquet as pq

from spert_hf.scale.corpus import open_corpus
from spert_hf.scale.extraction import extract_shard
from spert_hf.scale.job import Job


def fake_pipe(texts, **_):
    """Finds the first word of each text, and a relation of it to itself where there is an `!`."""
    found = []
    for text in texts:
        words = text if isinstance(text, list) else text.split()
        entities = [
            {"type": "Word", "score": 1.0, "text": word, "start": 0, "end": 1, "token_start": 0, "token_end": 1}
            for word in words[:1]
        ]
        relations = [{"type": "Same", "score": 0.5, "head": 0, "tail": 0}] if "!" in text and entities else []
        found.append({"entities": entities, "relations": relations})
    return found


def write_lines(path, records):
    path.parent.mkdir(parents=True, exist_ok=True)
    data = "".join(f"{json.dumps(record, ensure_ascii=False)}\n" for record in records).encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def write_parquet(path, columns, row_group_size=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path, row_group_size=row_group_size)
    return path


def job_for(corpus, output, format="parquet", text_column=None, id_column=None, **more):
    schema = corpus.schema(text_column, id_column) if format == "parquet" else None
    return Job("", str(output), format, schema, text_column=text_column, id_column=id_column, **more)


def extract_all(given, output, shard_size=10_000, pipe=fake_pipe, **more):
    """Extract from all shards of a corpus; return its job and shards."""
    corpus = open_corpus([str(one) for one in given])
    job, shards = job_for(corpus, output, **more), corpus.shards(shard_size)
    for shard in shards:
        extract_shard(job, shard, pipe)
    return job, shards


def rows_of(output):
    """The rows of all files of an output, in the order of their names."""
    rows = []
    for path in sorted(output.rglob("*.*")):
        if path.suffix == ".parquet":
            rows += pq.read_table(path).to_pylist()
        elif path.suffix == ".jsonl":
            rows += [json.loads(line) for line in path.read_bytes().splitlines()]
    return rows


def counted(rows):
    return Counter(json.dumps(row, sort_keys=True) for row in rows)


def names(folder):
    """The paths of all files in a folder, hidden ones, too."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
