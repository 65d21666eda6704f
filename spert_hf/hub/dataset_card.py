"""The card of a published data set: that of its folder, with a section on loading it and metadata of its files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from datasets.info import DatasetInfo, DatasetInfosDict
from huggingface_hub import DatasetCard

from ..model.messages import must_be
from .parquet_files import Part

SCRIPT_BRANCH = "script"
_LOADING = "## Load it"


def read_card(folder: Path) -> DatasetCard:
    """Read the card in a data set's folder.

    Args:
        folder: The folder, with a `README.md`.

    Raises:
        ValueError: There is no card, or it does not name the licence of the data.
    """
    path = folder / "README.md"
    if not path.is_file():
        raise ValueError(f"{folder} has no README.md; a data set needs a card that states its source and licence")
    card = DatasetCard.load(path)
    if not card.data.license:
        raise ValueError(must_be(f"{path}: license", "a licence of the Hub, `unknown` or `other`", "none"))
    return card


def published_card(
    card: DatasetCard,
    repo_id: str,
    infos: Mapping[str, DatasetInfo] | None = None,
    paths: Mapping[Part, Sequence[str]] | None = None,
    *,
    with_script: bool = True,
) -> str:
    """Make the card for the repository.

    Args:
        card: That of the data set's folder; its section on loading is replaced by one for the repository.
        repo_id: The repository.
        infos: By configuration, the default one first; `None` for the branch of the loading script, which has no files.
        paths: The files of each configuration's splits.
        with_script: Whether the repository has a branch with a loading script.

    Returns:
        The card as Markdown.
    """
    published = DatasetCard(card.content)
    if infos is not None and paths is not None:
        published.data["configs"] = [
            {
                "config_name": name,
                "data_files": [{"split": split, "path": paths[name, split]} for split in info.splits or {}],
                **({"default": True} if number == 0 else {}),
            }
            for number, (name, info) in enumerate(infos.items())
        ]
        DatasetInfosDict(infos).to_dataset_card_data(published.data)
    published.text = _with_section(published.text, _loading_section(repo_id, with_script))
    return str(published)


def _with_section(text: str, section: str) -> str:
    """Replace the section with the same heading, or append the section."""
    heading = section.splitlines()[0]
    before, found, after = text.partition(f"\n{heading}\n")
    if not found:
        return f"{text.rstrip()}\n\n{section}"
    _, following, rest = after.partition("\n## ")
    return f"{before}\n{section}" + (f"{following}{rest}" if following else "")


def _loading_section(repo_id: str, with_script: bool) -> str:
    section = f"""{_LOADING}

```python
from datasets import load_dataset

dataset = load_dataset("{repo_id}")  # other configurations: load_dataset("{repo_id}", NAME)
```

```bash
accelerate launch train.py --dataset {repo_id}  # with spert-hf; other configurations: --dataset-config-name NAME
```

The types are in `types.json`. Rows shared by several configurations are stored once; the rows of a split are ordered by
file.
"""
    if with_script:
        section += f"""
The loading script that built these files is on the branch `{SCRIPT_BRANCH}`; with `datasets` 3 or older:
`load_dataset("{repo_id}", revision="{SCRIPT_BRANCH}", trust_remote_code=True)`.
"""
    return section
