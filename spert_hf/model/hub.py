"""Upload of a complete checkpoint to the Hub in one commit: weights, config, code, tokenizer and model card."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

from transformers import AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase
from transformers.utils import PushToHubMixin

from .card import is_generated, make_card, sealed
from .configuration_spert import SpertConfig

CARD_FILE = "README.md"
_SOURCE_OPTIONS = ("revision", "token", "cache_dir", "subfolder", "local_files_only")
_OF_TRANSFORMERS = "This model card has been automatically generated."


class WholeCheckpoint(PushToHubMixin):
    """A model with its code, its tokenizer and a card, which `push_to_hub` uploads as one commit.

    Args:
        model: the [`SpertModel`].
        tokenizer: its tokenizer.
        tags: additional tags for the card.
    """

    def __init__(self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, tags: Iterable[str] = ()) -> None:
        self.model = model
        self.tokenizer = tokenizer
        self.tags = list(tags)

    def save_pretrained(self, save_directory: str | Path, **kwargs: Any) -> None:
        """Save model, code and tokenizer."""
        self.model.save_pretrained(save_directory, **kwargs)
        self.tokenizer.save_pretrained(save_directory)

    def _upload_modified_files(self, working_dir: Any, repo_id: str, *args: Any, **kwargs: Any) -> Any:
        """Upload the folder, in which transformers has put the card of the main branch or its own default card.

        A hand-written or edited card is kept.
        """
        path = Path(working_dir, CARD_FILE)
        card = path.read_text(encoding="utf-8", errors="replace")
        if is_generated(card) or _OF_TRANSFORMERS in card:
            made = make_card(cast(SpertConfig, self.model.config), repo_id, self.tags)
            path.write_text(sealed(made), encoding="utf-8", newline="\n")
        return super()._upload_modified_files(working_dir, repo_id, *args, **kwargs)


def find_tokenizer(model: Any, token: bool | str | None = None) -> PreTrainedTokenizerBase:
    """Load the tokenizer from where a [`SpertModel`] was loaded, or else from where its encoder was loaded.

    Args:
        model: the model.
        token: token for the Hub.

    Raises:
        ValueError: there is none.
    """
    encoder, options = model.encoder_source
    sources = {
        # With a given config, transformers does not read the checkpoint's, and does not ask to trust its code.
        model.name_or_path: {"config": model.config},
        model.config.encoder_config.name_or_path: {},
        encoder: {name: value for name, value in options.items() if name in _SOURCE_OPTIONS},
    }
    sources.pop("", None)
    for source, source_options in sources.items():
        try:
            return AutoTokenizer.from_pretrained(
                source, **{"token": token, "trust_remote_code": False} | source_options
            )
        except (OSError, ValueError):  # there is no tokenizer
            continue
    found = f"there is none at {' nor '.join(map(repr, sources))}"
    reason = found if sources else "the model was neither loaded nor made with from_encoder"
    raise ValueError(f"tokenizer is not known: {reason}; pass push_to_hub(…, tokenizer=…)")
