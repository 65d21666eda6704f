"""Predictions for many sentences at once: windows, batches of similar length, and back into the order of the input."""

from collections.abc import Sequence

import torch

from .batching_spert import batches_by_length
from .decoding_spert import Prediction, decode, merge_windows, resolve_overlaps
from .modeling_spert import SpertModel
from .processing_spert import SpertProcessor

DEFAULT_BATCH_SIZE = 32


@torch.inference_mode()
def predict(
    model: SpertModel,
    processor: SpertProcessor,
    sentences: Sequence[Sequence[str]],
    batch_size: int = DEFAULT_BATCH_SIZE,
    relation_threshold: float | None = None,
    overlap: str | None = None,
) -> list[Prediction]:
    """Predict entities and relations of sentences (or longer texts) given as words.

    Args:
        model: in evaluation mode.
        processor: of the model's tokenizer.
        sentences: words; a sentence may be empty. Texts longer than the encoder takes are windowed.
        batch_size: windows that go through the encoder at once, at most.
        relation_threshold: lowest score of a relation; by default the config's.
        overlap: what becomes of entities that overlap, see [`resolve_overlaps`]; by default the config's.

    Returns:
        One prediction a sentence, in the order given, entities and relations in the order of decoding.
    """
    filled = [index for index, sentence in enumerate(sentences) if len(sentence)]
    encoded = processor.encode([sentences[index] for index in filled])
    windows = [processor.windows(sentence) for sentence in encoded]
    pieces = [sentence.window(*window) for sentence, ranges in zip(encoded, windows, strict=True) for window in ranges]

    found: list[Prediction] = [Prediction()] * len(pieces)
    lengths = [len(piece.input_ids) for piece in pieces]
    for batch in batches_by_length(range(len(pieces)), lengths, batch_size, model.device.type == "cpu"):
        inputs = processor.collate([pieces[index] for index in batch])
        output = model(**{name: tensor.to(model.device) for name, tensor in inputs.items()})
        for index, prediction in zip(batch, decode(output, model.config, len(batch), relation_threshold), strict=True):
            found[index] = prediction

    predictions = [Prediction() for _ in sentences]
    position = 0
    for index, ranges in zip(filled, windows, strict=True):
        merged = merge_windows(found[position : position + len(ranges)], ranges)
        predictions[index] = resolve_overlaps(merged, overlap or model.config.overlap)
        position += len(ranges)
    return predictions
