"""brat's standoff files: read as the tool means them, refused line by line, written as its reader takes them."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spert_hf.data import DocumentError
from spert_hf.data.annotation.annotated_text import AnnotatedText, TextEntity, TextRelation
from spert_hf.data.annotation.brat import read, recognises, write
from spert_hf.data.annotation.options import ReadingOptions, WritingOptions
from spert_hf.data.annotation.reading import choose_format, read_annotations
from spert_hf.data.annotation.report import Report
from spert_hf.data.annotation.sample import Sample
from tests.support import growth
from tests.support.annotation_files import FILES, as_expected, expected_of, plain, shared_files

FOLDERS = [FILES, *([shared_files()] if shared_files() else [])]
GOOD = ("tool_a", "hand_wild", "hand_crlf")


def read_all(path: Path) -> tuple[list[AnnotatedText], Report]:
    report = Report()
    return [*read(path, ReadingOptions(), report)], report


def read_pair(folder: Path, text: str | bytes, annotations: str | bytes) -> tuple[AnnotatedText, Report]:
    for ending, content in ((".txt", text), (".ann", annotations)):
        (folder / f"doc{ending}").write_bytes(content.encode() if isinstance(content, str) else content)
    texts, report = read_all(folder / "doc.ann")
    return texts[0], report


def faults(report: Report) -> list[tuple[int | None, str]]:
    return [(each.location.line, each.fault.field) for each in report.faults]


@pytest.mark.parametrize("folder", FOLDERS)
@pytest.mark.parametrize("name", GOOD)
def test_files_of_the_tool_read_as_expected(folder: Path, name: str):
    (text,), report = read_all(folder / "brat" / f"{name}.ann")
    expected = expected_of("brat")[name]
    assert as_expected(text) == plain(expected)
    assert [one.fragments for one in text.entities] == [
        tuple(map(tuple, one.get("fragments", ()))) for one in expected["entities"]
    ]
    assert text.id == name
    assert [each.fault.field for each in report.faults] == expected.get("refused", [])
    left_out = len(expected.get("equivalences", [])) + len(expected.get("events", []))
    assert report.count_left_out("relations") == left_out


def test_a_line_the_tool_spoilt_itself_is_a_fault_that_names_it():
    with pytest.raises(DocumentError) as caught:
        read_annotations(FILES / "brat" / "tool_a.ann")
    assert f"{FILES / 'brat' / 'tool_a.ann'}, line 14: T7 must be fragments that do not overlap" in str(caught.value)


def test_every_line_that_is_wrong_is_told_at_once():
    (text,), report = read_all(FILES / "brat" / "hand_bad.ann")
    assert text.entities == []
    assert text.relations == []
    # R1 and T3 have blanks for tabs; R2 is right but for T7, which is nowhere
    assert sorted(faults(report)) == [
        (1, "T1"),
        (2, "T2.end"),
        (3, "T3"),
        (4, "R1"),
        (5, "R2.Arg2"),
        (6, "R3"),
        (7, "T4.end"),
        (8, "T1"),
    ]
    messages = "\n".join(map(str, report.faults))
    assert "line 1: T1 must be 'Mira Voss', the text at its offsets, got the text 'Mira Boss'" in messages
    assert "line 2: T2.end must be an integer from 1 to 32 (the text's length), got 99" in messages
    assert "with blanks for tabs" in messages
    assert "line 8: T1 must be an id that no other line has, got the id of line 1, too" in messages


def test_what_is_no_entity_or_relation_is_counted():
    _, report = read_all(FILES / "brat" / "tool_a.ann")
    lines = "\n".join(report.lines())
    assert "not read: attributes (A): 1, normalisations (N): 1, notes (#): 1" in lines
    assert "left out: 1 relation: an event (E), of which only the trigger is read" in lines
    assert "left out: 1 relation: an equivalence (*), which has no direction" in lines
    assert report.count_read("relations") == 2  # a reader counts what it does not give on


def test_folders_in_folders_are_read_with_paths_as_ids(tmp_path: Path):
    for name in ("b/two", "one", "a.b/c/three", ".ipynb_checkpoints/one", "b/._two"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / f"{name}.txt").write_text("Mira")
        (tmp_path / f"{name}.ann").write_text("T1\tPER 0 4\tMira\n")
    assert choose_format(tmp_path).name == "brat"
    assert sorted(text.id or "" for text in read_annotations(tmp_path)) == ["a.b/c/three", "b/two", "one"]


@pytest.mark.parametrize("ending", ["txt", "ann"])
def test_either_file_of_a_pair_names_both(ending: str):
    path = FILES / "brat" / f"hand_crlf.{ending}"
    assert choose_format(path).name == "brat"
    assert [text.id for text in read_annotations(path)] == ["hand_crlf"]


def test_an_empty_file_of_annotations_is_a_text_without_any_and_none_at_all_is_left_out(tmp_path: Path):
    (tmp_path / "seen.txt").write_text("Mira")
    (tmp_path / "seen.ann").write_text("")
    (tmp_path / "README.txt").write_text("About these files")
    texts, report = read_all(tmp_path)
    assert [(text.id, text.entities) for text in texts] == [("seen", [])]
    assert report.count_left_out("texts") == report.count_read("texts") == 1
    assert any("README.txt" in line for line in report.lines())


def test_files_that_miss_their_partner_are_faults(tmp_path: Path):
    (tmp_path / "lost.ann").write_text("T1\tPER 0 4\tMira\n")
    texts, report = read_all(tmp_path)
    assert texts == []
    assert "lost.ann: must be annotations of a text that is there" in str(report.faults[0])
    for name, missing in (("lost.ann", ".txt"), ("alone.txt", ".ann"), ("other.json", "of another kind")):
        (tmp_path / name).write_text("")
        texts, report = read_all(tmp_path / name)
        assert texts == []
        assert missing in report.faults[0].fault.given
    (tmp_path / "lost.ann").unlink()
    assert "without .ann files" in read_all(tmp_path)[1].faults[0].fault.given
    with pytest.raises(FileNotFoundError):
        read_all(tmp_path / "nowhere.ann")


@pytest.mark.parametrize("content", ["Zoë".encode("latin-1"), "Mira".encode("utf-16"), b"\x1f\x8b\x08"])
@pytest.mark.parametrize("ending", ["txt", "ann"])
def test_files_that_are_not_utf_8_are_faults(tmp_path: Path, content: bytes, ending: str):
    for each in ("txt", "ann"):
        (tmp_path / f"doc.{each}").write_bytes(content if each == ending else b"")
    texts, report = read_all(tmp_path)
    assert texts == []
    assert [each.location.source for each in report.faults] == [str(tmp_path / f"doc.{ending}")]
    assert report.faults[0].fault.allowed == "UTF-8 text"


def test_carriage_returns_and_a_byte_order_mark_count_in_texts_and_not_in_annotations(tmp_path: Path):
    text, report = read_pair(tmp_path, "\ufeffMira\r\nVoss", "\ufeffT1\tPER 1 5\tMira\r\nT2\tPER 7 11\tVoss\r\n\r\n")
    assert text.text == "\ufeffMira\r\nVoss"
    assert text.entities == [TextEntity("PER", 1, 5), TextEntity("PER", 7, 11)]
    assert report.faults == []


@pytest.mark.parametrize("odd", ["\u2028", "\x85", "\v", "\f", "\r", "\x1c"])
def test_only_line_feeds_end_lines(tmp_path: Path, odd: str):
    text, report = read_pair(tmp_path, f"Mira{odd}Voss met Ilan", f"T1\tPER 0 9\tMira{odd}Voss\nT2\tPER 14 18\tIlan\n")
    assert text.text == f"Mira{odd}Voss met Ilan"
    assert text.entities == [TextEntity("PER", 0, 9), TextEntity("PER", 14, 18)]
    assert report.faults == []


@pytest.mark.parametrize(
    ("line", "entity"),
    [
        ("T1\tPER 0 9", TextEntity("PER", 0, 9)),  # no text column
        ("T1\tPER 0 9\t", TextEntity("PER", 0, 9)),
        ("T1\tPER 0 9\tMira Voss \t", TextEntity("PER", 0, 9)),
        ("T01.a\tPER 0 9\tMira Voss", TextEntity("PER", 0, 9)),
        ("T1\tPER 0 4;19 23\tMira Tarn", TextEntity("PER", 0, 23, fragments=((0, 4), (19, 23)))),
        ("T1\tPER 0 4;19 23\tMiraTarn", TextEntity("PER", 0, 23, fragments=((0, 4), (19, 23)))),
        ("T1\tPER 19 23;0 4\tTarn Mira", TextEntity("PER", 0, 23, fragments=((0, 4), (19, 23)))),
        ("T1\tPER 0 9;9 10", TextEntity("PER", 0, 10, fragments=((0, 9), (9, 10)))),
        ("T1\tPER 14 23\tIlan Tarn", TextEntity("PER", 14, 23)),  # a tab in the text
        ("T1\tPER 14 23\tIlan\tTarn", TextEntity("PER", 14, 23)),
    ],
)
def test_entity_lines_that_are_right(tmp_path: Path, line: str, entity: TextEntity):
    text, report = read_pair(tmp_path, "Mira Voss met Ilan\tTarn", line)
    assert text.entities == [entity]
    assert report.faults == []


def test_a_text_column_that_goes_on_is_taken_and_told(tmp_path: Path):
    text, report = read_pair(tmp_path, "Mira Voss", "T1\tPER 0 4\tMira Voss")
    assert text.entities == [TextEntity("PER", 0, 4)]
    assert any("goes on behind" in line for line in report.lines())
    assert read_pair(tmp_path, "Mira Voss", "T1\tPER 0 3\tMira")[1].faults  # no blank behind the text


@pytest.mark.parametrize(
    ("line", "field", "given"),
    [
        ("T1\tPER 0 10\tMira Voss - Tarn", "T1", "Mira Voss - Tarn"),  # cut into tokens
        ("T1\tPER 0 99\tMira", "T1.end", "99"),
        ("T1\tPER -1 4\tMira", "T1.start", "-1"),
        ("T1\tPER 4 4\t", "T1.end", "4"),
        ("T1\tPER 9 4\tMira", "T1.end", "4"),
        ("T1\tPER 0 9;5 12", "T1", "0 9;5 12"),
        ("T1\tPER 0 x\tMira", "T1", "0 x"),
        ("T1\tPER 0 4.0\tMira", "T1", "0 4.0"),
        ("T1\tPER ٠ ٤\tMira", "T1", "٠ ٤"),
        ("T1\tPER 0 4;\tMira", "T1", "0 4;"),
        ("T1\tPER 0 4 Mira", "T1", "0 4 Mira"),
        ("T1\tPER " + "9" * 5000 + " 4\tMira", "T1", "999"),
        ("T1\tPER\tMira", "T1", "PER"),
        ("T1\t\tMira", "T1", ""),
        ("T1", "T1", "T1"),
        ("t1\tPER 0 4\tMira", "", "t1"),
        ("X1\tPER 0 4\tMira", "", "X1"),
        ("\tPER 0 4\tMira", "", "PER"),
        ("{'json': 1}", "", "json"),
        ("R1\tmet", "R1", "met"),
        ("R1\tmet Arg1:T8", "R1", "met Arg1:T8"),
        ("R1\tmet Arg1:T8 Arg2:T9 Arg3:T8", "R1", "Arg3"),
        ("R1\tmet T8 T9", "R1", "met T8 T9"),
        ("R1\tmet Arg1: Arg2:T9", "R1", "Arg1: Arg2"),
        ("R1\tmet Arg1:T8 Arg1:T9", "R1", "Arg1:T8 Arg1:T9"),
        ("R1\tmet Arg1:T8 Arg2:T7", "R1.Arg2", "T7"),
        ("R1\tmet Arg1:T8 Arg2:R1", "R1.Arg2", "R1"),
        ("R1 met Arg1:T8 Arg2:T9", "R1", "with blanks for tabs"),
        ("T8\tPER 0 4\tMira", "T8", "line 1"),
    ],
)
def test_lines_that_are_wrong_are_told_with_what_was_given(tmp_path: Path, line: str, field: str, given: str):
    right = "T8\tPER 0 4\tMira\nT9\tPER 5 9\tVoss\n"
    text, report = read_pair(tmp_path, "Mira Voss-Tarn", f"{right}{line}\nR9\tknows Arg1:T8 Arg2:T9\n")
    assert faults(report) == [(3, field)]
    assert given in report.faults[0].fault.given
    assert len(str(report.faults[0])) < 600
    assert [one.type for one in text.entities] == ["PER", "PER"]
    assert [one.type for one in text.relations] == ["knows"]


@pytest.mark.parametrize(
    ("arguments", "ends"),
    [
        ("Arg1:T2 Arg2:T1", (1, 0)),
        ("Arg2:T2 Arg1:T1", (0, 1)),
        ("arg2:T2 arg1:T1", (0, 1)),
        ("Founder:T2 Founded:T1", (1, 0)),
        ("Arg2:T2 Other:T1", (1, 0)),
        ("Arg1:T1 Arg2:T1", (0, 0)),
    ],
)
def test_head_is_arg1_or_else_the_first(tmp_path: Path, arguments: str, ends: tuple[int, int]):
    entities = "T1\tPER 0 4\tMira\nT2\tPER 5 9\tVoss\n"
    for content in (f"{entities}R1\tmet {arguments}", f"R1\tmet {arguments}\t\n{entities}"):
        text, report = read_pair(tmp_path, "Mira Voss", content)
        assert text.relations == [TextRelation("met", *ends)]
        assert report.faults == []


def test_relations_of_events_are_left_out_and_those_of_a_faulty_entity_not_told_twice(tmp_path: Path):
    content = "T1\tPER 0 4\tMira\nT2\tBuy 5 9\tVoss\nT3\tPER 0 99\tx\nE1\tBuy:T2 Buyer:T1\n"
    text, report = read_pair(tmp_path, "Mira Voss", f"{content}R1\tmet Arg1:T1 Arg2:E1\nR2\tmet Arg1:T1 Arg2:T3\n")
    assert [one.type for one in text.entities] == ["PER", "Buy"]
    assert text.relations == []
    assert faults(report) == [(3, "T3.end")]
    assert report.count_left_out("relations") == 2


def test_types_that_the_nearest_configuration_does_not_name_are_noted(tmp_path: Path):
    (tmp_path / "annotation.conf").write_text(
        "[entities]\n!Being\n\tPER\n# THING\n----\n[relations]\nmet\tArg1:PER, Arg2:PER\n[events]\nBuy\tWho:PER\n"
    )
    (tmp_path / "in").mkdir()
    lines = "T1\tPER 0 4\tMira\nT2\tBuy 5 9\tVoss\nT3\tTHING 0 9\tMira Voss\nR1\tmet Arg1:T1 Arg2:T2\n"
    for name in ("in/a", "in/b"):
        (tmp_path / f"{name}.txt").write_text("Mira Voss")
        (tmp_path / f"{name}.ann").write_text(f"{lines}R2\tsaw Arg1:T1 Arg2:T2\n")
    texts, report = read_all(tmp_path)
    assert [len(text.entities) for text in texts] == [3, 3]
    conf = tmp_path / "annotation.conf"
    assert report.notes == [
        f"{conf} does not name the entity type THING",
        f"{conf} does not name the relation type saw",
    ]


def test_files_of_other_tools_are_not_taken_for_brats():
    for path in sorted(FILES.rglob("*")):
        if path.parent != FILES and path.parent.name != "brat" and path.is_file():
            assert not recognises(Sample.of(path)), path
    assert not recognises(Sample.of(FILES / "cas"))
    assert recognises(Sample.of(FILES / "brat"))


@given(st.data())
def test_no_change_of_a_file_breaks_the_reader(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject):
    content = (FILES / "brat" / f"{data.draw(st.sampled_from(GOOD))}.ann").read_text(encoding="utf-8")
    parts = st.sampled_from(["\t", " ", "\n", ";", ":", "T1", "R", "E1", "*", "-", "99", "0", "\r", "Arg1", "\ud7ff"])
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(content)))
        end = start + data.draw(st.integers(0, 5))
        content = content[:start] + data.draw(parts | st.text(st.characters(exclude_categories=["Cs"]), max_size=3))
        content += content[end:]
    text, report = read_pair(tmp_path_factory.mktemp("changed"), "Mira Voss founded Kestrel Labs.\n" * 3, content)
    assert all(0 <= one.start < one.end <= len(text.text) for one in text.entities)
    assert all(max(one.head, one.tail) < len(text.entities) for one in text.relations)
    assert all(each.location.line for each in report.faults)


@pytest.mark.e2e
def test_time_to_read_grows_with_the_number_of_lines(tmp_path: Path):
    def work(count: int) -> Callable[[], object]:
        (tmp_path / f"{count}.txt").write_text("Mira " * count)
        entities = [f"T{at}\tPER {at * 5} {at * 5 + 4}\tMira\n" for at in range(count)]
        relations = [f"R{at}\tmet Arg1:T{at} Arg2:T{count - 1 - at}\n" for at in range(count)]
        (tmp_path / f"{count}.ann").write_text("".join([*relations, *entities]))
        path = tmp_path / f"{count}.ann"
        assert len(read_annotations(path)[0].relations) == count
        return lambda: read_annotations(path)

    assert growth.exponent(work, largest=10_000) < growth.BELOW_THE_SQUARE


# Writing


def test_what_is_written_reads_back_and_is_as_the_tool_has_it(tmp_path: Path):
    text = AnnotatedText(
        "🪐 Mira Voss\r\nmet Dara\nQuell.\n",
        [TextEntity("PER", 2, 11), TextEntity("PER", 17, 27), TextEntity("PER", 2, 21, fragments=((2, 6), (17, 21)))],
        [TextRelation("met", 0, 1)],
        "doc",
    )
    report = Report()
    write([text], tmp_path / "out", WritingOptions(("PER", "ORG"), ("met",)), report)
    assert (tmp_path / "out" / "doc.txt").read_bytes() == text.text.encode()
    assert (tmp_path / "out" / "doc.ann").read_text(encoding="utf-8").splitlines() == [
        "T1\tPER 2 11\tMira Voss",
        "T2\tPER 17 21;22 27\tDara Quell",
        "T3\tPER 2 6;17 21\tMira Dara",
        "R1\tmet Arg1:T1 Arg2:T2",
    ]
    assert (tmp_path / "out" / "annotation.conf").read_text().splitlines() == [
        "[entities]",
        "PER",
        "ORG",
        "",
        "[relations]",
        "met\tArg1:<ENTITY>, Arg2:<ENTITY>",
        "<OVERLAP>\tArg1:<ENTITY>, Arg2:<ENTITY>, <OVL-TYPE>:<ANY>",
        "",
        "[events]",
        "",
        "[attributes]",
    ]
    assert report.adds_up()
    assert report.written == {"texts": 1, "entities": 3, "relations": 1}
    (again,) = read_annotations(tmp_path / "out")
    assert as_expected(again) == as_expected(text)
    assert again.id == "doc"


@pytest.mark.parametrize("odd", ["\n", "\r", "\r\n", "\u2028", "\x85", "\v", "\f", "\x1c", " \n\t\n "])
def test_what_ends_lines_for_brat_is_between_fragments(tmp_path: Path, odd: str):
    text = AnnotatedText(f"Mira{odd}Voss", [TextEntity("PER", 0, 8 + len(odd))])
    write([text], tmp_path / "out", WritingOptions(), Report())
    lines = (tmp_path / "out" / "0001.ann").read_bytes().decode().splitlines()  # as brat splits them
    assert lines == [f"T1\tPER 0 4;{4 + len(odd)} {8 + len(odd)}\tMira Voss"]
    assert as_expected(read_annotations(tmp_path / "out")[0]) == as_expected(text)


def test_what_brat_cannot_hold_is_left_out_or_changed_and_counted(tmp_path: Path):
    text = AnnotatedText(
        "Mira\nVoss",
        [
            TextEntity(None, 0, 4),
            TextEntity("PER", 4, 5),
            TextEntity("PER", 4, 9),
            TextEntity("PER", 0, 4, more_types=("ORG", "LOC")),
        ],
        [TextRelation("met", 2, 3, both_ways=True), TextRelation("met", 0, 2), TextRelation(None, 2, 3)],
    )
    report = Report()
    write([text, AnnotatedText("\ud800", [TextEntity("PER", 0, 1)])], tmp_path / "out", WritingOptions(), report)
    assert (tmp_path / "out" / "0001.ann").read_text().splitlines() == [
        "T1\tPER 5 9\tVoss",
        "T2\tPER 0 4\tMira",
        "T3\tORG 0 4\tMira",
        "T4\tLOC 0 4\tMira",
        "R1\tmet Arg1:T1 Arg2:T2",
        "R2\tmet Arg1:T2 Arg2:T1",
    ]
    assert report.adds_up()
    assert report.written == {"texts": 1, "entities": 4, "relations": 2}
    assert {kind: report.count_left_out(kind) for kind in ("texts", "entities", "relations")} == {
        "texts": 1,
        "entities": 3,
        "relations": 2,
    }
    assert report.count_added("entities") == 2
    assert report.count_added("relations") == 1


def test_ids_become_safe_names_of_files_none_twice(tmp_path: Path):
    ids = ["a/b", "a:b", "../x", ".hidden", "A_B", None, "x" * 300, "", "ü 1", "a_b-2"]
    write([AnnotatedText("Mira", id=each) for each in ids], tmp_path / "out", WritingOptions(), Report())
    names = sorted(path.stem for path in (tmp_path / "out").glob("*.ann"))
    assert names == sorted(["a_b", "a_b-2", "x", "hidden", "A_B-3", "0006", "x" * 60, "0008", "ü_1", "a_b-2-2"])
    assert len(read_annotations(tmp_path / "out")) == len(ids)


def test_types_that_brat_has_no_names_for_are_refused_before_anything_is_there(tmp_path: Path):
    options = WritingOptions(("PER", "per:title", "a b", "---"), ("Größe",))
    with pytest.raises(ValueError, match=r"types must be names of letters .* got 'per:title', 'a b', '---', 'Größe'"):
        write(iter(()), tmp_path / "out", options, Report())
    texts = [AnnotatedText("Mira", [TextEntity(name, 0, 4)]) for name in ("ok", "a|b", "c\td")]
    with pytest.raises(ValueError, match=r"got 'a\|b', 'c\\td'"):
        write(texts, tmp_path / "out", WritingOptions(), Report())
    assert [*tmp_path.iterdir()] == []


def test_a_folder_with_files_is_left_alone(tmp_path: Path):
    (tmp_path / "mine.ann").write_text("T1\tPER 0 4\tMira\n")
    with pytest.raises(FileExistsError, match="must be a new folder or an empty one"):
        write([], tmp_path, WritingOptions(), Report())
    assert [path.name for path in tmp_path.iterdir()] == ["mine.ann"]


SIGNS = st.sampled_from([*"ab .\n\r\t\v\f\x1c\x85\u2028", "🪐", "e\u0308", "\ufeff", "\r\n"])


@given(st.data())
def test_any_text_with_any_spans_reads_back_or_is_told(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject):
    string = "".join(data.draw(st.lists(SIGNS, min_size=1, max_size=20)))
    places = st.lists(st.integers(0, len(string)), min_size=2, max_size=4, unique=True).map(sorted)
    entities = []
    for at in data.draw(st.lists(places, max_size=5)):
        fragments = ((at[0], at[1]), (at[2], at[3])) if len(at) == 4 else ()
        name = data.draw(st.sampled_from(["PER", "Org_x-1", None]))
        entities.append(TextEntity(name, at[0], at[-1], fragments=fragments))
    ends = st.integers(0, max(len(entities) - 1, 0))
    pairs = data.draw(st.lists(st.tuples(ends, ends), max_size=4)) if entities else []
    relations = [TextRelation("r", *pair) for pair in pairs]
    text, report = AnnotatedText(string, entities, relations), Report()
    folder = tmp_path_factory.mktemp("any") / "out"
    write([text], folder, WritingOptions(), report)
    assert report.adds_up()
    ((again,), reading) = read_all(folder)
    assert reading.faults == []
    assert again.text == string
    assert len(again.entities) == report.written["entities"]
    assert len(again.relations) == report.written["relations"]

    def covered(one: TextEntity) -> tuple[str | None, set[int]]:
        parts = one.fragments or ((one.start, one.end),)
        return one.type, {at for start, end in parts for at in range(start, end) if not string[at].isspace()}

    kept = [covered(one) for one in entities if one.type is not None and covered(one)[1]]
    assert [covered(one) for one in again.entities if covered(one)[1]] == kept
