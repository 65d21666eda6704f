"""What is timed: sentences of given lengths, and models that find a given number of entities in each of them."""

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, cycle, pairwise
from pathlib import Path
from statistics import NormalDist, fmean

import numpy as np
import torch
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from spert_hf import SpertModel, SpertPipeline, SpertProcessor
from spert_hf.data.loading import Splits, load_splits
from spert_hf.data.named_datasets import dataset_folder
from spert_hf.encoders import find_encoder
from spert_hf.model.inference import predict
from spert_hf.model.sentences import sentence_ranges
from spert_hf.model.words import split_by_first_rules

FEW_ENTITIES, MANY_ENTITIES = 4, 60
RELATIONS_PER_ENTITY = 0.5
"""About that of CoNLL04 and of the quickstart corpus."""

SURELY_NONE = 30.0
"""A logit of *none* that no fresh classifier's other logits reach."""

CONLL04_LENGTH_QUARTILES = (20, 27, 37)
CONLL04_LENGTH_RANGE = (2, 118)
"""Tokens a sentence of CoNLL04's test split (SpERT's version)."""


@dataclass(frozen=True)
class Subject:
    """The model under test, its classifiers fresh, and the corpus.

    Args:
        model: in evaluation mode.
        tokenizer: the encoder's.
        processor: of that tokenizer.
        splits: annotated documents; those of the test split (or of all, for made-up lengths) are read.
        own_lengths: the corpus is CoNLL04 itself, whose sentences are taken as they are.
    """

    model: SpertModel
    tokenizer: PreTrainedTokenizerBase
    processor: SpertProcessor
    splits: Splits
    own_lengths: bool


@dataclass(frozen=True)
class Workload:
    """Texts, and a pipeline that finds about as many entities in each of them as was asked for.

    Args:
        texts: sentences as strings.
        words: the words the pipeline splits them into.
        pipeline: over the calibrated model.
        sub_words, entities, pairs, relations: means a text, as found by that model; special sub-words not counted.
    """

    texts: list[str]
    words: list[list[str]]
    pipeline: SpertPipeline
    sub_words: float
    entities: float
    pairs: float
    relations: float

    def __str__(self) -> str:
        return (
            f"{len(self.texts)} texts; a text has {self.sub_words:.0f} sub-words, {self.entities:.1f} predicted "
            f"entities, {self.pairs:.0f} pairs, {self.relations:.1f} relations"
        )


def load_subject(encoder: str, data_dir: Path | None) -> Subject:
    """Load the encoder under fresh classifiers, with CoNLL04's types.

    Args:
        encoder: folder or Hub id.
        data_dir: folder with CoNLL04; by default the quickstart corpus is read, which is annotated alike.
    """
    name = "quickstart" if data_dir is None else "conll04"
    splits = load_splits(dataset_folder(name), data_dir=data_dir)
    source = find_encoder(encoder)
    torch.manual_seed(0)
    model = SpertModel.from_encoder(
        source, entity_types=splits.schema.entity_names, relation_types=splits.schema.relation_names
    ).eval()
    tokenizer = AutoTokenizer.from_pretrained(source)
    processor = SpertProcessor.for_config(tokenizer, model.config)
    return Subject(model, tokenizer, processor, splits, own_lengths=data_dir is not None)


def newspaper_texts(subject: Subject, count: int) -> list[str]:
    """Sentences with the lengths of CoNLL04's test split: its own where it is at hand, else made of the corpus.

    What is longer than the encoder takes is cut off.
    """
    if subject.own_lengths:
        texts = [as_one_sentence(" ".join(document.tokens)) for document in subject.splits.test[:count]]
    else:
        words = _corpus_words(subject)
        texts = [next_sentence(words, length) for length in newspaper_lengths(count)]
    return [cut_to(subject.processor, text, subject.processor.window_size) for text in texts]


def next_sentence(words: Iterator[str], length: int) -> str:
    """The next so many words, as one sentence."""
    text = as_one_sentence(" ".join(next(words) for _ in range(length)))
    return " ".join(text.split()[:length])


def as_one_sentence(text: str) -> str:
    """Join what the pipeline would read as several sentences by *and*: a text here is one sentence, as in CoNLL04."""
    words = split_by_first_rules(text)
    starts = [words[first][0] for first, _ in sentence_ranges(text, words)]
    return " and ".join(text[start:end].strip() for start, end in pairwise([*starts, len(text)]))


def newspaper_lengths(count: int) -> list[int]:
    """Words of each of `count` sentences: evenly spaced quantiles of a log-normal through CoNLL04's."""
    low, middle, high = np.log(CONLL04_LENGTH_QUARTILES)
    normal = NormalDist(middle, (high - low) / (2 * NormalDist().inv_cdf(0.75)))
    lengths = np.exp([normal.inv_cdf((number + 0.5) / count) for number in range(count)])
    whole = lengths.round().clip(*CONLL04_LENGTH_RANGE).astype(int)
    return np.random.default_rng(0).permutation(whole).tolist()


def texts_of_length(subject: Subject, sub_words: int, count: int) -> list[str]:
    """Texts of whole words with at most so many sub-words, special ones included, and only just fewer."""
    processor, corpus = subject.processor, _corpus_words(subject)
    budget = sub_word_budget(processor, sub_words)
    texts = []
    for _ in range(count):
        texts.append(cut_to(processor, next_sentence(corpus, budget), budget))
    return texts


def cut_to(processor: SpertProcessor, text: str, budget: int) -> str:
    """The text's first words, as many as have no more than so many sub-words; at least one."""
    word_offsets = processor.encode([words_of(text)])[0].word_offsets
    words = max(1, sum(offset <= budget for offset in word_offsets) - 1)
    return text[: split_by_first_rules(text)[words - 1][1]]


def sub_word_budget(processor: SpertProcessor, sub_words: int) -> int:
    """How many of so many sub-words are left for words: less the special ones, and no more than the encoder takes."""
    alone = processor.encode([["a"]])
    special = processor.collate(alone)["input_ids"].shape[1] - len(alone[0].input_ids)
    return min(sub_words - special, processor.window_size)


def _corpus_words(subject: Subject) -> Iterator[str]:
    """The corpus's words, over and over."""
    splits = subject.splits
    return cycle(chain.from_iterable(document.tokens for document in [*splits.test, *splits.dev, *splits.train]))


def words_of(text: str) -> list[str]:
    """The words that the pipeline reads in a text."""
    return [text[start:end] for start, end in split_by_first_rules(text)]


def make_workload(subject: Subject, texts: Sequence[str], entities: int) -> Workload:
    """Calibrate the model to find so many entities in each of the texts (fewer only where a text has no more spans)."""
    words = [words_of(text) for text in texts]
    model = calibrated_model(subject, words, entities)
    found = predict(model, subject.processor, words)
    counts = [len(prediction.entities) for prediction in found]
    return Workload(
        texts=list(texts),
        words=words,
        pipeline=SpertPipeline(model=model, tokenizer=subject.tokenizer),
        sub_words=fmean(len(encoded.input_ids) for encoded in subject.processor.encode(words)),
        entities=fmean(counts),
        pairs=fmean(count * (count - 1) for count in counts),
        relations=fmean(len(prediction.relations) for prediction in found),
    )


@torch.no_grad()
def calibrated_model(subject: Subject, words: Sequence[Sequence[str]], entities: int) -> SpertModel:
    """A copy of the model (sharing its encoder) that finds `entities` entities in each of the sentences.

    In each precision and with each backend it must be done anew: what is found hangs on the last digits.

    An untrained classifier finds none or hundreds. Here its weights on the encoder's first position, which move all
    spans of a sentence alike, are set so that in each sentence the wanted number of spans comes out above *none*; the
    rest stays random. The relation classifier's bias is set so that there are half as many relations as entities.
    """
    model = copy.deepcopy(subject.model, memo={id(subject.model.encoder): subject.model.encoder})
    hidden_size, classifier = model.config.hidden_size, model.entity_classifier
    classifier.weight[:, :hidden_size] = 0
    classifier.bias[0] = SURELY_NONE  # so that no pairs of hundreds of entities are scored on the way
    inputs = [subject.processor.collate(subject.processor.encode([sentence])) for sentence in words]
    hidden = [model.encode(one["input_ids"], one["attention_mask"]) for one in inputs]
    scored = [model.score_all(states, one["word_offsets"]) for states, one in zip(hidden, inputs, strict=True)]
    thresholds = torch.stack([_threshold(_leads(output.entity_logits), entities) for output in scored])
    starts = torch.cat([states[:, 0] for states in hidden])
    with_bias = torch.nn.functional.pad(starts, (0, 1), value=1.0).double()
    solution = torch.linalg.lstsq(with_bias, thresholds.double().unsqueeze(1), driver="gelsd").solution.squeeze(1)
    classifier.weight[0, :hidden_size] = solution[:-1].float()
    classifier.bias[0] += solution[-1].float()

    scored = [model.score_all(states, one["word_offsets"]) for states, one in zip(hidden, inputs, strict=True)]
    logits = torch.cat([output.relation_logits.flatten() for output in scored])
    wanted = round(RELATIONS_PER_ENTITY * entities * len(words))
    lowest = torch.tensor(model.config.relation_threshold).logit()
    model.relation_classifier.bias += lowest - _threshold(logits.sort(descending=True).values, wanted)
    return model


def _leads(entity_logits: torch.Tensor) -> torch.Tensor:
    """By how much each span of one sentence is rather an entity than none, the surest first."""
    lead = (entity_logits[0, ..., 1:].amax(-1) - entity_logits[0, ..., 0]).flatten()
    return lead[lead > torch.finfo(lead.dtype).min].sort(descending=True).values


def _threshold(scores: torch.Tensor, wanted: int) -> torch.Tensor:
    """What `wanted` of the scores, sorted from the highest down, lie above: midway between two, lest noise decide."""
    if wanted >= len(scores):
        return scores[-1] - 1
    return scores[wanted - 1 : wanted + 1].mean()
