"""Recipes: which one data get and why, and what a run takes from it."""

import os
from pathlib import Path

import pytest

from spert_hf import SpertTrainer, SpertTrainingArguments
from spert_hf.data import Document, Entity, Relation, load_splits
from spert_hf.data.properties import DataProperties, measure_properties
from spert_hf.experiments.summary import gather_results
from spert_hf.experiments.tables import DEFAULT_ENCODER, REL_PLUS, TABLES
from spert_hf.training.arguments import SETTINGS
from spert_hf.training.recipes import AUTO, MEASURED, MEASURED_ENCODER, RecipeChoice, choose_recipe
from tests.support.documents import make_records
from tests.support.tiny_models import make_encoder_folder

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("SPERT_SHARED_DATA") or ROOT.parent / "shared" / "data")


def document(names, types, relations, words=()):
    """A document of one-word entities, which are followed by more words."""
    entities = [Entity(name, place, place + 1) for place, name in enumerate(types)]
    return Document([*names, *words], entities, [Relation(*one) for one in relations])


NEWS = document(("Ann", "Rome", "Bob", "Oslo", "Acme"), ("Peop", "Loc", "Peop", "Loc", "Org"), [("Live_In", 0, 1)])
CASES = document(("nausea", "aspirin"), ("Effect", "Drug"), [("Causes", 0, 1)])
ABSTRACTS = document(
    ("parser", "corpus", "tagger", "task", "score"),
    ("Method", "Data", "Method", "Task", "Task"),
    [("Used-for", 0, 1), ("Used-for", 1, 2), ("Used-for", 0, 2), ("Used-for", 3, 4), ("Used-for", 3, 0)],
)


def nested(one):
    """The document with an entity around its first two."""
    return Document(one.tokens, [*one.entities, Entity("Peop", 0, 2)], one.relations)


class TestChoice:
    @pytest.mark.parametrize(
        ("documents", "name", "reason"),
        [
            ([NEWS] * 9, "conll04", "as 100% of entities begin with a capital (there 100%) and "),
            (
                [CASES] * 9,
                "ade",
                "as 100% of the pairs of entities that relations may join are related (there 97%) and ",
            ),
            ([ABSTRACTS] * 9, "scierc", "as a relation type joins 56% of the pairs of entity types (there 67%) and "),
            # Of overlapping entities, the recipe that suits news would lose half.
            ([nested(NEWS)] * 9, "ade", "as 50% of entities overlap, of which other recipes keep only the best"),
        ],
    )
    def test_the_recipe_of_the_data_that_are_most_alike(self, documents, name, reason):
        choice = choose_recipe(AUTO, documents, MEASURED_ENCODER)
        assert (choice.name, choice.reason[: len(reason)]) == (name, reason)
        assert choice.describe() == f"Recipe: that of {MEASURED[name].title} ({MEASURED[name].kind}), {choice.reason}"
        assert len(choice.describe().splitlines()) == 1

    def test_a_few_overlaps_rule_nothing_out(self):
        assert choose_recipe(AUTO, [NEWS] * 30 + [nested(NEWS)], None).name == "conll04"

    def test_data_without_relations_or_entities_get_one_too(self):
        names = document(("Ann", "Rome"), ("Peop", "Loc"), [])
        assert choose_recipe(AUTO, [names] * 9, None).name == "conll04"
        assert choose_recipe(AUTO, [Document(["word"])], None).name in MEASURED

    def test_what_was_not_measured_is_said(self):
        long = [document(NEWS.tokens, [one.type for one in NEWS.entities], [("Live_In", 0, 1)], ["word"] * 90)]
        assert choose_recipe(AUTO, [NEWS], None).reason.count("measured") == 0
        assert choose_recipe(AUTO, long, None).reason.endswith("; measured only on single sentences")
        said = choose_recipe(AUTO, long, "bert-base-cased").reason
        rates = "; a larger encoder may need lower learning rates"
        assert said.endswith(f"; measured only on single sentences and with all-MiniLM-L6-v2{rates}")
        assert choose_recipe("ade", [], "bert").reason == "as given; measured only with all-MiniLM-L6-v2"

    @pytest.mark.parametrize("name", MEASURED)
    def test_only_what_says_how_to_learn_is_taken(self, name):
        settings = choose_recipe(name, [], None).settings
        left = {"dataset", "dataset_config_name", "encoder", "output_dir", "train_on_dev", "eval_every_epochs"}
        assert not {*left, "text_reading", "seed"} & set(settings)
        assert {"learning_rate", "num_train_epochs", "relation_threshold"} <= set(settings) <= set(SETTINGS)

    def test_an_unknown_one_is_refused_with_those_there_are(self):
        with pytest.raises(ValueError) as raised:
            choose_recipe("scirec", [], None)
        allowed = "'auto', 'conll04', 'scierc' or 'ade' (a file of settings is given with config)"
        assert str(raised.value) == f"recipe must be {allowed}, got 'scirec' (did you mean 'scierc'?)"


@pytest.mark.parametrize("name", MEASURED)
class TestMeasured:
    def test_it_is_the_best_of_the_results(self, name):
        """By REL+ micro F1 in the runs with the seeds, or the folds, that all rows of the table have."""
        results = gather_results(TABLES[name], DEFAULT_ENCODER, ROOT / "model_cards" / "results")
        scores = {}
        shared = min(len(row.results) for row in results.rows)
        assert shared
        for row in results.rows:
            runs = [run["scores"][REL_PLUS.task][REL_PLUS.average]["f1"] for run in row.results[:shared]]
            file = row.row.recipe or f"{name}/recipe.yaml"
            scores[file] = max(scores.get(file, 0), sum(runs) / shared)
        assert max(scores, key=lambda file: scores[file]) == MEASURED[name].file

    def test_the_data_have_the_properties_and_get_the_recipe(self, name):
        if not (DATA / name).is_dir():
            pytest.skip(f"no copy of {name}")
        config = "fold_0" if name == "ade" else None
        splits = load_splits(name, data_dir=DATA / name, config_name=config)
        for documents in (splits.train, [*splits.train, *splits.dev], splits.train[:300]):
            assert choose_recipe(AUTO, documents, None).name == name
        own, known = measure_properties(splits.train), MEASURED[name].data
        for field in DataProperties.__slots__:
            assert getattr(own, field) == pytest.approx(getattr(known, field), rel=0.01, abs=0.001), field

    def test_the_documentation_has_its_row(self, name):
        one, data = MEASURED[name], MEASURED[name].data
        shares = (f"{share:.1%}" for share in (data.overlapping, data.joined, data.related, data.capitals))
        row = " | ".join(("", f"`{name}`", f"`{one.file}`", *shares, f"{data.words:.0f}", f"{data.documents:,}", ""))
        assert row.strip() in (ROOT / "docs" / "training.md").read_text(encoding="utf-8")


class TestTrainer:
    @pytest.fixture
    def make(self, tmp_path):
        def trainer(recipe, **settings):
            encoder = make_encoder_folder("bert", tmp_path / "encoder")
            args = SpertTrainingArguments(output_dir=str(tmp_path / "run"), encoder=str(encoder), **settings)
            return SpertTrainer(args=args, train_dataset=make_records(), recipe=recipe, show_progress=False)

        return trainer

    def test_defaults_give_way_and_other_settings_stay(self, make):
        trainer = make(AUTO, learning_rate=1e-4)
        recipe = MEASURED[trainer.recipe.name].read()
        assert {name: getattr(trainer.args, name) for name in recipe} == recipe | {"learning_rate": 1e-4}
        assert trainer.model.config.letter_case_embeddings is recipe["letter_case_embeddings"]
        assert trainer.recipe.reason.startswith("as ")

    def test_a_choice_was_applied_before(self, make):
        choice = RecipeChoice("ade", "as given", MEASURED["ade"].read())
        trainer = make(choice, learning_rate=1e-4)
        assert (trainer.recipe, trainer.args.learning_rate) == (choice, 1e-4)
        assert make(None).recipe is None

    def test_a_trained_model_keeps_its_settings(self, make, tiny_checkpoint):
        args = SpertTrainingArguments(output_dir="unused")
        given = {"args": args, "train_dataset": make_records(), "show_progress": False}
        alone, trainer = (SpertTrainer(str(tiny_checkpoint), recipe=recipe, **given) for recipe in (None, "conll04"))
        assert trainer.args.model_settings() == alone.args.model_settings()
        assert trainer.args.head_learning_rate == MEASURED["conll04"].read()["head_learning_rate"]

    def test_wrong_ones_are_refused_before_anything_is_read(self):
        with pytest.raises(ValueError, match=r"recipe must be .* got 'conl04' \(did you mean 'conll04'\?\)"):
            SpertTrainer("nowhere", recipe="conl04")
        with pytest.raises(TypeError, match=r"recipe must be 'auto', .* got an object of type int"):
            SpertTrainer("nowhere", recipe=3)
