"""UIMA CAS as INCEpTION exports it, and as it is written for it."""

from __future__ import annotations

import copy
import io
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spert_hf.data.annotation import uima_files
from spert_hf.data.annotation.annotated_text import AnnotatedText, TextEntity, TextRelation
from spert_hf.data.annotation.formats import FORMATS
from spert_hf.data.annotation.options import WritingOptions
from spert_hf.data.annotation.reading import choose_format, read_annotations
from spert_hf.data.annotation.report import Report
from spert_hf.data.annotation.sample import Sample
from tests.support.annotation_files import FILES, as_expected, expected_of, plain, shared_files

pytest.importorskip("cassis")

FOLDER = FILES / "cas"
TYPES = (FOLDER / "TypeSystem.xml").read_bytes()
XMI = (FOLDER / "doc.xmi").read_text(encoding="utf-8")
NAMED = (FOLDER / "doc_namedentity.xmi").read_text(encoding="utf-8")
JSON = json.loads((FOLDER / "doc.json").read_text(encoding="utf-8"))
NER = "de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity"


def read(path: Path, **options: str) -> tuple[list[AnnotatedText], Report]:
    report = Report()
    return read_annotations(path, "inception", report=report, **options), report


def faults(report: Report) -> list[str]:
    return [str(fault.fault) for fault in report.faults]


def xmi(folder: Path, content: str, types: bytes = TYPES) -> Path:
    (folder / "TypeSystem.xml").write_bytes(types)
    path = folder / "a.xmi"
    path.write_bytes(content.encode())
    return path


def archive(path: Path, files: dict[str, bytes | str]) -> Path:
    with zipfile.ZipFile(path, "w") as stream:
        for name, content in files.items():
            stream.writestr(name, content)
    return path


def inner(files: dict[str, bytes | str]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as writer:
        for name, content in files.items():
            writer.writestr(name, content)
    return stream.getvalue()


def by(annotator: str, content: str = XMI) -> str:
    return content.replace('documentId="annotator1"', f'documentId="{annotator}"')


def write(texts: list[AnnotatedText], path: Path) -> Report:
    report = Report()
    FORMATS["inception"].write(texts, path, WritingOptions(), report)
    assert report.adds_up()
    return report


@pytest.mark.parametrize("name", [*expected_of("cas")])
def test_reads_what_the_tool_wrote(name: str) -> None:
    for folder in (FOLDER, *([shared / "cas"] if (shared := shared_files()) else [])):
        texts, report = read(folder / name)
        assert [*map(as_expected, texts)] == [*map(plain, expected_of("cas")[name])]
        assert not report.faults
        assert texts[0].id == "voss.txt"
        assert texts[0].extra == {"annotator": "annotator1"}


def test_format_is_told_from_the_content(tmp_path: Path) -> None:
    for name in expected_of("cas"):
        assert choose_format(FOLDER / name).name == "inception"
    assert choose_format(FOLDER).name == "inception"
    assert choose_format(archive(tmp_path / "a.zip", {"x.xmi": XMI})).name == "inception"
    assert choose_format(archive(tmp_path / "b.zip", {"x.json": json.dumps(JSON)})).name == "inception"
    of_project = archive(tmp_path / "c.zip", {"exportedproject1.json": "{}", "annotation/a/b.zip": b""})
    assert choose_format(of_project).name == "inception"


def test_files_of_other_tools_are_not_taken_for_it(tmp_path: Path) -> None:
    others = [path for path in FILES.rglob("*") if path.is_file() and (path.parent != FOLDER or "doc" not in path.name)]
    assert len(others) > 30
    assert [path for path in others if FORMATS["inception"].recognises(Sample.of(path))] == []
    assert not FORMATS["inception"].recognises(Sample.of(archive(tmp_path / "a.zip", {"admin.jsonl": "{}\n"})))


def test_an_end_that_is_not_in_the_index_is_converted_too_and_told() -> None:
    texts, report = read(FOLDER / "doc_unindexed_endpoint.xmi")
    assert (texts[0].entities[1].start, texts[0].entities[1].end) == (18, 31)
    assert any("no longer in the tool's index" in line for line in report.lines())


def test_an_end_without_text_has_offsets_of_cassis(tmp_path: Path) -> None:
    content = (FOLDER / "doc_unindexed_endpoint.xmi").read_text(encoding="utf-8")
    content = content.replace('xmi:id="21" sofa="1" begin="19" end="32"', 'xmi:id="21" begin="18" end="31"')
    texts, report = read(xmi(tmp_path, content))
    assert [*map(as_expected, texts)] == [*map(plain, expected_of("cas")["doc_unindexed_endpoint.xmi"])]
    assert not report.faults


def test_of_a_project_one_annotation_of_each_document_is_read(tmp_path: Path) -> None:
    types = {"TypeSystem.xml": TYPES}
    files = {
        "exportedproject12.json": "{}",
        "source/a.xmi": "not to be read",
        "annotation/a.txt/INITIAL_CAS.zip": inner({"INITIAL_CAS.xmi": XMI, **types}),
        "annotation/a.txt/ann.zip": inner({"ann.xmi": by("ann"), **types}),
        "annotation/a.txt/bob.zip": inner({"bob.xmi": by("bob", NAMED), **types}),
        "annotation/b.txt/ann.zip": inner({"ann.xmi": by("ann", NAMED), **types}),
        "curation/a.txt/CURATION_USER.zip": inner({"CURATION_USER.json": json.dumps(JSON)}),
    }
    path = archive(tmp_path / "project.zip", files)
    texts, report = read(path)
    assert not report.faults
    assert [text.source.source.removeprefix(f"{path}/") for text in texts] == [
        "curation/a.txt/CURATION_USER.zip/CURATION_USER.json",
        "annotation/b.txt/ann.zip/ann.xmi",
    ]
    assert [report.count_left_out(kind) for kind in ("texts", "entities", "relations")] == [2, 7 + 4, 5 + 3]
    assert len(read(path, annotations="all")[0]) == 4
    texts, report = read(path, annotations="by bob")
    assert [text.extra["annotator"] for text in texts] == ["bob"]
    assert report.count_left_out("texts") == 3


@pytest.mark.parametrize("names", [("a.xmi", "./b.xmi"), ("a.xmi", "./a.xmi"), ("x//a.xmi", "x/./b.xmi")])
def test_each_document_of_an_archive_is_read_whatever_its_path(tmp_path: Path, names: tuple[str, str]) -> None:
    texts, report = read(archive(tmp_path / "a.zip", {"TypeSystem.xml": TYPES, **dict.fromkeys(names, XMI)}))
    assert not report.faults
    assert [text.source.source for text in texts] == [str(tmp_path / "a.zip" / name) for name in names]


def test_files_beside_the_folders_of_a_project_do_not_matter(tmp_path: Path) -> None:
    files = {"annotation": "x", "annotation/readme.json": json.dumps(JSON), "annotation/a/ann.json": json.dumps(JSON)}
    texts, report = read(archive(tmp_path / "a.zip", files))
    assert (len(texts), report.faults) == (1, [])


def test_a_file_that_unpacks_to_very_much_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uima_files, "LARGEST_CAS", 100_000)
    large = {"TypeSystem.xml": TYPES, "b.xmi": XMI + " " * 100_000}
    texts, report = read(archive(tmp_path / "a.zip", {"a.xmi": XMI, **large, "c.zip": inner(large)}))
    assert [text.source.source for text in texts] == [str(tmp_path / "a.zip" / "a.xmi")]
    assert ["more than 100,000" in each for each in faults(report)] == [True, True]


def test_a_project_exported_without_cas_is_a_fault(tmp_path: Path) -> None:
    _, report = read(archive(tmp_path / "p.zip", {"exportedproject1.json": "{}", "annotation_ser/a/b.ser": "x"}))
    assert len(report.faults) == 1
    assert "secondary format" in faults(report)[0]


def test_xmi_in_an_archive_needs_its_type_system(tmp_path: Path) -> None:
    texts, report = read(archive(tmp_path / "a.zip", {"ann.xmi": XMI, "TypeSystem.xml": TYPES}))
    assert len(texts) == 1
    assert not report.faults
    _, report = read(archive(tmp_path / "b.zip", {"ann.xmi": XMI}))
    assert [fault.fault.field for fault in report.faults] == ["TypeSystem.xml"]
    (tmp_path / "alone.xmi").write_text(XMI, encoding="utf-8")
    _, report = read(tmp_path / "alone.xmi")
    assert "TypeSystem.xml must be beside the XMI" in faults(report)[0]


LAYERS = [
    ({}, ["PER", "ORG", "PER", None], ["sold", "sold_to", None]),
    ({"entity_layer": "NamedEntity"}, ["PER", "ORG", "PER", None], ["sold", "sold_to", None]),
    (
        {"entity_layer": NER, "relation_layer": "webanno.custom.Tie"},
        ["PER", "ORG", "PER", None],
        ["sold", "sold_to", None],
    ),
    ({"entity_layer": NER, "relation_layer": "Relation"}, ["PER", "ORG", "PER", None], []),
    ({"entity_layer": "custom.Span"}, [], []),
]


@pytest.mark.parametrize(("options", "entities", "relations"), LAYERS)
def test_layers(options: dict[str, str], entities: list[str | None], relations: list[str | None]) -> None:
    texts, report = read(FOLDER / "doc_namedentity.xmi", **options)
    assert not report.faults
    assert [each.type for each in texts[0].entities] == entities
    assert [each.type for each in texts[0].relations] == relations
    if options == {"entity_layer": "custom.Span"}:
        assert report.count_left_out("relations") == 3
        assert any(NER in note for note in report.notes)


def test_a_layer_that_is_not_there_is_a_fault_that_names_those_that_are() -> None:
    for name, allowed in (("entity_layer", "custom.Span"), ("relation_layer", "webanno.custom.Tie")):
        texts, report = read(FOLDER / "doc.xmi", **{name: "custom.Spam"})
        assert texts == []
        assert len(report.faults) == 1
        assert name in faults(report)[0]
        assert allowed in faults(report)[0]
        assert "'custom.Spam'" in faults(report)[0]
    assert read(FOLDER / "doc.xmi", entity_layer="Token")[1].faults


def test_of_several_layers_one_has_to_be_chosen(tmp_path: Path) -> None:
    other = '<c:Span xmlns:c="http:///custom.ecore" xmi:id="90" sofa="1" begin="3" end="7" label="X"/>'
    both = NAMED.replace("<cas:Sofa", f"{other}<cas:Sofa")
    both = re.sub(r"<custom:Tie[^>]*/>", "", both).replace(" 24 25 26", " 90")
    path = xmi(tmp_path, both)
    _, report = read(path)
    assert len(report.faults) == 1
    assert "entity_layer" in faults(report)[0]
    assert "custom.Span" in faults(report)[0]
    assert NER in faults(report)[0]
    assert [each.type for each in read(path, entity_layer="Span")[0][0].entities] == ["X"]


def test_the_only_feature_for_text_is_the_label(tmp_path: Path) -> None:
    named = NAMED.replace('value="', 'kind="')
    types = TYPES.replace(b"<name>value</name>", b"<name>kind</name>")
    texts, _ = read(xmi(tmp_path, named, types))
    assert [each.type for each in texts[0].entities] == ["PER", "ORG", "PER", None]


def test_relations_of_tokens_are_left_out_with_the_reason(tmp_path: Path) -> None:
    name = b"de.tudarmstadt.ukp.dkpro.core.api.segmentation.type.Token"
    types = TYPES.replace(f"<rangeTypeName>{NER}".encode(), b"<rangeTypeName>" + name)
    content = re.sub(r'Dependent="\d+" Governor="\d+"', 'Dependent="5" Governor="6"', NAMED)
    texts, report = read(xmi(tmp_path, content, types))
    assert not report.faults
    assert len(texts[0].entities) == 4
    assert texts[0].relations == []
    assert any("connects tokens" in line for line in report.lines())
    assert report.count_left_out("relations") == 3


def test_an_annotation_of_no_characters_is_left_out_with_its_relations(tmp_path: Path) -> None:
    texts, report = read(
        xmi(
            tmp_path,
            XMI.replace('xmi:id="34" sofa="1" begin="42" end="50"', 'xmi:id="34" sofa="1" begin="42" end="42"'),
        )
    )
    assert not report.faults
    assert [len(texts[0].entities), len(texts[0].relations)] == [6, 4]
    assert [report.count_left_out(kind) for kind in ("entities", "relations")] == [1, 1]


def test_line_ends_that_xml_turns_into_blanks_are_told(tmp_path: Path) -> None:
    _, report = read(xmi(tmp_path, XMI.replace("&#13;&#10;", "\n ")))
    assert any("line ends in sofaString" in note for note in report.notes)


BAD = [
    (('id="32" sofa="1" begin="8"', 'id="32" sofa="1" begin="-8"'), ["custom.Span#32.begin", "-8"]),
    (('id="32" sofa="1" begin="8"', 'id="32" sofa="1" begin="eight"'), ["custom.Span#32.begin", "'eight'"]),
    (('id="32" sofa="1" begin="8"', 'id="32" sofa="1" begin="1"'), ["custom.Span#32.begin", "1, inside a character"]),
    (('id="32" sofa="1" begin="8" end="17"', 'id="32" sofa="1" begin="17" end="8"'), ["custom.Span#32.end", "8"]),
    (
        ('id="32" sofa="1" begin="8" end="17"', 'id="32" sofa="1" begin="8" end="999"'),
        ["custom.Span#32.end", "999", "120"],
    ),
    (('Dependent="33" Governor="32"', 'Dependent="9999" Governor="32"'), ["custom.Relation#39.Dependent", "9999"]),
    (('Dependent="33" Governor="32"', 'Dependent="33"'), ["custom.Relation#39.Governor", "nothing"]),
    (('Dependent="33" Governor="32"', 'Dependent="33" Governor="1"'), ["custom.Relation#39.Governor", "1"]),
    (('xmi:id="33"', 'xmi:id="32"'), ["Span: the id", "32, which another one has"]),
    (('xmi:id="33"', ""), ["Span: the id", "nothing"]),
    (('members="2 3', 'members="777 2 3'), ["the members of the view", "777"]),
    (('label="PER"', 'lable="PER"'), ["TypeError", "lable"]),
    (("<custom:Span ", "<custom:Spam "), ["TypeNotFoundError", "custom.Spam"]),
    (("</xmi:XMI>", ""), ["XML that is cut off or damaged"]),
    (("version='1.0'", "version='1.1'"), ["XML 1.1", "UIMA CAS JSON"]),
    (("sofaString=", "sofaURI="), ["sofaString", "nothing"]),
    (("xmi:XMI", "xmi:Other"), ["XML of another kind"]),
]


@pytest.mark.parametrize(("change", "told"), BAD)
def test_what_is_wrong_in_xmi_is_told(tmp_path: Path, change: tuple[str, str], told: list[str]) -> None:
    assert change[0] in XMI
    path = xmi(tmp_path, XMI.replace(*change))
    _, report = read(path)
    assert report.faults
    lines = [str(fault) for fault in report.faults]
    assert all("\n" not in line and str(path) in line for line in lines)
    assert any(all(part in line for part in told) for line in lines), lines


def test_all_faults_come_at_once(tmp_path: Path) -> None:
    content = XMI
    for change, _ in BAD[:1] + BAD[5:6]:
        content = content.replace(*change)
    content = content.replace('id="38" sofa="1" begin="107" end="119"', 'id="38" sofa="1" begin="107" end="107000"')
    texts, report = read(xmi(tmp_path, content))
    assert len(report.faults) == 3
    assert [len(texts[0].entities), len(texts[0].relations)] == [5, 2]


def test_each_cut_of_a_file_is_one_fault(tmp_path: Path) -> None:
    (tmp_path / "TypeSystem.xml").write_bytes(TYPES)
    whole = {"a.xmi": XMI.encode().rstrip(), "a.json": json.dumps(JSON).encode()}
    whole["a.zip"] = inner({"ann.xmi": XMI, "TypeSystem.xml": TYPES})
    for name, content in whole.items():
        for length in (0, 3, 10, 100, len(content) // 2, len(content) - 1):
            (tmp_path / name).write_bytes(content[:length])
            texts, report = read(tmp_path / name)
            assert (texts, len(report.faults)) == ([], 1), (name, length, faults(report))
    (tmp_path / "a.xmi").write_bytes(XMI.encode())
    (tmp_path / "TypeSystem.xml").write_bytes(TYPES[:500])
    assert len(read(tmp_path / "a.xmi")[1].faults) == 1


def test_files_of_other_tools_are_faults_not_tracebacks() -> None:
    for path in FILES.rglob("*"):
        if path.is_file() and path.parent != FOLDER:
            texts, report = read(path)
            assert texts == []
            assert len(report.faults) == 1


def places(value: object, path: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, each in items for place in places(each, (*path, key)))]


SMALL = copy.deepcopy(JSON)
SMALL["%FEATURE_STRUCTURES"] = [each for each in JSON["%FEATURE_STRUCTURES"] if not each["%TYPE"].endswith(".Token")]
SMALL["%VIEWS"]["_InitialView"]["%MEMBERS"] = [2, 3, *range(30, 44)]
PLACES = [place for place in places(SMALL) if place]
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 200),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.just([]),
    st.just({}),
    st.just([[1]]),
    st.just({"%ID": 3}),
    st.just("\ud800"),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.sampled_from(PLACES), value=ODD, remove=st.booleans())
def test_any_change_of_the_json_is_read_or_told(
    tmp_path: Path, place: tuple[object, ...], value: object, remove: bool
) -> None:
    changed = copy.deepcopy(SMALL)
    within = changed
    for key in place[:-1]:
        within = within[key]  # type: ignore[index]
    if remove:
        del within[place[-1]]  # type: ignore[attr-defined]
    else:
        within[place[-1]] = value  # type: ignore[index]
    (tmp_path / "a.json").write_text(json.dumps(changed), encoding="utf-8")
    texts, report = read(tmp_path / "a.json")
    assert texts or report.faults
    for text in texts:
        assert all(0 <= each.start < each.end <= len(text.text) for each in text.entities)
        assert all(max(each.head, each.tail) < len(text.entities) for each in text.relations)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(start=st.integers(0, len(XMI)), length=st.integers(0, 40), instead=st.text(max_size=5))
def test_any_change_of_the_xmi_is_read_or_told(tmp_path: Path, start: int, length: int, instead: str) -> None:
    texts, report = read(xmi(tmp_path, XMI[:start] + instead + XMI[start + length :]))
    assert texts or report.faults


LETTERS = st.text(
    st.one_of(st.sampled_from("ab  \n\r\t.🪐👩‍🚀\u0308\x01\x0c\ufffe"), st.characters(codec="utf-8")), max_size=25
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
    return AnnotatedText(text, entities, relations, draw(st.sampled_from([None, "a", "A", "ä/..\\:", "b" * 300])))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(annotated(), min_size=1, max_size=3), suffix=st.sampled_from(["", ".zip"]))
def test_what_is_written_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, texts: list[AnnotatedText], suffix: str
) -> None:
    path = tmp_path_factory.mktemp("out") / f"texts{suffix}"
    report = write(texts, path)
    back, of_reading = read(path)
    assert not of_reading.faults
    held = [*map(as_expected, texts)]
    if suffix:
        blank = str.maketrans(dict.fromkeys([*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF], " "))
        assert any("XML cannot hold" in line for line in report.lines()) == any(
            text.text.translate(blank) != text.text for text in texts
        )
        held = json.loads(json.dumps(held))
        for text in held:
            text["text"] = text["text"].translate(blank)
            for entity in text["entities"]:
                entity["text"] = entity["text"].translate(blank)
    order = lambda each: json.dumps(each, sort_keys=True)  # noqa: E731
    assert sorted(map(as_expected, back), key=order) == sorted(held, key=order)


@pytest.mark.parametrize("name", ["a.json", "a.xmi", "a.zip", "a"])
def test_each_ending(tmp_path: Path, name: str) -> None:
    texts, _ = read(FOLDER / "doc.xmi")
    write(texts, tmp_path / name)
    back, report = read(tmp_path / name)
    assert not report.faults
    assert back[0].id == "voss.txt"
    assert [*map(as_expected, back)] == [*map(as_expected, texts)]
    if name == "a.zip":
        with zipfile.ZipFile(tmp_path / name) as stream:
            assert stream.namelist() == ["TypeSystem.xml", "voss.txt.xmi"]
        first = (tmp_path / name).read_bytes()
        write(texts, tmp_path / name)
        assert (tmp_path / name).read_bytes() == first


def test_the_tool_finds_layers_tokens_and_sentences_that_fit(tmp_path: Path) -> None:
    import cassis

    text = AnnotatedText(
        "🪐 Mira founded Kestrel. Zoë left.", [TextEntity("PER", 2, 6), TextEntity("X", 15, 26), TextEntity("Y", 3, 6)],
        [TextRelation("founded", 0, 1)], "a",
    )  # fmt: skip
    write([text], tmp_path / "a.json")
    with (tmp_path / "a.json").open("rb") as stream:
        cas = cassis.load_cas_from_json(stream)
    covered = lambda name: [each.get_covered_text() for each in cas.select(name)]  # noqa: E731
    assert covered("de.tudarmstadt.ukp.dkpro.core.api.segmentation.type.Sentence") == [text.text]
    tokens = covered("de.tudarmstadt.ukp.dkpro.core.api.segmentation.type.Token")
    assert tokens == ["🪐", "M", "ira", "founded", "Kestrel", ".", "Zo", "ë", "left", "."]
    relation = cas.select("custom.Relation")[0]
    assert relation.Governor.get_covered_text() == "Mira"
    assert relation.Dependent.get_covered_text() == "Kestrel. Zo" == relation.get_covered_text()
    assert relation.label == "founded"
    assert '"begin": 16' in (tmp_path / "a.json").read_text(encoding="utf-8")
    meta_data = cas.select("de.tudarmstadt.ukp.dkpro.core.api.metadata.type.DocumentMetaData")[0]
    assert (meta_data.documentTitle, meta_data.begin, meta_data.end) == ("a", 0, len(text.text))


def test_what_the_layers_cannot_hold_is_told(tmp_path: Path) -> None:
    entities = [
        TextEntity("A", 0, 5, more_types=("B",), score=0.5),
        TextEntity("C", 0, 5, fragments=((0, 1), (4, 5))),
    ]
    text = AnnotatedText("a b c", entities, [TextRelation("r", 0, 1, both_ways=True)])
    report = write([text], tmp_path / "a.json")
    back, _ = read(tmp_path / "a.json")
    assert [each.type for each in back[0].entities] == ["A", "B", "C"]
    assert [(each.head, each.tail) for each in back[0].relations] == [(0, 2), (2, 0)]
    told = "\n".join(report.lines())
    assert all(part in told for part in ("several labels", "in several parts", "drawn both ways", "scores"))


def test_a_mention_may_begin_with_the_white_space_before_the_first_word(tmp_path: Path) -> None:
    write([AnnotatedText(" \nIlan runs.", [TextEntity("PER", 0, 6)])], tmp_path / "a.json")
    (text,), _ = read(tmp_path / "a.json")
    assert text.entities == [TextEntity("PER", 0, 6)]


def test_several_texts_do_not_fit_one_file(tmp_path: Path) -> None:
    texts = [AnnotatedText("a"), AnnotatedText("b")]
    for name in ("a.json", "a.xmi"):
        with pytest.raises(ValueError, match=r"must be a folder or a .zip for several texts"):
            write(texts, tmp_path / name)
    assert [*tmp_path.iterdir()] == []


def test_another_type_system_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "TypeSystem.xml").write_bytes(TYPES)
    with pytest.raises(ValueError, match=r"another TypeSystem.xml is beside it"):
        write([AnnotatedText("a")], tmp_path / "a.xmi")
    assert (tmp_path / "TypeSystem.xml").read_bytes() == TYPES


def test_nothing_is_half_written(tmp_path: Path) -> None:
    def texts():  # type: ignore[no-untyped-def]
        yield AnnotatedText("a")
        raise RuntimeError("the model fell over")

    for name in ("a.zip", "a"):
        with pytest.raises(RuntimeError, match="fell over"):
            write(texts(), tmp_path / name)
    assert [*tmp_path.iterdir()] == []


def test_a_folder_with_files_in_it_is_not_written_to(tmp_path: Path) -> None:
    write([AnnotatedText("a", id="x")], tmp_path / "a")
    with pytest.raises(FileExistsError, match=r"must be a new folder or an empty one"):
        write([AnnotatedText("b", id="x")], tmp_path / "a")
    assert [text.text for text in read(tmp_path / "a")[0]] == ["a"]


def test_texts_with_the_same_id_have_files_of_their_own(tmp_path: Path) -> None:
    names = ["a", "A", "a", "a-2", "a/", "", "a-2"]
    write([AnnotatedText(str(number), id=name) for number, name in enumerate(names)], tmp_path / "a")
    files = sorted(path.stem for path in (tmp_path / "a").iterdir())
    assert len(files) == len({name.casefold() for name in files}) == len(names)
    assert sorted(text.text for text in read(tmp_path / "a")[0]) == [*"0123456"]


def test_the_library_is_imported_only_for_this_format() -> None:
    code = (
        "import sys, spert_hf\n"
        "from spert_hf.data.annotation.formats import format_of\n"
        "from pathlib import Path\n"
        f"print(format_of(Path({str(FOLDER / 'doc.xmi')!r})).name)\n"
        "print([name for name in ('cassis', 'lxml', 'spacy', 'thinc') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["inception", "[]"]


def test_a_missing_library_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cassis", None)
    with pytest.raises(ValueError, match=r"^format 'inception' needs the package dkpro-cassis: pip install dkpro-"):
        read(FOLDER / "doc.xmi")
