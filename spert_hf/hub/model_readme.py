"""A short README for a model's repository: what it finds, how to use it, and what its training measured."""

import json
from pathlib import Path
from typing import Any

from .staging import README_FILE, RUN_FILE

_TASKS = {"ner": "Entities", "rel": "Relations", "rel_plus": "Relations with the types of their entities"}
# Settings that say where things were and how they were run, but not what was trained.
_NOT_SHOWN = ("output_dir", "resume_from_checkpoint", "report_to", "revision", "data_dir", "cpu_threads")


def write_readme(folder: Path, repo_id: str) -> None:
    """Write `README.md` into a checkpoint's folder; figures are those of its `training_run.json`, if it has one."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    parts = [_front_matter(), _introduction(repo_id, config), _usage(repo_id)]
    if (folder / RUN_FILE).is_file():
        parts.append(_training(json.loads((folder / RUN_FILE).read_text(encoding="utf-8"))))
    (folder / README_FILE).write_text("\n".join(parts), encoding="utf-8")


def _front_matter() -> str:
    return """---
library_name: transformers
pipeline_tag: token-classification
tags:
- spert
- spert-extraction
- named-entity-recognition
- relation-extraction
---
"""


def _introduction(repo_id: str, config: dict[str, Any]) -> str:
    relations = ", ".join(f"`{name}`" for name in config.get("relation_types", [])) or "none"
    return f"""# {repo_id.split("/")[-1]}

A [SpERT](https://github.com/lavis-nlp/spert) model (Eberts & Ulges, ECAI 2020): it finds entities and the relations
between them in one pass.

- Entity types: {", ".join(f"`{name}`" for name in config["entity_types"])}
- Relation types: {relations}
"""


def _usage(repo_id: str) -> str:
    return f"""## Use

The code is in this repository; read it before you trust it:

```python
from transformers import pipeline

pipe = pipeline("spert-extraction", model="{repo_id}", trust_remote_code=True)
print(pipe("Marian Pell works for Northern Paper Co. in Duluth."))
```

With the package `spert-hf` installed, `import spert_hf` takes the place of `trust_remote_code=True`.
"""


def _training(run: dict[str, Any]) -> str:
    documents = run["documents"]
    sizes = ", ".join(f"{documents[split]} {split}" for split in ("train", "dev", "test"))
    measured = f"Measured on the {run['split']} split, once, at the end of the run (micro average, percent):"
    lines = [
        "## Training",
        "",
        f"Documents: {sizes}. {measured}",
        "",
        "| | precision | recall | F1 |",
        "|---|---|---|---|",
    ]
    for task, name in _TASKS.items():
        micro = run["scores"][task]["micro"]
        lines.append(f"| {name} | {micro['precision']:.2f} | {micro['recall']:.2f} | {micro['f1']:.2f} |")
    lines += ["", "Settings:", "", "| | |", "|---|---|"]
    for name, value in run["settings"].items():
        if name not in _NOT_SHOWN and not name.startswith("hub_") and name != "push_to_hub":
            lines.append(f"| `{name}` | `{json.dumps(value)}` |")
    return "\n".join(lines) + "\n"
