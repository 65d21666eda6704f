"""`spert-hf extract` from a corpus: many files, with an output for each shard; or one file of any format."""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from ..data.white_space import blank_note
from ..files.outputs import is_stream, real_target
from ..model.messages import must_be
from ..model.selection import check_selection
from ..progress import Progress
from ..scale.corpus import Corpus, open_corpus
from ..scale.digests import digest_of_model
from ..scale.engines import RunResult, ShardProgress
from ..scale.job import MAX_ERRORS, SUFFIXES, Job
from ..scale.manifest import Manifest, check_output_folder
from ..scale.parquet_input import require_pyarrow
from ..scale.shards import SHARD_SIZE, Shard, part_of
from ..scale.sources import Source, is_pattern, kind_of
from ..scale.stores import is_url, remove_leftovers, without_file_protocol
from ..termination import sigterm_raises
from .extract_engine import RAY_OPTIONS, Engine, check_engine, make_engine, pipeline_of
from .options import STANDARD_STREAM, dtype_of, reading_settings, selection_settings, write_notes

_OPTIONS = (
    *("format", "shard", "shard_size", "text_column", "id_column", "max_errors", "dataset_config_name"),
    *("engine", *RAY_OPTIONS),
)
"""Options that only a corpus has."""

_SHOWN_SHARDS = 5

_SUFFIXES_OF_FILES = (".csv", ".ndjson", ".json", ".txt", ".gz", ".zst")
"""Of outputs that are not meant to be folders."""


def is_corpus(options: argparse.Namespace) -> bool:
    """Whether a corpus is asked for, and not a text, a stream or one file that is read and written line by line.

    Raises:
        ValueError: An option for a corpus is given with a text or a standard stream.
    """
    given = [f"--{name.replace('_', '-')}" for name in _OPTIONS if getattr(options, name) is not None]
    if options.text is not None or STANDARD_STREAM in options.inputs:
        if given:
            what = "a text" if options.text is not None else "a standard stream"
            raise ValueError(must_be("--input", f"files with {given[0]}", what))
        if len(options.inputs) > 1:
            raise ValueError(must_be("--input", "files, or a single -", "- and files"))
        return False
    is_one_file = len(options.inputs) == 1 and _is_read_by_lines(options.inputs[0])
    return bool(given) or not is_one_file or _is_folder(options.output) or _is_parquet(options.output)


def run_corpus(options: argparse.Namespace) -> int:
    """Run the command; return its exit code."""
    options.inputs = [*map(without_file_protocol, options.inputs)]
    options.output = without_file_protocol(options.output)
    if options.output == STANDARD_STREAM or (not is_url(options.output) and is_stream(options.output)):
        allowed = "a folder, or a .parquet or .jsonl file for one input file"
        raise ValueError(must_be("--output", allowed, repr(options.output)))
    check_engine(options)
    corpus = open_corpus(options.inputs, options.dataset_config_name, options.token)
    corpus.check_columns(options.text_column, options.id_column)
    if corpus.ignored:
        files = "file is" if corpus.ignored == 1 else "files are"
        write_notes([f"{corpus.ignored} other {files} in the input, hidden or of another format, and left out"])
    is_one_file = not _is_folder(options.output) and Path(options.output).suffix.lower() in SUFFIXES.values()
    _check_output(options, corpus, is_one_file)
    job = _job(options, corpus, is_one_file)
    pipe = pipeline_of(options, job)
    job = replace(job, dtype=dtype_of(options, pipe))
    check_selection(pipe.model_settings, selection_settings(options))
    engine = make_engine(options, pipe)
    if is_one_file:
        return _run_one_file(job, _only_shard(options, corpus), engine)
    digest = digest_of_model(pipe)
    del pipe  # an engine with processes of its own need not have it in this one
    return _run_shards(options, corpus, job, digest, engine)


def _run_one_file(job: Job, shard: Shard, engine: Engine) -> int:
    with _shown(1) as progress:
        run = engine(job, [shard], progress, overwrite=True)
    _tell(run)
    if not run.done:
        taken = f"--output: another run is writing {job.target(shard)}; name another file"
        raise ValueError(run.failed.get(shard.name, taken))
    return 0


def _run_shards(options: argparse.Namespace, corpus: Corpus, job: Job, digest: str, engine: Engine) -> int:
    """Extract from the shards that have no output yet; see that all of them are there in the end."""
    shards = corpus.shards(options.shard_size or SHARD_SIZE)
    manifest = Manifest.of(job, digest, corpus.sources, shards)
    manifest.begin(job.output)
    if options.shard is not None:
        shards = part_of(shards, *options.shard)
    names = {job.file_name(shard): shard for shard in shards}
    left = [names[name] for name in manifest.missing(job.output, names)]
    if len(left) < len(shards):
        there = len(shards) - len(left)
        write_notes([f"{there} of {len(shards)} shards {_are(there)} in {job.output} already"])
    remove_leftovers(job.target(shard) for shard in shards)
    with _told_when_interrupted(manifest, job.output, list(names)), _shown(len(left)) as progress:
        run = engine(job, left, progress)
    _tell(run)
    missing = manifest.missing(job.output, names)
    if missing:
        reasons = {job.file_name(shard): _reason(run, shard) for shard in shards}
        shown = ", ".join(f"{name} ({reasons[name]})" for name in missing[:_SHOWN_SHARDS])
        more = f", … and {len(missing) - _SHOWN_SHARDS} more" if len(missing) > _SHOWN_SHARDS else ""
        raise ValueError(
            f"{len(missing)} of {len(shards)} shards {_are(len(missing))} missing from {job.output}: {shown}{more}"
        )
    return 0


def _job(options: argparse.Namespace, corpus: Corpus, is_one_file: bool) -> Job:
    folder = str(Path(options.output).parent) if is_one_file else options.output
    given = options.format or (Path(options.output).suffix.lower().removeprefix(".") if is_one_file else "parquet")
    if given == "parquet":
        require_pyarrow("--format parquet")
    columns = {"text_column": options.text_column, "id_column": options.id_column}
    settings = {"batch_size": options.batch_size, "overlap": options.overlap, **selection_settings(options)}
    return Job(
        model=options.model,
        output=folder,
        format=given,
        schema=corpus.schema(**columns) if given == "parquet" else None,
        revision=options.revision,
        token=options.token,
        backend=options.backend,
        dtype=options.dtype,
        device=options.device,
        reading=reading_settings(options),
        settings={name: value for name, value in settings.items() if value is not None},
        max_errors=MAX_ERRORS if options.max_errors is None else options.max_errors,
        **columns,
    )


def _only_shard(options: argparse.Namespace, corpus: Corpus) -> Shard:
    (source,) = corpus.sources
    return Shard(Path(options.output).stem, source.path, source.kind, source.compression, size=source.size)


def _check_output(options: argparse.Namespace, corpus: Corpus, is_one_file: bool) -> None:
    """Check the output before the model is loaded, which is slow.

    Raises:
        ValueError: it is neither a file that there can be, nor a folder of this command.
    """
    output = options.output
    suffix = Path(output).suffix.lower()
    if not is_one_file:
        is_named_as_file = suffix in _SUFFIXES_OF_FILES or (is_url(output) and suffix in SUFFIXES.values())
        if Path(output).is_file() or (is_named_as_file and not Path(output).is_dir()):
            raise ValueError(must_be("--output", "a folder, or a .parquet or .jsonl file", repr(output)))
        _check_outside(output, corpus.sources)
        _check_not_below(output, options.inputs)
        check_output_folder(output)
        return
    if len(corpus.sources) > 1:
        raise ValueError(must_be("--output", f"a folder for {len(corpus.sources)} input files", repr(output)))
    if options.shard is not None or options.shard_size is not None:
        raise ValueError(must_be("--output", "a folder with --shard and --shard-size", repr(output)))
    if options.format is not None and SUFFIXES[options.format] != suffix:
        raise ValueError(must_be("--format", f"left out with --output {output}", options.format))
    target = real_target(output)
    if not target.parent.is_dir():
        raise ValueError(must_be("--output", "a file in a folder that exists", repr(output)))
    if target.exists() and str(target) == os.path.realpath(corpus.sources[0].path):
        raise ValueError(must_be("--output", "another file than the input", repr(output)))


def _check_outside(output: str, sources: Sequence[Source]) -> None:
    """Check that the output folder has no input file in it: the next run would take its results for input."""
    if is_url(output):
        inside = [source.path for source in sources if source.path.startswith(f"{output.rstrip('/')}/")]
    else:
        folder = Path(os.path.realpath(output))
        inside = [
            source.path
            for source in sources
            if not is_url(source.path) and folder in Path(os.path.realpath(source.path)).parents
        ]
    if inside:
        raise ValueError(must_be("--output", "a folder without input files", f"{output} with {inside[0]}"))


def _check_not_below(output: str, inputs: Sequence[str]) -> None:
    """Check that the output folder is below no input folder: the same command would take its shards for input."""
    if is_url(output):
        above = [given for given in inputs if is_url(given) and output.startswith(f"{given.rstrip('/')}/")]
    else:
        parents = Path(os.path.realpath(output)).parents
        above = [given for given in inputs if not is_url(given) and Path(os.path.realpath(given)) in parents]
    if above:
        raise ValueError(must_be("--output", f"a folder outside of the input folder {above[0]}", output))


def _is_read_by_lines(path: str) -> bool:
    """Whether a path is that of one file which needs no more than reading its lines, or meant to be."""
    kind, compression = kind_of(path)
    if not path or Path(path).is_file():
        return kind != "parquet" and (kind is None or compression is None)
    if is_url(path) or is_pattern(path) or Path(path).is_dir():
        return False
    return kind not in (None, "parquet") and compression is None


def _is_folder(output: str) -> bool:
    return output.endswith(("/", os.sep)) or is_url(output) or Path(output).is_dir()


def _is_parquet(output: str) -> bool:
    return Path(output).suffix.lower() == SUFFIXES["parquet"]


@contextmanager
def _shown(shards: int) -> Iterator[ShardProgress]:
    """What shows how far a run is: texts, and shards."""
    shown = Progress("extracting", "texts")
    done = 0

    def advance(records: int, finished: int) -> None:
        nonlocal done
        done += finished
        shown.advance(records, f"{done} of {shards} shards" if finished else None)

    try:
        yield advance
    finally:
        shown.close()


@contextmanager
def _told_when_interrupted(manifest: Manifest, output: str, names: list[str]) -> Iterator[None]:
    """Say what is kept of a run that something ends, and how to go on."""
    try:
        with sigterm_raises():
            yield
    except BaseException:
        done = len(names) - len(manifest.missing(output, names))
        there = f"{done} of {len(names)} shards {_are(done)} in {output}"
        sys.stderr.write(f"\n{there}; the same command goes on from there.\n")
        raise


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def _reason(run: RunResult, shard: Shard) -> str:
    return "another run is writing it" if shard.name in run.taken else run.failed.get(shard.name, "removed since")


def _tell(run: RunResult) -> None:
    """Say what there was that was not extracted from."""
    notes = []
    if run.errors:
        have = "has" if run.errors == 1 else "have"
        notes.append(f"{run.errors} of {run.records} records {have} an error (field error), such as {run.first_error}")
    if run.blank:
        notes.append(f"{blank_note(run.blank)} of what is read; offsets count the tokens as they were given")
    write_notes(notes)
