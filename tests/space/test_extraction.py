import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from transformers import pipeline

from spert_space.extraction import Extractor, make_view, policies_by_entity, select_entities
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
    assert view["left_out"] == 0
    assert view["entity_types"] == ["Loc", "Org", "Peop"]
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


def test_only_the_best_relations_are_sent(extractor):
    everything = make_view(extractor, TEXT, score_floor=0.05, max_relations=10_000)["relations"]
    view = make_view(extractor, TEXT, score_floor=0.05, max_relations=3)
    assert view["left_out"] == len(everything) - 3 > 0
    best = sorted((relation["score"] for relation in everything), reverse=True)[:3]
    assert sorted((relation["score"] for relation in view["relations"]), reverse=True) == best
    assert [relation for relation in everything if relation in view["relations"]] == view["relations"], "in order"


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
