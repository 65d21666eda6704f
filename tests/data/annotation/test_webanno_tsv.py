"""WebAnno TSV 3: rows of tokens read as the tool means them, and refused with their place where they are wrong."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spert_hf.data import DocumentError
from spert_hf.data.annotation.annotated_text import AnnotatedText, TextEntity, TextRelation
from spert_hf.data.annotation.options import ReadingOptions
from spert_hf.data.annotation.reading import choose_format, read_annotations
from spert_hf.data.annotation.report import Report
from spert_hf.data.annotation.sample import Sample
from spert_hf.data.annotation.webanno_tsv import read, recognises
from tests.support import growth
from tests.support.annotation_files import FILES, as_expected, expected_of, plain, shared_files

FOLDERS = [FILES, *([shared_files()] if shared_files() else [])]
NER, TIE, POS = "webanno.custom.Ner", "webanno.custom.Tie", "webanno.custom.Pos"


def file_of(*body: str, header: tuple[str, ...] = (f"T_SP={NER}|value",), version: str = "3.3") -> str:
    """A file with a header and, below, its lines, with `/` for tabs."""
    lines = [f"#FORMAT=WebAnno TSV {version}", *(f"#{each}" for each in header), "", "", *body]
    return "\n".join(line if line.startswith("#") else line.replace("/", "\t") for line in lines) + "\n"


def read_text(folder: Path, content: str | bytes, **options: str) -> tuple[AnnotatedText | None, Report]:
    (folder / "doc.tsv").write_bytes(content.encode() if isinstance(content, str) else content)
    report = Report()
    texts = [*read(folder / "doc.tsv", ReadingOptions(**options), report)]
    return (texts[0] if texts else None), report


def right(folder: Path, content: str | bytes, **options: str) -> AnnotatedText:
    text, report = read_text(folder, content, **options)
    assert report.faults == []
    assert text is not None
    return text


def in_order_of_place(document: dict) -> dict:
    """A document with its entities sorted, as `expected.json` has them in an order of its own."""
    order = sorted(
        range(len(document["entities"])),
        key=lambda at: [document["entities"][at][key] for key in ("start", "end", "type")],
    )
    ends = [
        {**one, "head": order.index(one["head"]), "tail": order.index(one["tail"])} for one in document["relations"]
    ]
    key = ("head", "tail", "type")
    return {
        **document,
        "entities": [document["entities"][at] for at in order],
        "relations": sorted(ends, key=lambda one: [one[name] for name in key]),
    }


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_file_reads_as_expected(folder: Path):
    path = folder / "webanno_tsv" / "doc.tsv"
    assert choose_format(path).name == "webanno-tsv"
    texts = read_annotations(path)
    expected = [in_order_of_place(plain(each)) for each in expected_of("webanno_tsv")["doc.tsv"]]
    assert [in_order_of_place(as_expected(each)) for each in texts] == expected
    assert texts[0].id == "doc"


def test_what_stands_between_sentences_is_line_ends(tmp_path: Path):
    text = right(
        tmp_path, file_of("#Text=Ann .", "1-1/2-5/Ann/PER/", "1-2/6-7/./_/", "", "#Text=Bo", "2-1/10-12/Bo/*/")
    )
    assert text.text == "\n\nAnn .\n\n\nBo"
    assert text.entities == [TextEntity("PER", 2, 5), TextEntity(None, 10, 12)]


def test_a_sentence_of_several_lines_and_windows_line_ends_and_a_mark(tmp_path: Path):
    content = file_of("#Sentence.id=s1", "#Text=Ann", "#Text=met\u2028Bo", "1-1/0-3/Ann/PER/", "1-2/8-10/Bo/PER/")
    for data in (content, "\ufeff" + content.replace("\n", "\r\n")):
        text = right(tmp_path, data)
        assert text.text == "Ann\nmet\u2028Bo"
        assert text.entities == [TextEntity("PER", 0, 3), TextEntity("PER", 8, 10)]


@pytest.mark.parametrize(
    ("version", "written", "text"),
    [
        ("3.3", r"a\\b_c|d*e[1]->;f\tg\rh", "a\\b_c|d*e[1]->;f\tg\rh"),
        ("3.2", r"a\_b", r"a\_b"),
        ("3.3", "a\\\x01b", "a\x01b"),
        ("3.1", r"a\u00fcb\ud83d\ude90\\c", "aüb🚐\\c"),
    ],
)
def test_texts_have_an_escaping_of_their_own(tmp_path: Path, version: str, written: str, text: str):
    length = len(text.encode("utf-16-le")) // 2
    content = file_of(f"#Text={written} .", f"1-1/{length + 1}-{length + 2}/./X/", version=version)
    # The first token tells where the sentence begins: let it begin at its text.
    content = content.replace("#Text=", "#Text=. ").replace(
        f"1-1\t{length + 1}-{length + 2}\t.\tX\t", f"1-1\t0-1\t.\t_\t\n1-2\t{length + 3}-{length + 4}\t.\tX\t"
    )
    read_in = right(tmp_path, content)
    assert read_in.text == f". {text} ."
    assert read_in.entities == [TextEntity("X", len(text) + 3, len(text) + 4)]


@pytest.mark.parametrize(
    ("written", "label"),
    [
        (r"a\|b", "a|b"),
        (r"a\_b", "a_b"),
        (r"a\[1\]", "a[1]"),
        (r"a\[1\][7]", "a[1]"),
        (r"a\->b\;c\*", "a->b;c*"),
        (r"a\\[3]", "a\\"),
        (r"\*", "*"),
        (r"\_", "_"),
        ("*", None),
        ("*[2]", None),
        ("a.b-c", "a.b-c"),
    ],
)
def test_values_have_another_escaping(tmp_path: Path, written: str, label: str | None):
    text = right(tmp_path, file_of("#Text=Ann", f"1-1\t0-3\tAnn\t{written}\t"))
    assert text.entities == [TextEntity(label, 0, 3)]


def test_stacked_mentions_of_several_tokens_and_parts_of_tokens(tmp_path: Path):
    text = right(
        tmp_path,
        file_of(
            "#Text=🪐 Ann-Bo Cy .",
            "1-1/0-2/🪐/_/",
            "1-2/3-9/Ann-Bo/PER[1]|ORG[2]/",
            "1-2.1/7-9/Bo/PER|LOC[3]/".replace("PER|", "PER[4]|"),
            "1-3/10-12/Cy/ORG[2]|LOC[3]/",
            "1-4/13-14/./_/",
        ),
    )
    spans = [(one.type, text.text[one.start : one.end]) for one in text.entities]
    assert spans == [("PER", "Ann-Bo"), ("ORG", "Ann-Bo Cy"), ("PER", "Bo"), ("LOC", "Bo Cy")]


TIES = (f"T_SP={NER}|value", f"T_RL={TIE}|label|BT_{NER}")


@pytest.mark.parametrize(
    ("label", "source", "relations"),
    [
        ("r", "1-1", [("r", 0, 1)]),
        ("*", "1-1", [(None, 0, 1)]),
        ("r|s", "1-1|1-3", [("r", 0, 1), ("s", 2, 1)]),
        (r"r\|s", "1-1", [("r|s", 0, 1)]),
        ("r", "1-3[0_0]", [("r", 2, 1)]),
    ],
)
def test_a_relation_stands_at_its_tail_and_names_its_head(tmp_path: Path, label: str, source: str, relations: list):
    rows = ["1-1/0-3/Ann/P/_/_/", f"1-2\t4-6\tBo\tP\t{label}\t{source}\t", "1-3/7-9/Cy/P/_/_/"]
    text = right(tmp_path, file_of("#Text=Ann Bo Cy", *rows, header=TIES))
    assert text.relations == [TextRelation(*each) for each in relations]


def test_numbers_tell_ends_apart_where_several_begin(tmp_path: Path):
    rows = ["1-1/0-3/Ann/P[1]|Q[2]/_/_/", "1-2/4-6/Bo/P[3]|Q[2]/r|s/1-1[1_3]|1-1[2_3]/", "1-3/7-9/Cy/P/t/1-1[2_0]/"]
    text = right(tmp_path, file_of("#Text=Ann Bo Cy", *rows, header=TIES))
    assert [one.type for one in text.entities] == ["P", "Q", "P", "P"]
    assert text.relations == [TextRelation("r", 0, 2), TextRelation("s", 1, 2), TextRelation("t", 1, 3)]


def test_layers_without_features_hold_mentions_and_relations_without_labels(tmp_path: Path):
    rows = ["1-1/0-3/Ann/*[1]/_/", "1-2/4-6/Bo/*[1]/_/", "1-3/7-9/Cy/*/1-1[1_0]/"]
    for empty in ("|", ""):
        header = (f"T_SP={NER}{empty}", f"T_RL={TIE}|BT_{NER}")
        text = right(tmp_path, file_of("#Text=Ann Bo Cy", *rows, header=header))
        assert text.entities == [TextEntity(None, 0, 6), TextEntity(None, 7, 9)]
        assert text.relations == [TextRelation(None, 0, 1)]


MANY = (f"T_SP={POS}|PosValue", f"T_SP={NER}|identifier|value", f"T_RL=x.Dep|BT_{POS}", f"T_RL={TIE}|label|BT_{NER}")


def many(ner: str = "id/PER", dependency: str = "1-1", tie: str = "r/1-1") -> str:
    rows = [f"1-1/0-3/Ann/N/{ner}/_/_/_/", f"1-2/4-6/Bo/N/{ner}/{dependency}/{tie}/"]
    return file_of("#Text=Ann Bo", *rows, header=MANY)


def test_the_layer_that_relations_connect_holds_the_entities(tmp_path: Path):
    text = right(tmp_path, many(dependency="_"))
    assert [one.type for one in text.entities] == ["PER", "PER"]
    assert text.relations == [TextRelation("r", 0, 1)]
    _, report = read_text(tmp_path, many(dependency="_"))
    assert report.notes == [f"{tmp_path / 'doc.tsv'}: not read: 2 of {POS}"]


@pytest.mark.parametrize(
    ("options", "types", "relations"),
    [
        ({"relation_layer": "Tie"}, ["PER", "PER"], [TextRelation("r", 0, 1)]),
        ({"relation_layer": "x.Dep"}, ["N", "N"], [TextRelation(None, 0, 1)]),
        ({"entity_layer": NER}, ["PER", "PER"], [TextRelation("r", 0, 1)]),
        ({"entity_layer": "Pos"}, ["N", "N"], [TextRelation(None, 0, 1)]),
        ({"entity_layer": "Pos", "relation_layer": "Dep"}, ["N", "N"], [TextRelation(None, 0, 1)]),
        ({"entity_layer": "Ner", "relation_layer": "nothing"}, ["PER", "PER"], []),
        ({"entity_layer": "nothing"}, [], []),
    ],
)
def test_layers_can_be_named(tmp_path: Path, options: dict[str, str], types: list[str], relations: list):
    text = right(tmp_path, many(), **options)
    assert [one.type for one in text.entities] == types
    assert text.relations == relations


def test_where_several_layers_could_be_meant_they_are_named(tmp_path: Path):
    assert "relation_layer must be given, as the file has several: x.Dep, webanno.custom.Tie" in fault_of(
        tmp_path, many()
    )
    content = many(dependency="_", tie="_/_")
    assert right(tmp_path, content).relations == []  # a layer of relations is there, though empty
    two = file_of("#Text=Ann", "1-1/0-3/Ann/N/P/", header=(f"T_SP={POS}|PosValue", f"T_SP={NER}|value"))
    assert f"entity_layer must be given, as the file has several: {POS}, {NER}" in fault_of(tmp_path, two)
    token = file_of("#Text=Ann", "1-1/0-3/Ann/r/1-1/", header=("T_RL=x.Dep|DependencyType|BT_x.Token",))
    assert "x.Dep, whose relations connect x.Token, which has no columns" in fault_of(tmp_path, token)


def test_a_file_without_annotations_has_no_layers(tmp_path: Path):
    text = right(tmp_path, file_of("#Text=Ann Bo", "1-1/0-3/Ann/", "1-2/4-6/Bo/", header=()))
    assert (text.text, text.entities, text.relations) == ("Ann Bo", [], [])


def test_chains_and_slots_are_not_read_and_said_so(tmp_path: Path):
    slots = f"T_SP={NER}|FE|ROLE_{NER}:Roles_webanno.custom.Link|webanno.custom.Lu"
    chains = "T_CH=webanno.custom.CorefLink|referenceType|referenceRelation"
    rows = ["1-1/0-3/Ann/x/a;b/1-2;1-2/pr[1]/coref->1-1/", "1-2/4-6/Bo/_/_/_/_/_/"]
    text, report = read_text(tmp_path, file_of("#Text=Ann Bo", *rows, header=(slots, chains)))
    assert text is not None
    assert text.entities == [TextEntity("x", 0, 3)]
    lines = "\n".join(report.lines())
    assert "not read: chains of webanno.custom.CorefLink (mentions in them: 1)" in lines
    assert f"not read: slots of {NER}" in lines


def fault_of(folder: Path, content: str | bytes) -> str:
    text, report = read_text(folder, content)
    assert report.faults
    if not any(each.location.line for each in report.faults):
        assert text is None
    assert str(folder / "doc.tsv") in str(report.faults[0])
    return "\n".join(map(str, report.faults))


@pytest.mark.parametrize(
    "content",
    [
        "#FORMAT=WebAnno TSV 2.0\n",
        " # webanno.custom.Ner | value\n#id=1\n#text=Ann\n1-1\tAnn\tO\n",
        "#id=1\n#text=Ann\n1\tAnn\t_\n",
        "#FORMAT=WebAnno TSV x\n",
        "",
        '{"text": "Ann"}',
    ],
)
def test_other_versions_are_refused_by_name(tmp_path: Path, content: str):
    told = fault_of(tmp_path, content)
    assert "line 1: must be WebAnno TSV 3" in told
    if content.startswith((" #", "#")):
        assert choose_format(tmp_path / "doc.tsv").name == "webanno-tsv"
        with pytest.raises(DocumentError):
            read_annotations(tmp_path / "doc.tsv")


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("1-2/4-6/Bo/P/_/", "line 8: 1-2: columns must be 3 behind the token, as the header says, got 2"),
        ("1-2/4-6/Bo/P/_/_/_/", "got 4"),
        ("1-2/4-6/Bo", "got 0"),
        ("1-1/4-6/Bo/P/_/_/", "1-1 must be an id that no other row has, got the id of line 7, too"),
        ("1-2/4-6", "SENTENCE-TOKEN, START-END"),
        ("1-2/4/Bo/P/_/_/", "SENTENCE-TOKEN, START-END"),
        ("1-2/-4-6/Bo/P/_/_/", "SENTENCE-TOKEN, START-END"),
        ("1-2/4-x/Bo/P/_/_/", "SENTENCE-TOKEN, START-END"),
        ("1-2/4-6/Bob/P/_/_/", "1-2 must be 'Bo', the text at these offsets, got 'Bob' at 4-6"),
        ("1-2/4-99/Bo/P/_/_/", "'Bo' at 4-99"),
        ("1-2/6-4/Bo/P/_/_/", "'Bo' at 6-4"),
        ("1-2/4-4//P/_/_/", "'' at 4-4"),
        ("1-2/4-6/Bo/P/r/1-9/", "1-2 must be a row and the number of an entity that begins there, got 1-9, with no"),
        ("1-2/4-6/Bo/P/r/1-1[5_0]/", "no entity 5 at 1-1"),
        ("1-2/4-6/Bo/_/r/1-1/", "no entity at 1-2"),
        ("1-2/4-6/Bo/P[1]|P[2]/r/1-1/", "with 2 entities at 1-2"),
        ("1-2/4-6/Bo/P/r/x/", "the row of a relation's source"),
        ("1-2/4-6/Bo/P/r|s/1-1/", "2 labels of 1 relations"),
    ],
)
def test_rows_that_are_wrong_are_told_with_their_place(tmp_path: Path, row: str, told: str):
    message = fault_of(tmp_path, file_of("#Text=Ann Bo", "1-1/0-3/Ann/P/_/_/", row, header=TIES))
    assert told in message
    assert "line 8" in message


def test_all_faults_of_a_file_are_told_at_once(tmp_path: Path):
    rows = ["1-1/0-3/An/P/", "1-2/4-6/Bo/", "", "#Text=Cy", "2-1/5-7/Cy/P/", "", "#Text=Dee"]
    told = fault_of(tmp_path, file_of("#Text=Ann Bo", *rows))
    # token, columns, a sentence that begins inside the one before it, and one that is cut off
    assert [line.split(": ")[0].rpartition(" ")[2] for line in told.split("\n")] == ["7", "6", "10", "12"]


def test_other_encodings_and_empty_files(tmp_path: Path):
    assert "UTF-8" in fault_of(tmp_path, "#FORMAT=WebAnno TSV 3.3\n".encode("utf-16"))
    assert "UTF-8" in fault_of(tmp_path, b"#FORMAT=WebAnno TSV 3.3\n\xff")
    assert "a file without tokens" in fault_of(tmp_path, file_of())
    assert "behind a #Text= line" in fault_of(tmp_path, file_of("1-1/0-3/Ann/P/"))


def test_offsets_of_another_unit_can_be_read(tmp_path: Path):
    content = file_of("#Text=🪐 Ann", "1-1/0-1/🪐/_/", "1-2/2-5/Ann/P/")
    assert read_text(tmp_path, content)[1].faults
    assert right(tmp_path, content, offsets="code-points").entities == [TextEntity("P", 2, 5)]


def test_a_folder_is_read_file_by_file(tmp_path: Path):
    for name in ("b", "a"):
        (tmp_path / f"{name}.tsv").write_text(file_of("#Text=Ann", "1-1/0-3/Ann/P/"))
    assert choose_format(tmp_path).name == "webanno-tsv"
    assert [text.id for text in read_annotations(tmp_path)] == ["a", "b"]


def test_files_of_other_tools_are_not_taken_for_these(tmp_path: Path):
    for path in sorted(FILES.rglob("*")):
        if path.parent.name != "webanno_tsv" and path.is_file():
            assert not recognises(Sample.of(path)), path
    assert [path.name for path in FILES.iterdir() if path.is_dir() and recognises(Sample.of(path))] == ["webanno_tsv"]
    (tmp_path / "x.conllu").write_text("# sent_id = 1\n# text = Ann\n1\tAnn\t_\n")
    assert not recognises(Sample.of(tmp_path / "x.conllu"))
    (tmp_path / "blank").write_text("\n" * 50_000)
    assert not recognises(Sample.of(tmp_path / "blank"))


@given(st.data())
def test_no_change_of_a_file_breaks_the_reader(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject):
    content = (FILES / "webanno_tsv" / "doc.tsv").read_text(encoding="utf-8")
    signs = ["\t", "|", "[", "]", "\\", "_", "*", "\n", "-", "9", "0", "#Text=", "#T_RL=x|", "#T_SP=", "|BT_", "1-1"]
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(content)))
        end = start + data.draw(st.integers(0, 6))
        content = content[:start] + data.draw(st.sampled_from(signs) | st.characters(exclude_categories=["Cs"]))
        content += content[end:]
    text, report = read_text(tmp_path_factory.mktemp("changed"), content)
    assert text is not None or report.faults
    if text is not None:
        assert all(0 <= one.start < one.end <= len(text.text) for one in text.entities)
        assert all(max(one.head, one.tail) < len(text.entities) for one in text.relations)


@pytest.mark.e2e
def test_time_to_read_grows_with_the_number_of_rows(tmp_path: Path):
    def work(count: int) -> Callable[[], object]:
        rows = [f"1-{at + 1}/{at * 3}-{at * 3 + 2}/Bo/P|Q/r/1-1[0_0]/" for at in range(count)]
        rows = [row.replace("P|Q", f"P[{at + 1}]").replace("[0_0]", f"[1_{at + 1}]") for at, row in enumerate(rows)]
        path = tmp_path / f"{count}.tsv"
        path.write_text(file_of("#Text=" + "Bo " * count, *rows, header=TIES))
        assert len(read_annotations(path)[0].relations) == count
        return lambda: read_annotations(path)

    assert growth.exponent(work, largest=10_000) < growth.BELOW_THE_SQUARE


LABELS = st.text("ab|_[]*\\;->\t1 ü", min_size=1, max_size=4).filter(str.strip)


@given(st.data())
def test_any_tokens_with_any_labels_read_back(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject):
    tokens = data.draw(st.lists(st.sampled_from(["a", "🪐", "x_y", "\\n", "ü|", "漢"]), min_size=1, max_size=8))
    length = len(tokens)
    spans = data.draw(st.lists(st.tuples(st.integers(0, length - 1), st.integers(1, length), LABELS), max_size=4))
    spans = sorted((start, max(start + 1, end), label) for start, end, label in spans)
    ends = st.integers(0, max(len(spans) - 1, 0))
    pairs = data.draw(st.lists(st.tuples(ends, ends, LABELS), max_size=4)) if spans else []
    content = _written(tokens, spans, pairs)
    text = right(tmp_path_factory.mktemp("any"), content)
    assert text.text == " ".join(tokens)
    starts = [len(" ".join(tokens[:at])) + bool(at) for at in range(length)]
    assert text.entities == [
        TextEntity(label, starts[start], starts[end - 1] + len(tokens[end - 1])) for start, end, label in spans
    ]
    found = sorted((one.head, one.tail, one.type or "") for one in text.relations)
    assert found == sorted((head, tail, label) for head, tail, label in pairs)


def _written(tokens: list[str], spans: list[tuple[int, int, str]], pairs: list[tuple[int, int, str]]) -> str:
    """What the tool writes, with a number for each mention."""

    def escaped(value: str) -> str:
        for sign in ("\\", "[", "]", "|", "_", "->", ";", "*"):
            value = value.replace(sign, f"\\{sign}")
        return value.replace("\t", "\\t")

    rows, at = [], 0
    for place, token in enumerate(tokens):
        end = at + len(token.encode("utf-16-le")) // 2
        labels = [f"{escaped(s[2])}[{n}]" for n, s in enumerate(spans, start=1) if s[0] <= place < s[1]]
        here = [(head, tail, name) for head, tail, name in pairs if spans[tail][0] == place]
        names = [escaped(name) for *_, name in here]
        heads = [f"1-{spans[head][0] + 1}[{head + 1}_{tail + 1}]" for head, tail, _ in here]
        columns = ["|".join(column) or "_" for column in (labels, names, heads)]
        rows.append("\t".join([f"1-{place + 1}", f"{at}-{end}", token, *columns, ""]))
        at = end + 1
    text = " ".join(tokens).replace("\\", "\\\\")
    return "\n".join([file_of(header=TIES), f"#Text={text}", *rows, ""])
