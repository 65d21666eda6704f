"""Files as no one should write them: each is read right or refused in one clear message, soon and in little memory."""

import codecs
import gzip
import json
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spert_hf.data import DocumentError, SchemaError, TypeSchema, read_documents, read_inputs
from spert_hf.data.documents import Document
from spert_hf.training.arguments import SpertTrainingArguments, read_recipe
from tests.data.document_strategies import records
from tests.support import growth

READERS = {
    ".json": read_documents,
    ".jsonl": read_documents,
    "inputs.json": lambda path: list(read_inputs(path)),
    "inputs.jsonl": lambda path: list(read_inputs(path)),
    "inputs.txt": lambda path: list(read_inputs(path)),
    "inputs.csv": lambda path: list(read_inputs(path)),
    "types.json": TypeSchema.from_file,
    "recipe.yaml": read_recipe,
}
LONGEST_MESSAGE = 60 * 1000
"""Characters: fifty faults at most, each of a line or two."""

json_leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=6)
field_names = st.sampled_from(
    ["tokens", "entities", "relations", "text", "type", "start", "end", "head", "tail", "\ud800"]
)
json_likes = st.recursive(
    json_leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(field_names, inner, max_size=4),
    max_leaves=12,
)


def refused_or_read(read, path):
    """The error's message, or None; anything but a right result or one clear error fails."""
    try:
        read(path)
    except ValueError as error:
        message = str(error)
        assert str(path) in message
        assert len(message) < LONGEST_MESSAGE
        assert message.isprintable() or "\n" in message
        return message
    return None


@pytest.fixture(params=READERS)
def reader(request, tmp_path):
    """A reader, and a file that it should read."""
    return READERS[request.param], tmp_path / f"given-{request.param}"


@given(content=st.binary(max_size=60))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes(reader, content):
    read, path = reader
    path.write_bytes(content)
    refused_or_read(read, path)


@given(value=json_likes)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_json(reader, value):
    read, path = reader
    path.write_text(json.dumps(value))
    refused_or_read(read, path)
    path.write_text(json.dumps([value]))
    refused_or_read(read, path)


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(b"[]", mtime=0),
        codecs.BOM_UTF16_LE + "[]".encode("utf-16-le"),
        codecs.BOM_UTF16_BE + "[]".encode("utf-16-be"),
        "[{'tokens': ['é']}]".encode("latin-1"),
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a": ' * 100_000,
        b'[{"tokens": ["a"], "n": 1' + b"0" * 10_000 + b"}]",
    ],
    ids=["gzip", "utf-16-le", "utf-16-be", "latin-1", "open lists", "deep lists", "deep objects", "huge number"],
)
def test_what_is_no_such_file_is_refused(reader, content):
    read, path = reader
    path.write_bytes(content)
    message = refused_or_read(read, path)
    as_text = path.suffix in (".txt", ".csv")  # where brackets and digits are words like others
    assert message is not None or (as_text and content.isascii()) or b"tokens" in content


@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("suffix", [".json", ".jsonl"])
def test_marks_and_line_ends_of_other_systems(tmp_path, mark, end, suffix):
    record = {"tokens": ["a\u2028b", "\x00", "a\x85b"], "entities": [], "relations": []}
    text = json.dumps(record, ensure_ascii=False)
    path = tmp_path / f"given{suffix}"
    path.write_bytes(
        mark + (f"[{end}{text}{end}]{end}" if suffix == ".json" else f"{text}{end}{end}{text}{end}").encode()
    )
    for document in read_documents(path):
        assert document.to_record() == record


@given(st.lists(records(), max_size=3), st.integers(0, 200), st.binary(min_size=1, max_size=3))
def test_damaged_files_of_documents(tmp_path_factory, given_records, place, damage):
    """What is still valid JSON is read as what it says; all else is refused."""
    path = tmp_path_factory.mktemp("damaged") / "documents.json"
    content = json.dumps(given_records).encode()
    content = content[:place] + damage + content[place + len(damage) :]
    path.write_bytes(content)
    with suppress(DocumentError):
        assert [document.to_record()["tokens"] for document in read_documents(path)] == [
            record["tokens"] for record in json.loads(content)
        ]


def crowded(words, entities, relations):
    """A sentence with many entities and the same few relations again and again."""
    spans = [{"type": "Loc", "start": i % words, "end": i % words + 1 + i // words} for i in range(entities)]
    pairs = [{"type": "Near", "head": i % entities, "tail": (i + 1) % entities} for i in range(relations)]
    return {"tokens": ["word"] * words, "entities": spans, "relations": pairs}


class TestGrowth:
    """Time grows with the size, not with its square."""

    @pytest.mark.parametrize(
        "make",
        [
            lambda n: crowded(20_000 * n, 1, 0),
            lambda n: crowded(2_000, 300 * n, 0),
            lambda n: crowded(2_000, 300, 3_000 * n),
            lambda n: {"tokens": ["a"], "entities": [{"type": "T", "start": 0, "end": 9}] * 1_000 * n},
        ],
        ids=["words", "entities", "repeated relations", "faults"],
    )
    def test_documents(self, make):
        def work(times):
            record = make(times)

            def read():
                with suppress(DocumentError):
                    Document.from_record(record)

            return read

        assert growth.exponent(work, largest=16) < growth.BELOW_THE_SQUARE

    def test_types(self):
        def work(count):
            types = {"entities": {f"T{i}": {} for i in range(count)}, "relations": {}}
            return lambda: TypeSchema.from_dict(types)

        assert growth.exponent(work, largest=8_000) < growth.BELOW_THE_SQUARE


def test_repeated_relations_are_dropped():
    assert len(Document.from_record(crowded(2_000, 300, 3_000)).relations) == 300


class TestRecipes:
    @pytest.mark.parametrize(
        ("content", "expected"),
        [
            (b"seed: [" + b"[" * 5_000, "nested"),
            (b"\xff\xfeseed: 7", "UTF-16"),
            (b"seed: \xe9", "UTF-8"),
            (b"seed: 1" + b"0" * 10_000, "is not valid YAML"),
            (b"seed: !!python/object/apply:os.system [ls]", "is not valid YAML"),
            (b"? [a, b]\n: 1", "is not valid YAML"),
            (b"seed: 1\nseed: 2", "line 1: seed is given twice"),
            (b"x: 1\n" * 300_000, "must be at most 100,000 bytes long, got 1,500,000"),
        ],
    )
    def test_are_refused_by_name(self, tmp_path, content, expected):
        path = tmp_path / "recipe.yaml"
        path.write_bytes(content)
        message = refused_or_read(read_recipe, path)
        assert message is not None
        assert expected in message

    def test_a_value_that_unfolds_to_billions_is_not_written_out(self, tmp_path):
        path = tmp_path / "recipe.yaml"
        unfolding = ["x0: &x0 [a, a]", *(f"x{i}: &x{i} [{', '.join([f'*x{i - 1}'] * 9)}]" for i in range(1, 30))]
        path.write_text("\n".join([*unfolding, "seed: *x29"]))
        assert growth.peak_bytes(lambda: refused_or_read(read_recipe, path)) < 10_000_000

    @pytest.mark.parametrize("value", [".inf", "-.inf", ".nan"])
    def test_numbers_without_an_end_are_refused(self, tmp_path, value):
        path = tmp_path / "recipe.yaml"
        path.write_text(f"learning_rate: {value}")
        with pytest.raises(ValueError, match=r"learning_rate must be a number of 0 or more, got "):
            SpertTrainingArguments(**read_recipe(path))

    def test_byte_order_mark_and_line_ends(self, tmp_path):
        path = tmp_path / "recipe.yaml"
        path.write_bytes(codecs.BOM_UTF8 + b"seed: 7\r\nbf16: true\r\n")
        assert read_recipe(path) == {"seed": 7, "bf16": True}


def test_unreadable_types_name_the_file(tmp_path):
    path = tmp_path / "types.json"
    path.write_text('{"entities": {"A": {}}, "entities": {"B": {}}, "relations": {}}')
    with pytest.raises(SchemaError, match="'entities' must be unique in its object, got it twice"):
        TypeSchema.from_file(path)
