"""Tiny random encoders of many families, each with a tokenizer of its kind trained on a few sentences."""

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
_DISTILBERT_SIZES = {"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 48, "max_position_embeddings": 130}

FAMILIES = ("bert", "roberta", "distilbert", "electra", "deberta-v2", "xlm-roberta", "modernbert")


def make_tokenizer(family: str):
    """Train a tokenizer of the family's kind: WordPiece, byte-level BPE, or Unigram."""
    if family == "modernbert":
        return _modernbert_tokenizer()
    kinds = {"roberta": RobertaTokenizer, "deberta-v2": DebertaV2Tokenizer, "xlm-roberta": XLMRobertaTokenizer}
    untrained = kinds.get(family, BertTokenizer)()
    trained = untrained.train_new_from_iterator([" ".join(words) for words in SENTENCES], vocab_size=320)
    trained.model_max_length = 128
    return trained


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
    sizes = _DISTILBERT_SIZES if family == "distilbert" else _SIZES
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
    torch.manual_seed(1)
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
