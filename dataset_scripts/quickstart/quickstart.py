"""The quickstart corpus of spert-hf: newspaper sentences with entities and relations, in the JSON form of SpERT.

This file needs nothing but `datasets`. Up to `datasets` 3, `load_dataset("quickstart", trust_remote_code=True)` runs
it; from 4 on, `spert-hf` builds from the class in it, as anyone can.
"""

import json
from pathlib import Path

import datasets

_DESCRIPTION = """\
A small corpus of English newspaper sentences written for this project, split into tokens and annotated with typed
entities (spans of tokens) and typed relations between them, to try out joint entity and relation extraction.
"""

_CITATION = """\
@misc{spert_hf_quickstart,
  title = {The quickstart corpus of spert-hf},
  author = {{The spert-hf authors}},
  note = {Distributed with the spert-hf package}
}
"""

_LICENSE = "CC BY 4.0"

_FILES = {datasets.Split.TRAIN: "train.json", datasets.Split.VALIDATION: "dev.json", datasets.Split.TEST: "test.json"}
_TYPES_FILE = "types.json"


class Quickstart(datasets.GeneratorBasedBuilder):
    """Builds the corpus from the JSON files that stand beside this script, or in `data_dir` if that is given."""

    VERSION = datasets.Version("1.0.0")
    # Without this list `datasets` would take any name for a configuration's.
    BUILDER_CONFIGS = [  # noqa: RUF012 (as `datasets` has it)
        datasets.BuilderConfig(name="default", version=VERSION)
    ]

    def _info(self):
        return datasets.DatasetInfo(
            description=_DESCRIPTION,
            citation=_CITATION,
            license=_LICENSE,
            features=datasets.Features(
                {
                    "tokens": datasets.Sequence(datasets.Value("string")),
                    # Lists of objects: a Sequence of objects would become an object of lists.
                    "entities": [
                        {
                            "type": datasets.Value("string"),
                            "start": datasets.Value("int32"),
                            "end": datasets.Value("int32"),
                        }
                    ],
                    "relations": [
                        {
                            "type": datasets.Value("string"),
                            "head": datasets.Value("int32"),
                            "tail": datasets.Value("int32"),
                        }
                    ],
                    "orig_id": datasets.Value("string"),
                }
            ),
        )

    def spert_types(self):
        """The entity and relation types, as in a types file of SpERT: identifier to names and symmetry."""
        path = datasets.DownloadManager(base_path=self.base_path).download(self._locate(_TYPES_FILE))
        with open(path, encoding="utf-8") as stream:  # noqa: PTH123 (`datasets` patches open, not Path.open)
            return json.load(stream)

    def _split_generators(self, dl_manager):
        paths = dl_manager.download({str(split): self._locate(name) for split, name in _FILES.items()})
        return [
            datasets.SplitGenerator(name=split, gen_kwargs={"path": path})
            for split, path in zip(_FILES, paths.values(), strict=True)
        ]

    def _locate(self, name):
        """The file's path: relative where the builder knows where it comes from, so that its downloader resolves it."""
        if self.config.data_dir:
            return str(Path(self.config.data_dir).absolute() / name)
        return name if self.base_path else str(Path(__file__).absolute().parent / name)

    def _generate_examples(self, path):
        with open(path, encoding="utf-8") as stream:  # noqa: PTH123
            documents = json.load(stream)
        for key, document in enumerate(documents):
            yield (
                key,
                {
                    "tokens": document["tokens"],
                    "entities": [
                        {name: item[name] for name in ("type", "start", "end")} for item in document["entities"]
                    ],
                    "relations": [
                        {name: item[name] for name in ("type", "head", "tail")} for item in document["relations"]
                    ],
                    "orig_id": str(document["orig_id"]),
                },
            )
