import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import product

import pytest
from transformers import pipeline

from spert_hf.serving.selecting import select_entities
from spert_space.extraction import Extractor, make_view, policies_by_entity
from tests.support.tiny_models import SENTENCES, make_tiny_checkpoint

TEXT = " ".join(SENTENCES[0])  # in which the tiny model is sure to find something


@pytest.fixture
def extractor(tiny_pipeline):
    return Extractor(tiny_pipeline)


def test_the_view_has_what_the_pipeline_finds(extractor, tiny_pipeline):
    view = make_view(extractor, TEXT, score_floor=0.05, max_relations=10_000)
    expected = tiny_pipeline(TEXT, relation_threshold=0.05)
    assert view["entities"] == expected["entities"]
    assert view["relations"] == expected["relations"]
    assert view["left_out"] == []
    assert view["entity_types"] == ["Loc", "Org", "Peop"]
    assert view["symmetric_relation_types"] == tiny_pipeline.model.config.symmetric_relation_types
    assert view["relation_signatures"] == {}
    assert view["relation_threshold"] == tiny_pipeline.model.config.relation_threshold
    assert view["overlap"] == tiny_pipeline.model.config.overlap


@pytest.mark.parametrize("policy", ["keep", "drop", "best"])
def test_policies_are_those_of_the_pipeline(extractor, tiny_pipeline, policy):
    view = make_view(extractor, TEXT, score_floor=0.05, max_relations=10)
    kept = [entity for entity, policies in zip(view["entities"], view["policies"], strict=True) if policy in policies]
    assert kept == tiny_pipeline(TEXT, overlap=policy)["entities"]


def test_the_model_used_here_finds_entities_that_overlap(extractor):
    """Else the test above would hold whatever the policies are."""
    (prediction,) = extractor.extract([TEXT])
    policies = policies_by_entity(prediction["entities"])
    assert ["keep"] in policies
    assert ["keep", "best"] in policies


def test_the_models_own_policy_is_where_one_starts(tmp_path):
    pipe = pipeline("spert-extraction", model=str(make_tiny_checkpoint("bert", tmp_path, overlap="best")))
    extractor = Extractor(pipe)
    view = make_view(extractor, TEXT, score_floor=0.05, max_relations=10)
    assert view["overlap"] == "best"
    assert ["keep"] in view["policies"]
    assert extractor.extract([TEXT]) == extractor.extract([TEXT], overlap="best")


def test_one_thread_computes_whoever_asks(tiny_pipeline):
    """Each thread that computes keeps memory for itself, and Gradio calls from dozens."""
    seen = []

    class Watched:
        model = tiny_pipeline.model

        def __call__(self, *arguments, **settings):
            seen.append(threading.get_ident())
            return tiny_pipeline(*arguments, **settings)

    watched = Extractor(Watched())
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda text: watched.extract([text]), [TEXT] * 8))
    assert answers == [tiny_pipeline([TEXT])] * 8
    assert len(seen) == 8 and len(set(seen)) == 1


class Found:
    """Stands for the extractor of a model that finds what it is told."""

    def __init__(self, entities, relations):
        self.knowledge = {"entity_types": ["A", "B"], "relation_types": ["Sure", "Unsure", "Rare"]}
        self.relation_threshold, self.overlap = 0.555, "best"
        names = ("token_start", "token_end", "type", "score")
        self._found = {
            "entities": [dict(zip(names, entity, strict=True)) for entity in entities],
            "relations": [dict(zip(("head", "tail", "type", "score"), r, strict=True)) for r in relations],
        }

    def extract(self, inputs, relation_threshold=None, overlap=None):
        return [self._found]


def types_of(view, policy):
    """How many relations of which type the page can show under a policy."""
    kept = [policy in policies for policies in view["policies"]]
    return Counter(r["type"] for r in view["relations"] if kept[r["head"]] and kept[r["tail"]])


def test_relations_that_a_policy_drops_take_no_places_of_those_it_keeps():
    apart = [(10 * i, 10 * i + 1, "A", 0.9) for i in range(11)]
    overlapping = [(200, 210 + i, "B", 0.5) for i in range(20)]
    sure = [(i, i + 1, "Sure", 0.87) for i in range(10)]
    between_overlapping = [(11 + i, 11 + j, "Unsure", 0.95) for i in range(20) for j in range(20) if i != j]
    extractor = Found(apart + overlapping, between_overlapping + sure)
    view = make_view(extractor, "", score_floor=0.05, max_relations=10)
    assert types_of(view, "best") == types_of(view, "drop") == {"Sure": 10}
    assert types_of(view, "keep") == {"Sure": 10, "Unsure": 5}, "no type takes all, and none is taken from"


def test_places_are_shared_by_type_and_sure_relations_go_first():
    entities = [(10 * i, 10 * i + 1, "A", 0.9) for i in range(50)]
    sure = [(i, i + 1, "Sure", 0.6 + i / 100) for i in range(20)]
    unsure = [(i + 1, i, "Unsure", 0.5) for i in range(40)]
    rare = [(49, 0, "Rare", 0.06), (49, 1, "Rare", 0.6)]
    extractor = Found(entities, unsure + rare + sure)
    shown = {
        most: types_of(make_view(extractor, "", score_floor=0.05, max_relations=most), "keep") for most in (3, 21, 30)
    }
    assert shown[3] == {"Sure": 2, "Rare": 1}, "an equal share"
    assert shown[21] == {"Sure": 20, "Rare": 1}, "what is less sure waits"
    assert shown[30] == {"Sure": 20, "Rare": 2, "Unsure": 8}
    best = make_view(extractor, "", score_floor=0.05, max_relations=3)["relations"]
    assert [r["score"] for r in best if r["type"] == "Sure"] == [0.78, 0.79]
    assert [r for r in unsure + rare + sure if r in [tuple(b.values()) for b in best]] == [
        tuple(b.values()) for b in best
    ], "in the pipeline's order"


def test_what_is_left_out_is_counted_for_every_setting(extractor, tiny_pipeline):
    view = make_view(extractor, TEXT, score_floor=0.05, max_relations=20)
    everything = tiny_pipeline(TEXT, relation_threshold=0.05)
    entities, policies = everything["entities"], policies_by_entity(everything["entities"])
    thresholds = (0.05, 0.3, view["relation_threshold"], 0.57, 0.9)
    settings = product(("keep", "drop", "best"), thresholds, (0, 0.29, 0.4), [None, *view["entity_types"]])
    counts = set()
    for policy, threshold, entity_score, hidden in settings:

        def shown(relation, policy=policy, threshold=threshold, entity_score=entity_score, hidden=hidden):
            return relation["score"] >= threshold and all(
                policy in policies[relation[end]]
                and entities[relation[end]]["score"] >= entity_score
                and entities[relation[end]]["type"] != hidden
                for end in ("head", "tail")
            )

        left_out = sum(
            group["count"]
            for group in view["left_out"]
            if policy in group["policies"]
            and group["score"] >= threshold
            and group["entity_score"] >= entity_score
            and hidden not in (group["head_type"], group["tail_type"])
        )
        assert left_out + sum(map(shown, view["relations"])) == sum(map(shown, everything["relations"]))
        counts.add(left_out)
    assert len(counts) > 5


def test_relations_go_with_their_entities():
    prediction = {
        "entities": [{"text": name, "score": score} for name, score in (("a", 0.9), ("b", 0.2), ("c", 0.5))],
        "relations": [{"head": 2, "tail": 0, "type": "R"}, {"head": 0, "tail": 1, "type": "R"}],
    }
    assert select_entities(prediction, 0.5) == {
        "entities": [{"text": "a", "score": 0.9}, {"text": "c", "score": 0.5}],
        "relations": [{"head": 1, "tail": 0, "type": "R"}],
    }
    assert select_entities(prediction, 0.0) == prediction
