"""Model cards: what was measured is in them and nothing else, and no text can break them."""

import json
from itertools import pairwise
from types import SimpleNamespace

import pytest
from huggingface_hub import ModelCard, ModelCardData
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from spert_hf import SpertConfig
from spert_hf.hub.model_card import CardSource, find_card_source, make_model_card
from spert_hf.hub.training_record import TrainingRecord
from spert_hf.model.card import card_data, is_generated, make_card, printable, sealed

MARKDOWN = MarkdownIt("commonmark").enable("table")
AS_TEXT = {"ner": 79.123, "rel": 58.456, "rel_plus": 47.789}
NO_SOURCE = CardSource(ModelCardData())


def make_score(f1, support=4):
    return {"precision": f1 + 1.001, "recall": f1 - 1.001, "f1": f1, "tp": 2, "fp": 1, "fn": 2, "support": support}


def make_run():
    """What training records, in the parts that a card shows."""
    tasks = {
        task: {"micro": make_score(f1), "macro": make_score(f1 / 2)}
        for task, f1 in (("ner", 80.123), ("rel", 60.456), ("rel_plus", 50.789))
    }
    return {
        "settings": {"dataset": "conll04", "encoder": "ada/encoder", "train_on_dev": False, "hub_model_id": None},
        "dataset": {"name": "conll04", "kind": "package", "config": "default", "revision": None},
        "documents": {"train": 922, "dev": 231, "test": 288},
        "split": "test",
        "scores": {**tasks, "documents": 288, "no_overlapping": False},
        "steps": 1234,
        "seconds": 56.7,
        "device": "cpu",
        "processes": 1,
        "finished": "2020-01-01T00:00:00+00:00",
        "versions": {"spert_hf": "0.1", "torch": "2"},
    }


@pytest.fixture
def run():
    return make_run()


class SilentPipeline:
    """Stands for a model where only the card's text matters."""

    def __init__(self):
        self.model = SimpleNamespace(config=SpertConfig())

    def __call__(self, text):
        return {"entities": [], "relations": []}


def headings(text):
    tokens = MARKDOWN.parse(text)
    return [after.content for token, after in pairwise(tokens) if token.type == "heading_open"]


def code_spans(text):
    return [
        child.content for token in MARKDOWN.parse(text) for child in token.children or () if child.type == "code_inline"
    ]


class TestWhatWasMeasured:
    def test_the_figures_are_those_of_the_record(self, tiny_pipeline, run):
        card = ModelCard(str(make_model_card(tiny_pipeline, "ada/tiny", TrainingRecord(run), NO_SOURCE)))
        assert card.data.model_name == "tiny"
        assert len(card.data.eval_results) == 18
        f1 = {result.metric_name: result for result in card.data.eval_results if result.metric_type == "f1"}
        assert {name: result.metric_value for name, result in f1.items()} == {
            "NER micro F1 (%)": 80.12,
            "NER macro F1 (%)": 40.06,
            "REL micro F1 (%)": 60.46,
            "REL macro F1 (%)": 30.23,
            "REL+ micro F1 (%)": 50.79,
            "REL+ macro F1 (%)": 25.39,
        }
        one = f1["REL+ micro F1 (%)"]
        assert (one.task_type, one.dataset_type, one.dataset_name) == ("relation-extraction", "conll04", "CoNLL04")
        assert (one.dataset_config, one.dataset_split, one.dataset_revision) == ("default", "test", None)
        assert "| REL+, micro: both entity types right, too | 51.79 | 49.79 | 50.79 |" in card.text
        assert "288 documents of `test`, data set `CoNLL04`, config `default`" in card.text
        assert "Documents: 922 of train" in card.text
        assert '| `encoder` | `"ada/encoder"` |' in card.text

    def test_no_path_is_shown(self, tiny_pipeline, run, tmp_path):
        run["settings"] |= {"encoder": f"{tmp_path}/encoder", "teachers": f"{tmp_path}/one, ada/two,{tmp_path}/three"}
        card = make_model_card(tiny_pipeline, "ada/tiny", TrainingRecord(run), NO_SOURCE)
        assert '| `encoder` | `"encoder"` |' in card.text
        assert '| `teachers` | `"one,ada/two,three"` |' in card.text
        assert str(tmp_path) not in str(card)

    def test_the_figures_of_text_stand_beside_those_of_tokens(self, tiny_pipeline, run):
        without = make_model_card(tiny_pipeline, "ada/tiny", TrainingRecord(run), NO_SOURCE)
        assert "on text" not in without.text
        run["scores_as_text"] = {task: {"micro": make_score(f1)} for task, f1 in AS_TEXT.items()}
        card = make_model_card(tiny_pipeline, "ada/tiny", TrainingRecord(run), NO_SOURCE)
        tables = [token for token in MARKDOWN.parse(card.text) if token.type == "table_open"]
        assert len(tables) == len([token for token in MARKDOWN.parse(without.text) if token.type == "table_open"]) + 1
        for row in ("| NER | 80.12 | 79.12 |", "| REL | 60.46 | 58.46 |", "| REL+ | 50.79 | 47.79 |"):
            assert row in card.text
        assert card.data.to_dict() == without.data.to_dict()  # model-index is of the data's tokens

    def test_a_task_without_anything_to_find_has_no_figure_of_text(self, run):
        run["scores_as_text"] = {task: {"micro": make_score(f1)} for task, f1 in AS_TEXT.items()}
        for task in ("rel", "rel_plus"):
            run["scores"][task]["micro"] = make_score(0.0, support=0)
        assert TrainingRecord(run).described_scores_as_text() == [("NER", "80.12", "79.12")]

    @pytest.mark.parametrize(
        "given",
        [None, {}, [], 5, {"ner": {"micro": {"f1": 1.0}}}, {task: {"micro": {"f1": "high"}} for task in AS_TEXT}],
        ids=repr,
    )
    def test_malformed_figures_of_text_are_refused(self, run, tmp_path, given):
        path = tmp_path / "training_run.json"
        path.write_text(json.dumps({**run, "scores_as_text": given}), encoding="utf-8")
        with pytest.raises(ValueError, match=r"training_run\.json: .*scores_as_text.*train again, or remove the file"):
            TrainingRecord.from_file(path)

    def test_without_a_record_there_are_no_figures(self, tiny_pipeline):
        card = ModelCard(str(make_model_card(tiny_pipeline, "ada/tiny", None, NO_SOURCE)))
        assert card.data.eval_results is None
        assert headings(card.text) == ["tiny", "Types", "How it reads text", "Use", "Limits", "Citation"]

    def test_a_task_without_anything_to_find_has_no_figure(self, tiny_pipeline, run):
        for task in ("rel", "rel_plus"):
            run["scores"][task]["micro"] = make_score(0.0, support=0)
        card = make_model_card(tiny_pipeline, "ada/tiny", TrainingRecord(run), NO_SOURCE)
        assert {result.task_type for result in card.data.eval_results} == {"token-classification"}
        assert "| REL" not in card.text

    @pytest.mark.parametrize(
        ("split", "train_on_dev", "held_out"), [("dev", True, False), ("train", False, False), ("dev", False, True)]
    )
    def test_scores_of_training_documents_are_no_results(self, tiny_pipeline, run, split, train_on_dev, held_out):
        run["split"], run["settings"]["train_on_dev"] = split, train_on_dev
        card = ModelCard(str(make_model_card(tiny_pipeline, "ada/tiny", TrainingRecord(run), NO_SOURCE)))
        assert bool(card.data.eval_results) == held_out
        assert ("The model was trained on these documents, too" in card.text) != held_out
        assert ("231 of dev" in card.text) == train_on_dev

    def test_the_example_is_what_the_model_finds(self, tiny_pipeline):
        source = CardSource(ModelCardData(widget=[{"text": 'Ada said "Oslo".'}]))
        text = make_model_card(tiny_pipeline, "ada/tiny", None, source).text
        blocks = {token.info: token.content for token in MARKDOWN.parse(text) if token.type == "fence"}
        assert 'print(pipe("Ada said \\"Oslo\\"."))' in blocks["python"]
        shown, found = json.loads(blocks["json"]), tiny_pipeline('Ada said "Oslo".')
        assert [entity["text"] for entity in shown["entities"]] == [entity["text"] for entity in found["entities"]]
        assert [r["score"] for r in shown["relations"]] == pytest.approx(
            [r["score"] for r in found["relations"]], abs=1e-3
        )

    def test_a_data_set_of_the_hub_is_linked(self, tiny_pipeline, run):
        run["dataset"] = {"name": "ada/news", "kind": "hub", "config": None, "revision": "f" * 40}
        card = make_model_card(tiny_pipeline, "ada/tiny", TrainingRecord(run), find_card_source(TrainingRecord(run)))
        assert card.data.datasets == ["ada/news"]
        assert {result.dataset_revision for result in card.data.eval_results} == {"f" * 40}

    @pytest.mark.parametrize("field", ["settings", "dataset", "documents", "scores", "versions"])
    def test_a_record_that_lacks_something_is_refused(self, run, tmp_path, field):
        path = tmp_path / "training_run.json"
        run["settings"]["train_on_dev"], run["split"] = True, "dev"  # whether or not there are results
        for content in ({**run, field: {}}, {**run, field: None}, [run]):
            path.write_text(json.dumps(content), encoding="utf-8")
            if content == {**run, "versions": {}}:
                continue  # nothing has to be in it
            with pytest.raises(ValueError, match=r"training_run\.json: .*train again, or remove the file"):
                TrainingRecord.from_file(path)


class TestTheSource:
    @pytest.fixture
    def source(self, tmp_path):
        path = tmp_path / "card.md"
        path.write_text(
            "---\nlicense: mit\ntags:\n- mine\nmodel-index:\n- name: x\n  results: []\n---\n\n# Mine\n\nFor tests.\n\n"
            "<!-- measured -->\n\n## Limits\n\nMany.\n",
            encoding="utf-8",
        )
        return CardSource.from_file(path)

    def test_the_measured_parts_go_in_at_the_mark(self, tiny_pipeline, run, source):
        card = make_model_card(tiny_pipeline, "ada/tiny", TrainingRecord(run), source)
        assert headings(card.text) == [
            "Mine",
            "Types",
            "How it reads text",
            "Use",
            "Results",
            "Training",
            "Limits",
            "Citation",
        ]
        assert card.data.license == "mit"
        assert {"mine", "spert"} <= set(card.data.tags)
        assert len(card.data.eval_results) == 18

    def test_its_own_figures_are_left_out(self, tiny_pipeline, source):
        assert "model-index" not in make_model_card(tiny_pipeline, "ada/tiny", None, source).data.to_dict()

    @pytest.mark.parametrize("content", [b"---\n- a list\n---\n", b"---\na: [\n---\n", b"\xff", None])
    def test_one_that_can_not_be_read_is_refused(self, tmp_path, content):
        path = tmp_path / "card.md"
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(ValueError, match=r"card\.md can't be read as a model card: "):
            CardSource.from_file(path)


texts = st.text(
    st.one_of(st.sampled_from("`|<>*_#-:[]()\\\n\r'\"{}% &!\u2028\ud800\u202e"), st.characters()), min_size=1
)
BREAKERS = ["a\n---\n# b", "```", "<script>", "{{ 1/0 }}", "| a |", "]( x", "- :", "<!-- measured -->", "`a``b`"]


def test_what_relations_join_is_said():
    config = SpertConfig(
        entity_types=["Peop", "Org", "Loc"],
        relation_types=["Work_For", "Near", "Kill"],
        symmetric_relation_types=["Near"],
        relation_signatures={"Work_For": [["Peop", "Org"], ["Peop", "Loc"]], "Kill": []},
    )
    lines = make_card(config, "ada/tiny").splitlines()
    assert "- `Work_For`, only `Peop` → `Org`; `Peop` → `Loc`" in lines
    assert "- `Near`, symmetric" in lines
    assert "- `Kill`, never predicted" in lines


class TestNoTextBreaksIt:
    @pytest.mark.parametrize("breaker", BREAKERS)
    def test_of_a_reading(self, breaker):
        reading = {"words": "pattern", "word_pattern": breaker, "abbreviations": [*BREAKERS, *map(str, range(30))]}
        card = make_card(SpertConfig(text_reading=reading), "ada/tiny")
        assert headings(ModelCard(card).text) == ["tiny", "Types", "How it reads text", "Use", "Limits", "Citation"]
        assert f"{printable(BREAKERS[0])}." in code_spans(ModelCard(card).text)
        assert f"and {len(BREAKERS) + 10} more" in card

    @given(names=st.lists(texts, min_size=2, max_size=6, unique=True))
    @example(names=BREAKERS)
    def test_of_types(self, names):
        entity_types, relation_types = names[::2], names[1::2]
        config = SpertConfig(
            entity_types=entity_types,
            relation_types=relation_types,
            symmetric_relation_types=relation_types[:1],
            relation_signatures={relation_types[-1]: [[entity_types[0], entity_types[-1]]]},
        )
        card = ModelCard(sealed(make_card(config, "ada/tiny")))
        assert headings(card.text) == ["tiny", "Types", "How it reads text", "Use", "Limits", "Citation"]
        plain = {name for name in names if name.isprintable() and name.strip()}
        assert plain <= set(code_spans(card.text))
        kinds = {child.type for token in MARKDOWN.parse(card.text) for child in token.children or ()}
        assert kinds <= {"text", "softbreak", "code_inline", "link_open", "link_close"}
        assert is_generated(str(card))
        str(card).encode()

    @given(name=texts, setting=texts)
    @example(name=BREAKERS[0], setting="a | b `c` | d")
    def test_of_a_run(self, name, setting):
        run = make_run()
        run["dataset"] |= {"name": name, "kind": "local"}
        run["settings"]["encoder"] = setting
        card = ModelCard(sealed(str(make_model_card(SilentPipeline(), "ada/tiny", TrainingRecord(run), NO_SOURCE))))
        assert headings(card.text) == ["tiny", "Types", "How it reads text", "Use", "Results", "Training", "Citation"]
        assert len(card.data.eval_results) == 18
        rows = [token for token in MARKDOWN.parse(card.text) if token.type == "td_open"]
        assert len(rows) == 4 * 6 + 2 * 3
        assert is_generated(str(card))


class TestFrontMatterWithoutYaml:
    """A checkpoint's own code writes YAML without a library for it."""

    @given(st.lists(st.text("aeqyYnNo0.-+:#'\"\\\n é", max_size=6), unique=True, max_size=4), st.text(max_size=8))
    @example(["yes", "Null", "on", "12", "1e5", "- a", "# b", "it's"], "C:\\models\\a")
    def test_any_text_is_read_as_it_was(self, tags, name):
        config = SpertConfig()
        config.encoder_config.name_or_path = name
        data = ModelCard(make_card(config, "ada/tiny", tags)).data
        assert data.tags == card_data(config, tags)["tags"]
        assert (data.base_model or "") == printable(name)

    @pytest.mark.parametrize("tag", ["first", "yes", "12", "v1.0", "base_model:ada/tiny", "it's"])
    def test_it_is_known_again_after_the_client_has_saved_it(self, tag, tmp_path):
        ModelCard(sealed(make_card(SpertConfig(), "ada/tiny", [tag]))).save(tmp_path / "README.md")
        assert is_generated((tmp_path / "README.md").read_text(encoding="utf-8"))
