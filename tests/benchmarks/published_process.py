"""Runs the published code's model, at the benchmark's word: `CHECKOUT FOLDER THREADS`.

It is a script of its own, for an interpreter that may be old and have nothing but what the checkout needs. Each line on
standard input is a request: `predict` answers with the predictions of all sentences, as JSON in a line; `run` computes
the same and answers with an empty line. Sentences go through one at a time; the published code makes their candidates.
"""

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import torch


def main(checkout, folder, threads):
    """Load the model, say so, and serve requests until the input ends."""
    sys.path[0] = checkout
    answers, sys.stdout = sys.stdout, sys.stderr
    torch.set_num_threads(int(threads))
    job = json.loads((Path(folder) / "job.json").read_text(encoding="utf-8"))
    model = load_model(folder, job)
    documents = [make_document(sentence) for sentence in job["sentences"]]
    print("ready", file=answers, flush=True)
    for request in sys.stdin:
        results = [predict(model, document, job) for document in documents]
        print(json.dumps(results) if request.strip() == "predict" else "", file=answers, flush=True)


def load_model(folder, job):
    """The published model with the benchmark's weights."""
    from spert.models import SpERT
    from transformers import BertConfig

    class LoadedSpERT(SpERT):
        def init_weights(self):
            """Leave the weights: they are loaded next, and newer transformers do this otherwise."""

    model = LoadedSpERT(
        BertConfig.from_pretrained(folder),
        cls_token=job["cls_token"],
        relation_types=job["relation_types"],
        entity_types=1 + job["entity_types"],
        size_embedding=job["size_embedding_dim"],
        prop_drop=0.1,
        freeze_transformer=False,
    )
    loaded = model.load_state_dict(torch.load(Path(folder) / "weights.pt"), strict=False)
    missing = [name for name in loaded.missing_keys if "pooler" not in name and "position_ids" not in name]
    if missing or loaded.unexpected_keys:
        raise SystemExit(f"weights missing: {missing}; unknown: {loaded.unexpected_keys}")
    return model.eval()


def make_document(sentence):
    """What the published code's candidates are made of: a sentence's sub-words and the words' places in them."""
    from spert.entities import Token, TokenSpan

    offsets = sentence["word_offsets"]
    tokens = [Token(number, number, offsets[number], offsets[number + 1], "") for number in range(len(offsets) - 1)]
    return SimpleNamespace(encoding=sentence["input_ids"], tokens=TokenSpan(tokens))


@torch.no_grad()
def predict(model, document, job):
    """Entities as (sub-word range, type), relations as (head, tail, type), of one sentence."""
    from spert.sampling import collate_fn_padding, create_eval_sample

    batch = collate_fn_padding([create_eval_sample(document, job["max_span_size"])])
    names = ("encodings", "context_masks", "entity_masks", "entity_sizes", "entity_spans", "entity_sample_masks")
    entity_scores, relation_scores, pairs = model(**{name: batch[name] for name in names}, inference=True)
    types = entity_scores[0].argmax(-1)
    spans = batch["entity_spans"][0].tolist()
    entities = [(spans[index], int(types[index])) for index in types.nonzero().flatten().tolist()]
    rows, columns = (relation_scores[0] >= job["relation_threshold"]).nonzero(as_tuple=True)
    relations = [
        (spans[head], spans[tail], column)
        for (head, tail), column in zip(pairs[0][rows].tolist(), columns.tolist())  # noqa: B905
    ]
    return {"entities": entities, "relations": relations}


if __name__ == "__main__":
    main(*sys.argv[1:])
