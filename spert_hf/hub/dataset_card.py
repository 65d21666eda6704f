"""The card of a published data set: what its folder's card says, how to load it from there, and what was built."""

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
    """The card that lies in a data set's folder.

    Raises:
        ValueError: There is no card, or it does not name the licence of the data.
    """
    path = folder / "README.md"
    if not path.is_file():
        raise ValueError(
            f"{folder} has no README.md; a data set needs a card, which says whose data it is and what may be done "
            "with it"
        )
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
    """The text of the card in the repository.

    Args:
        card: That of the data set's folder; its section on loading gives way to one for the repository.
        repo_id: The repository.
        infos: By configuration, the default one first; none for the branch of the loading script, which has no files.
        paths: The files of each configuration's splits.
        with_script: Whether the repository has a branch with a loading script.
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
    """The text with a section in place of that of the same heading, or at its end."""
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

dataset = load_dataset("{repo_id}")  # another configuration: load_dataset("{repo_id}", NAME)
```

```bash
accelerate launch train.py --dataset {repo_id}  # with spert-hf; another configuration: --dataset-config-name NAME
```

The types are in `types.json`. Rows that several configurations have are stored once; where the files of a split mix
with those of others, its rows follow file by file.
"""
    if with_script:
        section += f"""
The loading script that they were built with is on the branch `{SCRIPT_BRANCH}`: up to `datasets` 3,
`load_dataset("{repo_id}", revision="{SCRIPT_BRANCH}", trust_remote_code=True)`.
"""
    return section
