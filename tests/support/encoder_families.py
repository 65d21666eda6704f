"""Tiny random models of all families of transformers that may be thought of as encoders, and what SpERT makes of each.

`python -m tests.support.encoder_families` tries them all, in some minutes, and writes the tables of `docs/encoders.md`.
"""

import copy
import re
import tempfile
import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from transformers import CONFIG_MAPPING, AutoModel, PreTrainedConfig

from spert_hf import SpertModel, SpertProcessor
from spert_hf.model.cpu_packing import takes_packed
from spert_hf.model.encoders import COMPUTED_ALONE, ENCODER_DECODERS, reason_against

from .tiny_models import SENTENCES, make_tokenizer

PAGE = Path(__file__).parents[2] / "docs" / "encoders.md"

_HEADS = 4
_SMALL = {
    **dict.fromkeys(("hidden_size", "d_model", "dim", "emb_dim", "embedding_size"), 32),
    **dict.fromkeys(("num_hidden_layers", "n_layers", "num_layers", "encoder_layers", "decoder_layers", "n_layer"), 2),
    **dict.fromkeys(("num_encoder_layers", "num_decoder_layers"), 2),
    **dict.fromkeys(("num_attention_heads", "n_heads", "num_heads", "n_head", "num_key_value_heads"), _HEADS),
    **dict.fromkeys(("encoder_attention_heads", "decoder_attention_heads"), _HEADS),
    **dict.fromkeys(("num_encoder_attention_heads", "num_decoder_attention_heads"), _HEADS),
    **dict.fromkeys(("intermediate_size", "hidden_dim", "d_ff", "d_inner", "encoder_ffn_dim", "decoder_ffn_dim"), 48),
    **dict.fromkeys(("d_kv", "head_dim", "d_head", "attention_head_size"), 8),
    **dict.fromkeys(("bos_token_id", "eos_token_id"), 1),
    "vocab_size": 200,
    "max_position_embeddings": 160,
    "pad_token_id": 0,
}
"""Settings that make a model tiny, whichever of them its config has."""

_OWN: dict[str, dict[str, Any]] = {
    "big_bird": {"block_size": 4, "num_random_blocks": 1},
    "bigbird_pegasus": {"block_size": 4, "num_random_blocks": 1},
    "deberta": {"relative_attention": True, "pos_att_type": ["p2c", "c2p"]},
    "deberta-v2": {"relative_attention": True, "pos_att_type": ["p2c", "c2p"], "position_buckets": 16},
    "funnel": {"block_sizes": [1, 1], "num_hidden_layers": None, "architectures": ["FunnelModel"]},
    "layoutlmv3": {"coordinate_size": 5, "shape_size": 6, "visual_embed": False},
    "led": {"attention_window": [8, 8], "max_encoder_position_embeddings": 160, "max_decoder_position_embeddings": 160},
    "lilt": {"hidden_size": 48},
    "longformer": {"attention_window": [8, 8]},
    "longt5": {"encoder_attention_type": "transient-global", "local_radius": 3, "global_block_size": 4},
    "luke": {"entity_vocab_size": 20, "entity_emb_size": 16},
    "mobilebert": {"intra_bottleneck_size": 32, "true_hidden_size": 32},
    "modernbert": {"local_attention": 8},
    "nllb-moe": {"num_experts": 2},
    "nystromformer": {"segment_means_seq_len": 64, "num_landmarks": 16},
    "pegasus_x": {"num_global_tokens": 4, "block_size": 8},
    "prophetnet": {"num_hidden_layers": None, "num_attention_heads": None},
    "switch_transformers": {"num_sparse_encoder_layers": 1, "num_experts": 2},
    "t5": {"feed_forward_proj": "gated-gelu"},
    "xlm": {"n_langs": 1},
    "xlnet": {"max_position_embeddings": None},
    "xmod": {"default_language": "en_XX"},
}
"""What a family's config needs besides; `None` takes a setting out."""

ENCODERS = (
    *("albert", "bert", "bert-generation", "big_bird", "camembert", "canine", "convbert", "data2vec-text", "deberta"),
    *("deberta-v2", "distilbert", "electra", "ernie", "esm", "esmc", "eurobert", "flaubert", "fnet", "funnel", "gte"),
    *("ibert", "jina_embeddings_v3", "layoutlm", "layoutlmv3", "lilt", "longformer", "luke", "markuplm"),
    *("megatron-bert", "mobilebert", "modernbert", "mpnet", "mra", "nomic_bert", "nystromformer"),
    *("openai_privacy_filter", "perceiver", "reformer", "rembert", "roberta", "roberta-prelayernorm", "roc_bert"),
    *("roformer", "splinter", "squeezebert", "tapas", "tipsv2_text_model", "ultrabert", "visual_bert", "xlm"),
    *("xlm-roberta", "xlm-roberta-xl", "xlnet", "xmod", "yoso"),
)
WITH_OTHER_INPUTS = ("bros", "dpr", "lxmert", "udop", "vilt", "vits", "whisper")
"""Models that read text, and more than text, or in another way."""

DECODERS = (
    *("bloom", "clip_text_model", "gemma3_text", "gpt2", "gpt_neox", "llama", "mamba", "mistral"),
    *("modernbert-decoder", "opt", "phi3", "qwen2", "qwen3"),
)
FAMILIES = (*ENCODERS, *sorted(ENCODER_DECODERS), *WITH_OTHER_INPUTS, *DECODERS)


@dataclass
class Row:
    """What SpERT makes of a family.

    Args:
        family: its model type in transformers.
        encoder: the encoder's class; "" if it is refused.
        reading: how its sequences are computed, or why it is refused.
        letter_case: whether it takes vectors in place of sub-words, which `letter_case_embeddings` need.
    """

    family: str
    encoder: str
    reading: str
    letter_case: bool = False


def small_config(family: str) -> PreTrainedConfig:
    """A config of the family for a model of two narrow layers; of a family that is too new, the test is skipped."""
    if family not in CONFIG_MAPPING:
        pytest.skip(f"transformers {transformers.__version__} has no {family}")
    return CONFIG_MAPPING[family](**_small_settings(CONFIG_MAPPING[family](), _OWN.get(family, {})))


def _small_settings(config: PreTrainedConfig, own: dict[str, Any]) -> dict[str, Any]:
    aliases = {name for name, meant in getattr(type(config), "attribute_map", {}).items() if meant in _SMALL}
    settings = {
        name: number
        for name, number in _SMALL.items()
        if name not in aliases
        and name not in own
        and hasattr(config, name)
        and not isinstance(getattr(config, name), (bool, list))
    }
    for name in getattr(config, "sub_configs", {}):
        part = getattr(config, name, None)
        if isinstance(part, PreTrainedConfig):
            settings[name] = _small_settings(part, {})
    return settings | {name: value for name, value in own.items() if value is not None}


def make_family_folder(family: str, folder: Path) -> Path:
    """Save a tiny random model of the family, an encoder-decoder with both parts; of what is refused the config."""
    config = small_config(family)
    if reason_against(config):  # no model is made, here as there
        config.save_pretrained(folder)
        return folder
    torch.manual_seed(0)
    model = AutoModel.from_config(config)
    with torch.no_grad():
        for weight in model.parameters():
            # Larger than at first, so that what sub-words have to do with each other shows.
            if weight.dim() > 1 and family != "mobilebert":  # it has layers without a norm: its numbers would explode
                weight.normal_(0, 0.1)
    model.save_pretrained(folder)
    return folder


@cache
def family_tokenizer(family: str):
    """A tokenizer as the family has it, as far as special sub-words go."""
    return make_tokenizer("t5" if family in ENCODER_DECODERS else "bert")


def make_family_model(family: str, folder: Path, **settings: Any) -> SpertModel:
    """A tiny SpERT over a model of the family, with classifiers that tell sub-words apart.

    Raises:
        ValueError: if SpERT refuses it.
    """
    if not (folder / "config.json").exists():
        make_family_folder(family, folder)
    settings = {"entity_types": ["Loc", "Org"], "relation_types": ["In"], "classifier_dropout": 0.0, **settings}
    torch.manual_seed(1)
    return SpertModel.from_encoder(str(folder), **settings).eval()


def encoded_sentences(family: str, model: SpertModel) -> tuple[SpertProcessor, list]:
    """A processor, and sentences of different lengths as it encodes them, the longest of more than 64 sub-words."""
    processor = SpertProcessor.for_config(family_tokenizer(family), model.config)
    longest = [word for sentence in SENTENCES for word in sentence] * 2
    window = max(end for _, end in processor.windows(processor.encode([longest])[0])[:1])
    return processor, processor.encode([*SENTENCES, longest[:window]])


@torch.no_grad()
def largest_difference_in_batch(model: SpertModel, processor: SpertProcessor, sentences: list) -> float:
    """Between what spans get alone and in one batch with all others, in parts of the largest score."""
    together = model(**processor.collate(sentences)).entity_logits
    largest = 0.0
    for row, sentence in enumerate(sentences):
        alone = model(**processor.collate([sentence])).entity_logits[0]
        sizes, words = alone.shape[:2]
        inside = torch.arange(words) + torch.arange(1, sizes + 1).unsqueeze(1) <= words
        scores, expected = together[row, :sizes, :words][inside], alone[inside]
        largest = max(largest, ((scores - expected).abs().max() / expected.abs().max()).item())
    return largest


def gradients_of_a_step(model: SpertModel, processor: SpertProcessor, sentences: list) -> dict[str, torch.Tensor]:
    """Gradients of the loss of a batch, by the weights' names."""
    torch.manual_seed(2)
    model.zero_grad()
    labels = torch.arange(2).repeat(len(sentences), 1)
    batch = {
        **processor.collate(sentences),
        "spans": torch.tensor([[[0, 1], [0, len(SENTENCES[-1]) % 2 + 1]]]).repeat(len(sentences), 1, 1),
        "entity_labels": labels,
        "pairs": torch.tensor([[[0, 1]]]).repeat(len(sentences), 1, 1),
        "relation_labels": torch.ones(len(sentences), 1, 1),
    }
    model(**batch).loss.backward()
    return {name: weight.grad.clone() for name, weight in model.named_parameters() if weight.grad is not None}


def try_family(family: str, folder: Path) -> Row:
    """Make, train, and ask a model of the family; save it and load it again.

    Raises:
        AssertionError: if it is taken, and any of that goes wrong.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            model = make_family_model(family, folder)
        except (ValueError, ImportError) as error:
            return Row(family, "", f"refused: {_reason(str(error))}")
        processor, sentences = encoded_sentences(family, model)
        check_one_at_a_time_and_together(model, processor, sentences)
        check_gradients(model, processor, sentences[:-1])
        check_saved(model, processor, sentences[:-1], folder / "spert")
        ways = ["one sequence at a time" if family in COMPUTED_ALONE else "in batches"]
        if takes_packed(model.encoder):
            ways.append("packed on a CPU")
        return Row(family, type(model.encoder).__name__, ", ".join(ways), _takes_letter_case(family, folder, model))


def check_one_at_a_time_and_together(model: SpertModel, processor: SpertProcessor, sentences: list) -> None:
    """A sentence gets the same alone, in a batch with padding and, if the encoder can, in a batch without."""
    assert largest_difference_in_batch(model, processor, sentences) < 1e-3
    if takes_packed(model.encoder):
        padded = copy.deepcopy(model)
        padded.set_runtime("torch")
        assert largest_difference_in_batch(padded, processor, sentences) < 1e-3
        batch = processor.collate(sentences)
        mask = batch["attention_mask"].bool()
        with torch.no_grad():
            one, other = (some.encode(batch["input_ids"], batch["attention_mask"])[mask] for some in (model, padded))
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-3)


def check_gradients(model: SpertModel, processor: SpertProcessor, sentences: list) -> None:
    """A step's gradients are those that transformers' encoder gives, and a step with dropout changes the encoder."""
    plain = copy.deepcopy(model)
    plain.set_runtime("torch")
    expected = gradients_of_a_step(plain, processor, sentences)
    found = gradients_of_a_step(model, processor, sentences)
    assert found.keys() == expected.keys()
    largest = max(gradient.abs().max() for gradient in expected.values())
    for name, gradient in expected.items():
        difference = (found[name] - gradient).abs().max()
        assert difference <= 1e-3 * gradient.abs().max() + 1e-5 * largest, name
    trained = copy.deepcopy(model).train()
    gradients = gradients_of_a_step(trained, processor, sentences)
    assert all(gradient.isfinite().all() for gradient in gradients.values())
    assert any(name.startswith("encoder.") and gradient.any() for name, gradient in gradients.items())


def check_saved(model: SpertModel, processor: SpertProcessor, sentences: list, folder: Path) -> None:
    """Saved and loaded again, a model gives what it gave."""
    model.save_pretrained(folder)
    again = SpertModel.from_pretrained(folder).eval()
    batch = processor.collate(sentences)
    with torch.no_grad():
        torch.testing.assert_close(again(**batch).entity_logits, model(**batch).entity_logits)


def _takes_letter_case(family: str, folder: Path, model: SpertModel) -> bool:
    try:
        cased = make_family_model(family, folder, letter_case_embeddings=True)
    except ValueError:
        return False
    ids = torch.arange(5, 15).unsqueeze(0)
    mask = torch.ones_like(ids)
    with torch.no_grad():
        plain, with_cases = model.encode(ids, mask), cased.encode(ids, mask, torch.zeros_like(ids))
    return torch.allclose(plain, with_cases, rtol=1e-3, atol=1e-3)


def _reason(message: str) -> str:
    """What an error's line says of the model, without its place and what is allowed."""
    found = re.search(r"^encoder must be .*?, got .*?, (?:of type|an?) \S+, (.*)$", message)
    return found[1] if found else message


def row_of_page(row: Row) -> str:
    """The row as the page has it."""
    if not row.encoder:
        return f"| `{row.family}` | {row.reading.removeprefix('refused: ')} |"
    return f"| `{row.family}` | `{row.encoder}` | {row.reading} | {'yes' if row.letter_case else 'no'} |"


def rows_of_page() -> dict[str, str]:
    """The page's rows, by family."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    return {line.split("`")[1]: line for line in lines if line.startswith("| `")}


def write_page(rows: list[Row]) -> None:
    """Write the tables between the page's marks; what is around them stays."""
    taken = [row_of_page(row) for row in rows if row.encoder]
    refused = [row_of_page(row) for row in rows if not row.encoder]
    tables = {
        "taken": ["| family | encoder | computed | letter case |", "|---|---|---|---|", *taken],
        "refused": ["| family | why not |", "|---|---|", *refused],
    }
    text = PAGE.read_text(encoding="utf-8")
    for name, lines in tables.items():
        start, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
        before, _, rest = text.partition(start)
        text = before + start + "\n" + "\n".join(lines) + "\n\n" + end + rest.partition(end)[2]
    PAGE.write_text(text, encoding="utf-8")


def main() -> None:
    """Try all families, and write what comes of them into the page."""
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    rows = []
    for family in FAMILIES:
        with tempfile.TemporaryDirectory() as folder:
            rows.append(try_family(family, Path(folder)))
            print(row_of_page(rows[-1]), flush=True)
    write_page(rows)


if __name__ == "__main__":
    main()
