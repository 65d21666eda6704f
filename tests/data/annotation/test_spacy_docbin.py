"""DocBins of spaCy, read and written."""

from __future__ import annotations

import gc
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spert_hf.data.annotation.annotated_text import AnnotatedText, TextEntity, TextRelation
from spert_hf.data.annotation.formats import FORMATS
from spert_hf.data.annotation.options import WritingOptions
from spert_hf.data.annotation.reading import choose_format, read_annotations
from spert_hf.data.annotation.report import Report
from spert_hf.data.annotation.sample import Sample
from tests.support.annotation_files import FILES, as_expected, expected_of, plain, shared_files

spacy = pytest.importorskip("spacy")

FOLDER = FILES / "spacy"
DOCS = FOLDER / "docs.spacy"
NAMES = [name for name in expected_of("spacy") if not name.startswith("_")]
REL = ("._.", "rel", None, None)
WORDS = ["Mira", "Voss", "founded", "Kestrel", "Labs", "."]


def read(path: Path, **options: str) -> tuple[list[AnnotatedText], Report]:
    report = Report()
    return read_annotations(path, "spacy", report=report, **options), report


def faults(report: Report) -> list[str]:
    return [str(fault.fault) for fault in report.faults]


def write(texts: list[AnnotatedText], path: Path, options: WritingOptions = WritingOptions()) -> Report:  # noqa: B008
    report = Report()
    FORMATS["spacy"].write(texts, path, options, report)
    assert report.adds_up()
    return report


def stored(path: Path) -> list[Any]:
    return [*spacy.tokens.DocBin().from_disk(path).get_docs(spacy.blank("en").vocab)]


def docs(path: Path, change: Callable[[Any], None], user_data: bool = True) -> Path:
    """A file with a doc of two mentions, ids a and b, both in doc.ents, changed."""
    doc = spacy.tokens.Doc(spacy.vocab.Vocab(), words=WORDS)
    span = lambda start, end, label, name: spacy.tokens.Span(doc, start, end, label=label, span_id=name)  # noqa: E731
    doc.set_ents([span(0, 2, "PER", "a"), span(3, 5, "ORG", "b")])
    change(doc)
    spacy.tokens.DocBin(store_user_data=user_data, docs=[doc]).to_disk(path)
    return path


@pytest.mark.parametrize("name", NAMES)
def test_reads_what_the_tool_wrote(name: str) -> None:
    for folder in (FOLDER, *([shared / "spacy"] if (shared := shared_files()) else [])):
        texts, report = read(folder / name)
        assert [*map(as_expected, texts)] == [*map(plain, expected_of("spacy")[name])]
        assert not report.faults
        assert any("saved without user data" in note for note in report.notes) == (name == "docs_no_user_data.spacy")


def test_format_is_told_from_the_content(tmp_path: Path) -> None:
    for name in NAMES:
        assert choose_format(FOLDER / name).name == "spacy"
    others = [path for path in FILES.rglob("*") if path.is_file() and path.suffix != ".spacy"]
    (tmp_path / "other.spacy").write_bytes(zlib.compress(b"something else"))
    assert len(others) > 30
    assert [path for path in [*others, tmp_path / "other.spacy"] if FORMATS["spacy"].recognises(Sample.of(path))] == []


def test_relations_by_first_tokens_hold_from_one_half_on(tmp_path: Path) -> None:
    def change(doc: Any) -> None:
        doc.user_data[REL] = {(0, 3): {"founded": 1.0, "left": 0.49, "runs": 0.5}, (3, 0): {"founded": 0.0}, (0, 0): {}}

    texts, report = read(docs(tmp_path / "a.spacy", change))
    assert not report.faults
    found = [(each.type, each.head, each.tail, each.score) for each in texts[0].relations]
    assert found == [("founded", 0, 1, None), ("runs", 0, 1, 0.5)]


def test_mentions_with_the_same_first_token_cannot_be_told_apart(tmp_path: Path) -> None:
    def change(doc: Any) -> None:
        span = spacy.tokens.Span
        doc.spans["sc"] = [span(doc, 0, 2, label="PER"), span(doc, 0, 1, label="PER"), span(doc, 3, 5, label="ORG")]
        doc.user_data[REL] = {(0, 3): {"founded": 1.0}, (3, 3): {"is": 1.0}}

    texts, report = read(docs(tmp_path / "a.spacy", change))
    assert [len(texts[0].entities), [each.type for each in texts[0].relations]] == [3, ["is"]]
    assert report.count_left_out("relations") == 1
    assert any("several begin with the same one" in line for line in report.lines())


def test_relations_in_the_attributes_of_a_group(tmp_path: Path) -> None:
    def change(doc: Any) -> None:
        group = spacy.tokens.SpanGroup(doc, name="sc", spans=[*doc.ents], attrs={"relations": [["a", "b", "founded"]]})
        doc.spans["sc"] = group

    texts, _ = read(docs(tmp_path / "a.spacy", change, user_data=False))
    assert texts[0].relations == [TextRelation("founded", 0, 1)]


def test_the_larger_one_of_entities_and_group_is_read_and_the_rest_counted(tmp_path: Path) -> None:
    def change(doc: Any) -> None:
        span = spacy.tokens.Span
        doc.spans["sc"] = [span(doc, 0, 2, label="PER"), span(doc, 0, 1, label="X"), span(doc, 1, 2, label="Y")]
        doc.spans["other"] = [span(doc, 2, 3, label="Z")]

    path = docs(tmp_path / "a.spacy", change)
    texts, report = read(path)
    assert [each.type for each in texts[0].entities] == ["PER", "X", "Y"]
    assert report.count_left_out("entities") == 1
    assert [each.type for each in read(path, entity_layer="ents")[0][0].entities] == ["PER", "ORG"]
    assert [each.type for each in read(path, entity_layer="other")[0][0].entities] == ["Z"]
    texts, report = read(path, entity_layer="sd")
    assert (texts, faults(report)) == ([], ["entity_layer must be one of ents, sc, other, got 'sd'"])


def test_the_only_group_is_read_whatever_its_name(tmp_path: Path) -> None:
    def change(doc: Any) -> None:
        doc.spans["mine"] = [spacy.tokens.Span(doc, start, start + 1, label="T") for start in range(3)]

    assert len(read(docs(tmp_path / "a.spacy", change))[0][0].entities) == 3


BAD = [
    ({"relations": 5}, ["user_data.relations", "5"]),
    ({"relations": [("a", "b")]}, ["user_data.relations[0]", "('a', 'b')"]),
    ({"relations": [("a", "x", "r")]}, ["user_data.relations[0][1]", "'x', which no span has"]),
    ({"relations": [("a", "b", 7)]}, ["user_data.relations[0][2]", "7"]),
    ({"relations": [("a", ["b"], "r")]}, ["user_data.relations[0][1]", "('b',)"]),
    ({REL: 5}, ["doc._.rel", "5"]),
    ({REL: {5: {}}}, ["doc._.rel[5]"]),
    ({REL: {(0, 3): 1.0}}, ["doc._.rel[(0, 3)]", "1.0"]),
    ({REL: {(0, 3): {"r": "yes"}}}, ["doc._.rel[(0, 3)]['r']", "'yes'"]),
    ({REL: {(0, 900): {"r": 1.0}}}, ["doc._.rel[(0, 900)]['r']", "token 900"]),
]


@pytest.mark.parametrize(("data", "told"), BAD)
def test_what_is_wrong_with_relations_is_told(tmp_path: Path, data: dict[Any, Any], told: list[str]) -> None:
    path = docs(tmp_path / "a.spacy", lambda doc: doc.user_data.update(data))
    texts, report = read(path)
    assert [len(texts[0].entities), len(texts[0].relations)] == [2, 0]
    assert len(report.faults) == 1
    assert str(report.faults[0]).startswith(f"{path}, record 1: ")
    assert all(part in str(report.faults[0]) for part in told), report.faults


def test_all_faults_come_at_once(tmp_path: Path) -> None:
    data = {"relations": [("a", "x", "r"), ("a", "b", "r"), ("y", "b", "r")], REL: {(0, 9): {"r": 1.0}}}
    texts, report = read(docs(tmp_path / "a.spacy", lambda doc: doc.user_data.update(data)))
    assert len(report.faults) == 3
    assert texts[0].relations == [TextRelation("r", 0, 1)]


def test_an_id_of_two_spans_is_a_fault_where_a_relation_names_it(tmp_path: Path) -> None:
    def change(doc: Any) -> None:
        doc.spans["sc"] = [spacy.tokens.Span(doc, n, n + 1, label="T", span_id=name) for n, name in enumerate("xxz")]
        doc.user_data["relations"] = [("x", "z", "r"), ("z", "z", "r")]

    texts, report = read(docs(tmp_path / "a.spacy", change))
    assert [len(texts[0].relations), len(report.faults)] == [1, 1]
    assert "several spans have" in faults(report)[0]


@pytest.mark.parametrize("length", [0, 2, 100, 600, -1])
def test_a_file_that_is_cut_off_is_one_fault(tmp_path: Path, length: int) -> None:
    path = tmp_path / "a.spacy"
    path.write_bytes(DOCS.read_bytes()[:length])
    texts, report = read(path)
    assert (texts, len(report.faults)) == ([], 1)
    assert str(path) in str(report.faults[0])
    assert "\n" not in str(report.faults[0])
    assert gc.isenabled()


def test_files_of_other_tools_are_one_fault() -> None:
    for path in FILES.rglob("*"):
        if path.is_file() and path.suffix != ".spacy":
            texts, report = read(path)
            assert (texts, len(report.faults)) == ([], 1)


PLAIN = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-5, 9), st.floats(), st.sampled_from(["a", "b", "r", ""])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.tuples(inner, inner), st.dictionaries(st.sampled_from(["a", "r"]), inner)
    ),
    max_leaves=8,
)
REL_LIKE = st.dictionaries(
    st.tuples(st.integers(-1, 7), st.integers(-1, 7)), st.dictionaries(st.text(max_size=1), PLAIN)
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(relations=PLAIN, rel=st.one_of(PLAIN, REL_LIKE), identifier=PLAIN)
def test_whatever_the_user_data_the_mentions_are_read(
    tmp_path: Path, relations: Any, rel: Any, identifier: Any
) -> None:
    data = {"relations": relations, REL: rel, "id": identifier}
    texts, report = read(docs(tmp_path / "a.spacy", lambda doc: doc.user_data.update(data)))
    assert [len(text.entities) for text in texts] == [2]
    assert all(str(fault).startswith(f"{tmp_path / 'a.spacy'}, record 1: ") for fault in report.faults)


@pytest.mark.parametrize("place", [9, 17, 30, -3, -900])
def test_a_damaged_file_is_read_or_told(tmp_path: Path, place: int) -> None:
    content = bytearray(zlib.decompress(DOCS.read_bytes()))
    content[place] ^= 0x55
    (tmp_path / "a.spacy").write_bytes(zlib.compress(bytes(content)))
    texts, report = read(tmp_path / "a.spacy")
    assert texts or report.faults
    assert gc.isenabled()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 1 << 20), st.integers(1, 255))
def test_a_doc_with_damage_anywhere_is_read_or_told(tmp_path: Path, place: int, change: int) -> None:
    content = bytearray(zlib.decompress(DOCS.read_bytes()))
    content[place % len(content)] ^= change
    (tmp_path / "a.spacy").write_bytes(zlib.compress(bytes(content)))
    texts, report = read(tmp_path / "a.spacy")
    assert texts or report.faults


def test_a_label_that_is_not_stored_is_a_fault_of_its_doc(tmp_path: Path) -> None:
    path = docs(tmp_path / "a.spacy", lambda doc: None)
    bin = spacy.tokens.DocBin().from_disk(path)
    bin.strings.discard("PER")
    bin.to_disk(path)
    texts, report = read(path)
    assert not texts
    (fault,) = report.faults
    assert str(fault).startswith(f"{path}, record 1: must be a doc of spaCy, got damaged data (")


LETTERS = st.text(
    st.one_of(st.sampled_from("ab  \n\r\t.-'🪐👩‍🚀\u0308\x00\x0c"), st.characters(codec="utf-8")), max_size=25
)
LABELS = st.one_of(st.none(), st.sampled_from(["PER", "Ö <&> \"'", "🪐"]))


@st.composite
def annotated(draw: Callable) -> AnnotatedText:
    text = draw(LETTERS)
    entities, relations = [], []
    for _ in range(draw(st.integers(0, 5)) if text else 0):
        start = draw(st.integers(0, len(text) - 1))
        entities.append(TextEntity(draw(LABELS), start, draw(st.integers(start + 1, len(text)))))
    for _ in range(draw(st.integers(0, 4)) if entities else 0):
        ends = [draw(st.integers(0, len(entities) - 1)) for _ in range(2)]
        relations.append(TextRelation(draw(LABELS), *ends))
    return AnnotatedText(text, entities, relations, draw(st.sampled_from([None, "a", "ä/..\\:"])))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(annotated(), min_size=1, max_size=3))
def test_what_is_written_is_read_again(tmp_path: Path, texts: list[AnnotatedText]) -> None:
    write(texts, tmp_path / "a.spacy")
    back, report = read(tmp_path / "a.spacy", entity_layer="sc")
    assert not report.faults
    assert [*map(as_expected, back)] == [*map(as_expected, texts)]
    assert [text.id for text in back] == [text.id for text in texts]


def test_written_for_the_tutorial_and_for_spans(tmp_path: Path) -> None:
    entities = [TextEntity("PER", 0, 9), TextEntity("ORG", 18, 30), TextEntity("X", 18, 25), TextEntity("Y", 20, 25)]
    relations = [TextRelation("founded", 0, 1), TextRelation("part_of", 2, 1)]
    text = AnnotatedText("Mira Voss founded Kestrel Labs.", entities, relations, "t1")
    options = WritingOptions(relation_types=("founded", "part_of"))
    report = write([text], tmp_path / "a.spacy", options)
    (doc,) = stored(tmp_path / "a.spacy")
    assert [token.text for token in doc] == ["Mira", "Voss", "founded", "Ke", "strel", "Labs", "."]
    assert doc.text == text.text
    assert [(ent.text, ent.label_) for ent in doc.ents] == [("Mira Voss", "PER"), ("Kestrel Labs", "ORG")]
    assert [(one.text, one.id_) for one in doc.spans["sc"]] == [
        ("Mira Voss", "e0"), ("Kestrel Labs", "e1"), ("Kestrel", "e2"), ("strel", "e3")
    ]  # fmt: skip
    assert doc.user_data["relations"] == (("e0", "e1", "founded"), ("e2", "e1", "part_of"))
    none = {"founded": 0.0, "part_of": 0.0}
    assert doc.user_data[REL] == {(0, 0): none, (0, 3): {**none, "founded": 1.0}, (3, 0): none, (3, 3): none}
    assert any("not in doc.ents" in note for note in report.notes)
    back, of_reading = read(tmp_path / "a.spacy")
    assert as_expected(back[0]) == as_expected(text)
    assert of_reading.count_left_out("relations") == 0


def test_entities_end_with_blanks_where_they_do(tmp_path: Path) -> None:
    text = AnnotatedText("a b c", [TextEntity("A", 0, 2), TextEntity("B", 3, 5)])
    write([text], tmp_path / "a.spacy")
    assert as_expected(read(tmp_path / "a.spacy")[0][0]) == as_expected(text)
    assert [token.text_with_ws for token in stored(tmp_path / "a.spacy")[0]] == ["a", " ", "b", " ", "c"]


def test_what_docs_cannot_hold_is_told(tmp_path: Path) -> None:
    entities = [
        TextEntity("A", 0, 5, more_types=("B",), score=0.5),
        TextEntity("C", 0, 5, fragments=((0, 1), (4, 5)), score=0.25),
    ]
    text = AnnotatedText("a b c", entities, [TextRelation("r", 0, 1, both_ways=True, score=0.75)])
    report = write([text], tmp_path / "a.spacy")
    back, _ = read(tmp_path / "a.spacy")
    assert [(each.type, each.score) for each in back[0].entities] == [("A", 0.5), ("B", 0.5), ("C", 0.25)]
    assert [(each.head, each.tail) for each in back[0].relations] == [(0, 2), (2, 0)]
    told = "\n".join(report.lines())
    assert all(
        part in told for part in ("several labels", "in several parts", "drawn both ways", "scores of relations")
    )


def test_nothing_is_half_written(tmp_path: Path) -> None:
    def texts():  # type: ignore[no-untyped-def]
        yield AnnotatedText("a")
        raise RuntimeError("the model fell over")

    with pytest.raises(RuntimeError, match="fell over"):
        write(texts(), tmp_path / "a.spacy")
    assert [*tmp_path.iterdir()] == []


def test_the_library_is_imported_only_for_this_format() -> None:
    code = (
        "import sys\n"
        "from spert_hf.data.annotation.formats import format_of\n"
        "from pathlib import Path\n"
        f"print(format_of(Path({str(DOCS)!r})).name)\n"
        "print([name for name in ('cassis', 'lxml', 'spacy', 'thinc') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["spacy", "[]"]


def test_a_missing_library_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "spacy", None)
    with pytest.raises(
        ValueError, match=r"^format 'spacy' needs the package spacy: pip install spacy \(or 'spert-hf\[spacy\]'\)$"
    ):
        read(DOCS)
