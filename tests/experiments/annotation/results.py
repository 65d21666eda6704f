"""Results as rounds of the simulation leave them."""

from spert_hf.experiments.annotation.plan import STRATEGIES, Round
from spert_hf.experiments.running import write_result


def make_result(one, f1, chosen=(), **following):
    score = {"precision": f1, "recall": f1, "f1": f1}
    return {
        "settings": one.settings(),
        "scores": {task: {"micro": score, "macro": score} for task in ("ner", "rel", "rel_plus")},
        "seconds": 60.0,
        "steps": 400 + one.sentences // 4,
        "words": 30 * one.sentences,
        "entities": 4 * one.sentences,
        "relations": 2 * one.sentences,
        "chosen": list(chosen),
        "next": following,
    }


def put_round(results_dir, label, seed, sentences, f1, encoder="some/encoder"):
    """Write a round's result, of the start for the label `None`; give its file."""
    strategy = next((one for one in STRATEGIES if one.label == label), None)
    one = Round(strategy, seed, sentences, encoder)
    file = one.result_file(results_dir)
    write_result(file, make_result(one, f1))
    return file
