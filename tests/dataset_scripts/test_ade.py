"""ADE's loading script: places, tokens, folds, the archive, local folders, and the real data where it is at hand."""

import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spert_hf.data import DatasetError, load_splits
from spert_hf.data.named_datasets import dataset_folder
from tests.support.loading_scripts import NOT_FOUND, build, card_rows, counted, digest_of, import_script

ADE = import_script("ade")


def line(sentence, effect, drug, *, effect_at=0, drug_at=0, offset=100, identifier="1"):
    """A line whose mentions are the occurrences at or after the given places; the sentence stands at `offset`."""
    begin = offset + sentence.index(effect, effect_at)
    drug_begin = offset + sentence.index(drug, drug_at)
    fields = [identifier, sentence, effect, begin, begin + len(effect), drug, drug_begin, drug_begin + len(drug)]
    return "|".join(map(str, fields))


def documents_of(*lines, **options):
    return ADE._from_relations("\n".join(lines).encode(), "made.rel", **options)


def spans_of(document):
    return [(e["type"], " ".join(document["tokens"][e["start"] : e["end"]])) for e in document["entities"]]


def test_head_is_the_effect_and_tail_the_drug():
    (document,) = documents_of(line("Drugol-induced skin rash, 2.5 mg.", "skin rash", "Drugol"))
    assert document == {
        "tokens": ["Drugol", "-", "induced", "skin", "rash", ",", "2.5", "mg", "."],
        "entities": [{"type": "Drug", "start": 0, "end": 1}, {"type": "Adverse-Effect", "start": 3, "end": 5}],
        "relations": [{"type": "Adverse-Effect", "head": 1, "tail": 0}],
        "orig_id": "1-0",
    }


def test_lines_of_a_sentence_are_merged_and_repetitions_dropped():
    sentence = "Rash and fever after Drugol."
    first, second = line(sentence, "Rash", "Drugol"), line(sentence, "fever", "Drugol")
    merged, other = documents_of(first, second, first, line(sentence, "Rash", "Drugol", identifier="2"))
    assert spans_of(merged) == [("Adverse-Effect", "Rash"), ("Adverse-Effect", "fever"), ("Drug", "Drugol")]
    assert [(r["head"], r["tail"]) for r in merged["relations"]] == [(0, 2), (1, 2)]
    assert (merged["orig_id"], other["orig_id"]) == ("1-0", "2-0")


def test_the_distance_tells_occurrences_apart():
    sentence = "Drugol caused rash ; later Drugol again gave rash."
    (document,) = documents_of(line(sentence, "rash", "Drugol", effect_at=20, drug_at=5))
    assert [entity["start"] for entity in document["entities"]] == [5, 8]


@pytest.mark.parametrize("order", [1, -1])
def test_the_sentence_s_offset_tells_places_at_one_distance_apart(order):
    sentence = "Drugol rash was seen and Drugol rash was feared, with fever."
    lines = [
        line(sentence, "rash", "Drugol", effect_at=20, drug_at=20),
        line(sentence, "fever", "Drugol", drug_at=20),
    ]
    (document,) = documents_of(*lines[::order])
    assert [(e["type"], e["start"]) for e in document["entities"]] == [
        ("Drug", 5),
        ("Adverse-Effect", 6),
        ("Adverse-Effect", 11),
    ]


def test_tokens_are_split_where_mentions_begin_and_end():
    (document,) = documents_of(line("Predrugolic neurotoxicity.", "toxicity", "drugol"))
    assert document["tokens"] == ["Pre", "drugol", "ic", "neuro", "toxicity", "."]
    assert spans_of(document) == [("Drug", "drugol"), ("Adverse-Effect", "toxicity")]


def test_spaces_at_the_ends_of_mentions_are_left_out():
    (document,) = documents_of(line("Bad rash  after Drugol now.", " rash ", " Drugol "))
    assert spans_of(document) == [("Adverse-Effect", "rash"), ("Drug", "Drugol")]


words = st.text(st.sampled_from("aB1é-'.,( "), min_size=1, max_size=12)


@given(before=words, effect=words, between=words, drug=words, after=words)
def test_every_mention_is_made_of_whole_tokens(before, effect, between, drug, after):
    effect, drug = effect.strip() or "x", drug.strip() or "y"
    sentence = before + effect + between + drug + after
    starts = len(before), len(before + effect + between)
    record = f"1|{sentence}|{effect}|{starts[0]}|{starts[0] + len(effect)}|{drug}|{starts[1]}|{starts[1] + len(drug)}"
    (document,) = documents_of(record)
    assert "".join(document["tokens"]) == "".join(sentence.split())
    texts = {e["type"]: "".join(document["tokens"][e["start"] : e["end"]]) for e in document["entities"]}
    assert texts == {"Adverse-Effect": "".join(effect.split()), "Drug": "".join(drug.split())}


def test_relations_between_overlapping_mentions_may_be_left_out():
    lines = [
        line("Drugol toxicity and rash.", "Drugol toxicity", "Drugol"),
        line("Drugol toxicity and rash.", "rash", "Drugol"),
        line("Drugol toxicity.", "Drugol toxicity", "Drugol"),
    ]
    assert [len(document["relations"]) for document in documents_of(*lines)] == [2, 1]
    first, second = documents_of(*lines, with_overlap=False)
    assert spans_of(first) == [("Drug", "Drugol"), ("Adverse-Effect", "rash")]
    assert (second["entities"], second["relations"]) == ([], [])


@pytest.mark.parametrize("sentence", ["Drugolrash.", "rashDrugol."])
def test_mentions_that_touch_do_not_overlap(sentence):
    (document,) = documents_of(line(sentence, "rash", "Drugol"), with_overlap=False)
    assert len(document["relations"]) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1|Rash.|Rash|0|4", r"DRUG-AE.rel, line 2 must be PubMed id.*, got '1.Rash"),
        ("1|Rash by A.|Rash|0|4|A|x|9", r"line 2 must be .* with integer offsets, got"),
        (
            "1|Rash by A.|Rash|0|4|A|9|10",
            r"line 2: effect and drug must stand in the sentence '.*', got 'Rash' and, 9 characters on, 'A'",
        ),
        ("1|Rash by A.|Rash|0|4||8|8", r"line 2: effect and drug must .*, got 'Rash' and, .*, ''"),
    ],
)
def test_faults_of_local_files_are_placed(tmp_path, text, expected):
    (tmp_path / "DRUG-AE.rel").write_text("1|Rash by A.|Rash|0|4|A|8|9\n" + text)
    with pytest.raises(DatasetError, match=expected):
        load_splits(dataset_folder("ade"), data_dir=tmp_path)


def write_relations(folder, count=23):
    folder.mkdir(exist_ok=True)
    lines = [line(f"Case {i}: rash after Drugol.", "rash", "Drugol", identifier=str(i)) for i in range(count)]
    (folder / "DRUG-AE.rel").write_text("\n".join(lines) + "\n")
    return folder


def write_archive(folder):
    relations = write_relations(folder) / "DRUG-AE.rel"
    with zipfile.ZipFile(folder / "ADE-Corpus-V2.zip", "w") as archive:
        archive.writestr("ADE-Corpus-V2/README.txt", "made")
        archive.write(relations, "ADE-Corpus-V2/DRUG-AE.rel")
    relations.rename(folder / "outside.rel")
    return folder


@pytest.mark.parametrize("suffix", ["", "_no_overlap"])
def test_folds_divide_the_sentences(tmp_path, suffix):
    folder = write_relations(tmp_path / "local")
    everything = {row["orig_id"] for row in build(ADE.Ade, tmp_path, "full" + suffix, folder)["train"]}
    tested = []
    for fold in range(10):
        rows = build(ADE.Ade, tmp_path, f"fold_{fold}{suffix}", folder)
        test = {row["orig_id"] for row in rows["test"]}
        assert {row["orig_id"] for row in rows["train"]} == everything - test
        assert len(test) in (2, 3)
        tested += test
    assert sorted(tested) == sorted(everything)


def test_folds_are_the_same_everywhere():
    assert [sorted(ADE._fold(23, fold)) for fold in (0, 9)] == [[0, 9, 16], [6, 8]]
    assert len(ADE.Ade.BUILDER_CONFIGS) == 22


def test_load_splits_by_name_from_a_local_folder(tmp_path):
    splits = load_splits(dataset_folder("ade"), data_dir=write_archive(tmp_path / "zip"), config_name="full")
    assert len(splits.train) + len(splits.dev) == 23
    assert splits.schema.entity_names == ("Drug", "Adverse-Effect")
    assert splits.schema.relation_names == ("Adverse-Effect",)
    assert splits.schema.symmetric_relation_names == ()
    splits = load_splits(dataset_folder("ade"), data_dir=write_relations(tmp_path / "rel"), dev_fraction=0)
    assert (len(splits.train), len(splits.test)) == (20, 3)


def test_a_local_folder_without_the_files_is_refused(tmp_path):
    with pytest.raises(DatasetError, match=r"data_dir must be a folder with DRUG-AE.rel or ADE-Corpus-V2.zip, got .*"):
        load_splits(dataset_folder("ade"), data_dir=tmp_path)
    (tmp_path / "ADE-Corpus-V2.zip").write_bytes(b"PK")
    with pytest.raises(DatasetError, match=r"ADE-Corpus-V2.zip: File is not a zip file"):
        load_splits(dataset_folder("ade"), data_dir=tmp_path)


@pytest.fixture
def served(server, monkeypatch):
    """The builder, told of a server on this machine with an archive; the served folder; and the archive's address."""
    folder, address = server
    write_archive(folder)
    monkeypatch.setattr(ADE.Ade, "ADDRESSES", (f"{address}/gone.zip", f"{address}/ADE-Corpus-V2.zip"))
    monkeypatch.setattr(ADE.Ade, "ARCHIVE_DIGEST", digest_of(folder / "ADE-Corpus-V2.zip"))
    monkeypatch.setattr(ADE.Ade, "FILE_DIGEST", digest_of(folder / "outside.rel"))
    return ADE.Ade, folder, ADE.Ade.ADDRESSES


def test_archive_from_the_network(served, tmp_path):
    builder, _, _ = served
    assert len(build(builder, tmp_path, "full")["train"]) == 23


def test_sources_that_are_gone_are_named(served, tmp_path):
    builder, folder, (first, second) = served
    (folder / "ADE-Corpus-V2.zip").unlink()
    with pytest.raises(OSError, match="set data_dir to a folder with DRUG-AE") as caught:
        build(builder, tmp_path)
    assert f"Tried: {first}: {NOT_FOUND}; {second}: {NOT_FOUND}" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "attribute"), [("ADE-Corpus-V2.zip", "ARCHIVE_DIGEST"), ("DRUG-AE.rel", "FILE_DIGEST")]
)
def test_changed_digests_are_told(served, tmp_path, monkeypatch, name, attribute):
    builder, _, (_, address) = served
    digest = getattr(builder, attribute)
    monkeypatch.setattr(builder, attribute, "0" * 64)
    with pytest.raises(OSError, match="set data_dir") as caught:
        build(builder, tmp_path)
    assert f"{address}: ValueError: {name} has changed: its SHA-256 must be {'0' * 64}, got {digest}" in str(
        caught.value
    )


def test_the_real_data(shared_data):
    path = shared_data / "ade" / "DRUG-AE.rel"
    assert digest_of(path) == ADE.Ade.FILE_DIGEST
    documents = ADE._from_relations(path.read_bytes(), path.name)
    assert len(documents) == 4272
    assert sum(len(document["relations"]) for document in documents) == 6821
    names = [entity["type"] for document in documents for entity in document["entities"]]
    assert (names.count("Drug"), names.count("Adverse-Effect")) == (5063, 5776)
    documents = ADE._from_relations(path.read_bytes(), path.name, with_overlap=False)
    assert len(documents) == 4272
    assert sum(len(document["relations"]) for document in documents) == 6821 - 120
    names = [entity["type"] for document in documents for entity in document["entities"]]
    assert (names.count("Drug"), names.count("Adverse-Effect")) == (4988, 5691)
    assert sum(not document["entities"] for document in documents) == 52


def test_the_real_data_is_valid_and_in_folds(shared_data):
    splits = load_splits(dataset_folder("ade"), data_dir=shared_data / "ade", dev_fraction=0)
    assert (len(splits.train), len(splits.test)) == (3844, 428)
    assert [len(ADE._fold(4272, fold)) for fold in range(10)] == [428, 428, 427, 427, 427, 427, 427, 427, 427, 427]


def test_the_real_data_s_tokens_do_not_tell_where_mentions_are(shared_data):
    """No token had to be split for a mention, so that the tokens are those of any text."""
    path = shared_data / "ade" / "DRUG-AE.rel"
    sentences = dict.fromkeys(tuple(record.split("|")[:2]) for record in path.read_text(encoding="utf-8").splitlines())
    documents = ADE._from_relations(path.read_bytes(), path.name)
    for (_, sentence), document in zip(sentences, documents, strict=True):
        assert document["tokens"] == ADE._TOKEN.findall(sentence)


def test_the_card_s_figures_are_those_of_the_real_data(shared_data):
    path = shared_data / "ade" / "DRUG-AE.rel"
    for name, with_overlap in (("`full`", True), ("`full_no_overlap`", False)):
        documents = ADE._from_relations(path.read_bytes(), path.name, with_overlap=with_overlap)
        entities = [entity for document in documents for entity in document["entities"]]
        relations = [relation for document in documents for relation in document["relations"]]
        counts = (counted(["Drug"], entities), counted(["Adverse-Effect"], entities), f"{len(relations):,}")
        assert (name, f"{len(documents):,} / none", *counts) in card_rows("ade")
        assert max(len(document["tokens"]) for document in documents) == 97
        assert max(entity["end"] - entity["start"] for entity in entities) == 15
