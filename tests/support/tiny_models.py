"""Tiny random encoders of many families, each with a tokenizer of its kind trained on a few sentences."""

import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import (
    AutoConfig,
    AutoModel,
    BertTokenizer,
    DebertaV2Tokenizer,
    PreTrainedTokenizerFast,
    RobertaTokenizer,
    T5Tokenizer,
    XLMRobertaTokenizer,
)

SENTENCES = [
    text.split()
    for text in (
        "Marian Pell works for Northern Paper Co. in Duluth , Minn. , where she was born .",
        "On Tuesday the harbour office of Kestrel Marine moved from Oslo to Tromsø .",
        "It rained .",
        "Overnight",
        "Per Lund , chief of the Oslo Harbour Authority , told Bluewater Salvage that no agreement had been reached .",
    )
]

_SIZES = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "max_position_embeddings": 130,
}
_T5_SIZES = {"d_model": 32, "d_kv": 8, "d_ff": 48, "num_layers": 2, "num_heads": 4}
_DISTILBERT_SIZES = {"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 48, "max_position_embeddings": 130}

FAMILIES = ("bert", "roberta", "distilbert", "electra", "deberta-v2", "xlm-roberta", "modernbert")


def make_tokenizer(family: str):
    """Make a tokenizer of the family's kind: WordPiece, byte-level BPE, or Unigram; the same in every process."""
    if family == "modernbert":
        return _modernbert_tokenizer()
    if family == "roberta":
        tokenizer = RobertaTokenizer().train_new_from_iterator([" ".join(words) for words in SENTENCES], vocab_size=320)
    elif family == "deberta-v2":
        tokenizer = DebertaV2Tokenizer(_unigram_vocabulary("[PAD]", "[UNK]", "[SEP]", "[CLS]", "[MASK]"))
    elif family == "t5":
        tokenizer = T5Tokenizer(_unigram_vocabulary("<pad>", "</s>", "<unk>"), extra_ids=0)
    elif family == "xlm-roberta":
        tokenizer = XLMRobertaTokenizer(_unigram_vocabulary("<s>", "<pad>", "</s>", "<unk>", "<mask>"))
    else:
        vocabulary = _wordpiece_vocabulary("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
        tokenizer = BertTokenizer(vocabulary, do_lower_case=True)  # transformers 5.0 has another default
    tokenizer.model_max_length = 128
    return tokenizer


def _wordpiece_vocabulary(*specials: str) -> dict[str, int]:
    """All words of the sentences, and what they are made of."""
    words = re.findall(r"\w+|[^\w\s]", " ".join(word for words in SENTENCES for word in words).lower())
    pieces = _learn_pieces([[word[0], *(f"##{letter}" for letter in word[1:])] for word in words], merges=None)
    letters = sorted({letter for word in words for letter in word})
    inside = [f"##{letter}" for letter in letters]
    return {piece: number for number, piece in enumerate(dict.fromkeys([*specials, *letters, *inside, *pieces]))}


def _unigram_vocabulary(*specials: str) -> list[tuple[str, float]]:
    """Letters and some of the commonest sequences of letters, what was learnt first being the likeliest."""
    pieces = _learn_pieces([["▁", *word] for words in SENTENCES for word in words], merges=36)
    return [*((special, 0.0) for special in specials), *((piece, -1 - n / 100) for n, piece in enumerate(pieces))]


def _learn_pieces(words: list[list[str]], merges: int | None) -> list[str]:
    """Byte-pair encoding, ties broken by the alphabet: the trainers of `tokenizers` break them at random.

    Args:
        words: each as its letters.
        merges: pieces to be learnt besides the letters; `None`: until every word is a piece.
    """
    pieces = sorted({letter for word in words for letter in word})
    while merges is None or merges > 0:
        pairs = Counter(pair for word in words for pair in pairwise(word))
        if not pairs:
            break
        (left, right), _ = min(pairs.items(), key=lambda item: (-item[1], item[0]))
        words = [_merged(word, left, right) for word in words]
        pieces.append(left + right.removeprefix("##"))
        merges = None if merges is None else merges - 1
    return list(dict.fromkeys(pieces))


def _merged(word: list[str], left: str, right: str) -> list[str]:
    merged: list[str] = []
    for piece in word:
        if merged and merged[-1] == left and piece == right:
            merged[-1] += piece.removeprefix("##")
        else:
            merged.append(piece)
    return merged


def _modernbert_tokenizer() -> PreTrainedTokenizerFast:
    specials = ["[CLS]", "[SEP]", "[PAD]", "[UNK]", "[MASK]"]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=320, special_tokens=specials, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    tokenizer.train_from_iterator([" ".join(words) for words in SENTENCES], trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 0), ("[SEP]", 1)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        cls_token="[CLS]",
        sep_token="[SEP]",
        pad_token="[PAD]",
        unk_token="[UNK]",
        mask_token="[MASK]",
        model_max_length=128,
    )


def make_encoder_folder(family: str, folder: Path) -> Path:
    """Save a tiny random encoder with its tokenizer, as one would find it on the Hub."""
    tokenizer = make_tokenizer(family)
    sizes = {"distilbert": _DISTILBERT_SIZES, "t5": _T5_SIZES}.get(family, _SIZES)
    config = AutoConfig.for_model(family, vocab_size=len(tokenizer), pad_token_id=tokenizer.pad_token_id, **sizes)
    torch.manual_seed(0)
    AutoModel.from_config(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def make_tiny_checkpoint(family: str, folder: Path, **settings) -> Path:
    """Save a tiny SpERT over an encoder of the family.

    Its classifiers are random, but so that about one span in twelve is an entity, and many pairs are related.
    """
    from transformers import AutoTokenizer

    from spert_hf import SpertModel

    encoder = make_encoder_folder(family, folder / "encoder")
    settings = {
        "entity_types": ["Loc", "Org", "Peop"],
        "relation_types": ["Work_For", "Live_In", "Near"],
        "symmetric_relation_types": ["Near"],
        **settings,
    }
    torch.manual_seed(5)  # with this one it finds some in every text, and no thousands in a long one
    model = SpertModel.from_encoder(str(encoder), **settings).eval()
    tokenizer = AutoTokenizer.from_pretrained(encoder)
    _randomise_classifiers(model, tokenizer)
    checkpoint = folder / "checkpoint"
    model.save_pretrained(checkpoint)
    tokenizer.save_pretrained(checkpoint)
    return checkpoint


@torch.no_grad()
def _randomise_classifiers(model, tokenizer, entity_share: float = 1 / 12) -> None:
    from spert_hf import SpertProcessor

    for classifier in (model.entity_classifier, model.relation_classifier):
        if classifier is not None:
            classifier.weight.normal_(0, 0.4)
    processor = SpertProcessor.for_config(tokenizer, model.config)
    logits = model(**processor.collate(processor.encode(SENTENCES[:1]))).entity_logits
    size, words = torch.meshgrid(torch.arange(logits.shape[1]), torch.arange(logits.shape[2]), indexing="ij")
    logits = logits[0, size + words < logits.shape[2]]
    lead = logits[:, 1:].amax(-1) - logits[:, 0]
    model.entity_classifier.bias[0] = lead.quantile(1 - entity_share)
