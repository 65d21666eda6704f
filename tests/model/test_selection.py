"""How sure results must be, and of which types: the rest is left out, and nothing else changes."""

import copy

import numpy as np
import pytest
import torch
from transformers import pipeline

TEXT = (
    "Marian Pell works for Northern Paper Co. in Duluth, Minn., where she was born. "
    "On Tuesday the harbour office of Kestrel Marine moved from Oslo to Tromsø."
)


@pytest.fixture(scope="module")
def pipe(tiny_pipeline):
    """A model that finds entities of all types."""
    pipe = copy.deepcopy(tiny_pipeline)
    weight, sizes = pipe.model.entity_classifier.weight, pipe.model.size_embeddings.weight
    with torch.no_grad():
        weight[2:] = weight[1]
        for type_index in (1, 2, 3):  # as many words as the type's number make it likely
            size = sizes[type_index]
            weight[type_index, -len(size) :] += size / size.square().sum()
    return pipe


@pytest.fixture(scope="module")
def everything(pipe):
    found = pipe(TEXT, relation_threshold=0.0, overlap="keep")
    assert len({relation["type"] for relation in found["relations"]}) == 3
    assert len({entity["type"] for entity in found["entities"]}) == 3
    return found


def select(found, keeps_entity, keeps_relation):
    """What is left of a result, with its indices renumbered."""
    kept = [index for index, entity in enumerate(found["entities"]) if keeps_entity(entity)]
    return {
        "entities": [found["entities"][index] for index in kept],
        "relations": [
            {**relation, "head": kept.index(relation["head"]), "tail": kept.index(relation["tail"])}
            for relation in found["relations"]
            if {relation["head"], relation["tail"]} <= set(kept) and keeps_relation(relation)
        ],
    }


def test_entities_below_the_threshold_go_with_their_relations(pipe, everything):
    scores = sorted(entity["score"] for entity in everything["entities"])
    lowest = scores[len(scores) // 2]
    found = pipe(TEXT, relation_threshold=0.0, overlap="keep", entity_threshold=lowest)
    assert found == select(everything, lambda entity: entity["score"] >= lowest, lambda _: True)
    assert 0 < len(found["entities"]) < len(everything["entities"])
    assert found["relations"]
    assert pipe(TEXT, entity_threshold=1.0) == {"entities": [], "relations": []}


def test_a_threshold_for_each_relation_type(pipe, everything):
    own = pipe.model.config.relation_threshold
    found = pipe(TEXT, overlap="keep", relation_threshold={"Work_For": 1.0, "Live_In": np.float32(0.0)})
    lowest = {"Work_For": 1.0, "Live_In": 0.0, "Near": own}
    assert found["entities"] == everything["entities"]
    expected = [one for one in everything["relations"] if one["type"] != "Near" and one["score"] >= lowest[one["type"]]]
    assert [one for one in found["relations"] if one["type"] != "Near"] == expected
    # Of a type without direction, the score that is shown depends on the threshold.
    near = [one for one in pipe(TEXT, overlap="keep")["relations"] if one["type"] == "Near"]
    assert [one for one in found["relations"] if one["type"] == "Near"] == near


def test_types_that_are_kept(pipe, everything):
    settings = {"relation_threshold": 0.0, "overlap": "keep"}
    kinds = {everything["entities"][0]["type"], "Peop"}
    found = pipe(TEXT, **settings, entity_types=sorted(kinds), relation_types=("Near", "Live_In"))
    assert found == select(
        everything, lambda entity: entity["type"] in kinds, lambda relation: relation["type"] != "Work_For"
    )
    assert found["relations"]


def test_other_types_have_their_part_in_settling_overlaps(pipe):
    settled = pipe(TEXT, overlap="best")
    for name in pipe.model.config.entity_types:
        found = pipe(TEXT, overlap="best", entity_types=[name])
        assert found == select(settled, lambda entity, name=name: entity["type"] == name, lambda _: True)


def test_what_is_not_kept_takes_no_place_among_the_surest(pipe, everything, monkeypatch):
    monkeypatch.setattr("spert_hf.model.decoding.MOST_RELATIONS", 4)
    with pytest.warns(UserWarning, match="more than 4 relations"):
        found = pipe(TEXT, relation_threshold=0.0, overlap="keep", relation_types=["Live_In"])
    scores = sorted((r["score"] for r in everything["relations"] if r["type"] == "Live_In"), reverse=True)
    assert scores[0] in [relation["score"] for relation in found["relations"]]
    assert {relation["type"] for relation in found["relations"]} == {"Live_In"}


def test_settings_of_the_pipeline_hold_for_every_call(tiny_pipeline, tiny_checkpoint):
    own = pipeline("spert-extraction", model=str(tiny_checkpoint), relation_types=["Near"], entity_threshold=0.5)
    assert own(TEXT) == tiny_pipeline(TEXT, relation_types=["Near"], entity_threshold=0.5)
    assert own([TEXT], entity_threshold=0.0) == tiny_pipeline([TEXT], relation_types=["Near"])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"entity_threshold": 1.5}, "entity_threshold must be a number from 0 to 1, got 1.5"),
        ({"entity_threshold": "high"}, "entity_threshold must be a number from 0 to 1, got 'high'"),
        (
            {"relation_threshold": {"Work_for": 0.5}},
            "relation_threshold must be one of 'Work_For', .* mean .*, got 'Work_for'",
        ),
        ({"relation_threshold": {"Near": 2}}, "relation_threshold.Near must be a number from 0 to 1, got 2"),
        (
            {"entity_types": ["Locc"]},
            r"entity_types must be one of 'Loc', 'Org', 'Peop' \(did you mean 'Loc'\?\), got 'Locc'",
        ),
        (
            {"relation_types": ["live_in"]},
            "relation_types must be one of 'Live_In', .* mean 'Live_In'.*, got 'live_in'",
        ),
        ({"relation_types": "Near"}, "relation_types must be a list of one or more types of the model, got 'Near'"),
        ({"relation_types": []}, "relation_types must be a list of one or more types of the model, got .*"),
        ({"entity_types": [3]}, "entity_types must be one of 'Loc', 'Org', 'Peop', got 3"),
    ],
)
def test_what_the_model_has_not_is_refused(pipe, settings, message):
    with pytest.raises(ValueError, match=message):
        pipe(TEXT, **settings)
