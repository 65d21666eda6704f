"""SciERC: sentences of abstracts in computer science with entities and relations, in the JSON form of SpERT.

This file needs nothing but `datasets`. Up to `datasets` 3, `load_dataset("scierc", trust_remote_code=True)` runs it;
from 4 on, `spert-hf` builds from the class in it, as anyone can.
"""

import hashlib
import json
import tarfile
from pathlib import Path

import datasets

_DESCRIPTION = """\
Abstracts of papers of conferences in artificial intelligence, annotated with scientific terms and the relations between
them, as one example a sentence.
"""

_CITATION = """\
@inproceedings{luan-etal-2018-multi,
  title     = {Multi-Task Identification of Entities, Relations, and Coreference for Scientific Knowledge Graph
               Construction},
  author    = {Luan, Yi and He, Luheng and Ostendorf, Mari and Hajishirzi, Hannaneh},
  booktitle = {Proceedings of the 2018 Conference on Empirical Methods in Natural Language Processing (EMNLP)},
  year      = {2018}
}
"""

_VERSION = datasets.Version("1.0.0")
_LICENSE = "unclear: its publishers state none"

_BRACKETS = {"-LRB-": "(", "-RRB-": ")", "-LSB-": "[", "-RSB-": "]"}

# The same in all data sets of spert-hf: see the tests, which hold these parts to one another.
_FEATURES = datasets.Features(
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
)


class UnusableSourceError(OSError):
    """No address gives the data set as it is known."""


def _first_usable(readers, needed):
    """What the first of the readers gives that does not find its source unusable.

    Args:
        readers: Functions without arguments, in the order in which they are tried.
        needed: What a local folder has to hold in place of all sources.

    Raises:
        UnusableSourceError: With what each source said.
    """
    tried = []
    for read in readers:
        try:
            return read()
        except UnusableSourceError as error:
            tried.append(str(error))
    raise UnusableSourceError(f"no source is usable; set data_dir to a folder with {needed}. Tried: {'; '.join(tried)}")


def _read_address(dl_manager, address, read):
    """What `read` makes of the file at an address, given open in binary mode.

    Raises:
        UnusableSourceError: With the address, and what went wrong.
    """
    try:
        with open(dl_manager.download(address), "rb") as stream:  # noqa: PTH123 (`datasets` patches open, not Path.open)
            return read(stream)
    except Exception as error:  # whatever the network, the server or another file than the one expected gives rise to
        reason = error
        while reason.__cause__ is not None:
            reason = reason.__cause__
        said = " ".join(str(reason).replace(f", url={address!r}", "").replace(address, "").split())
        raise UnusableSourceError(f"{address}: {type(reason).__name__}{': ' if said else ''}{said}") from error


def _check_digest(name, content, wanted):
    """Raises ValueError where the bytes are not those that the data set is known by."""
    given = hashlib.sha256(content).hexdigest()
    if given != wanted:
        raise ValueError(f"{name} has changed: its SHA-256 must be {wanted}, got {given}")


def _from_lines(content, name):
    """The documents, one a sentence, of a file of abstracts, one a line of JSON."""
    documents = []
    for number, line in enumerate(content.decode("utf-8").split("\n"), 1):
        if not line.strip():
            continue
        try:
            documents += _from_abstract(json.loads(line))
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(
                f"{name}, line {number} must be an object with doc_key, sentences, and for each sentence ner [start, "
                "end, type] and relations [start, end, start, end, type] between them, "
                f"got {type(error).__name__} {error}"
            ) from None
    return documents


def _from_abstract(abstract):
    """The documents of an abstract, whose offsets count its tokens from its beginning and are inclusive."""
    first = 0
    parts = zip(abstract["sentences"], abstract["ner"], abstract["relations"], strict=True)
    for position, (tokens, mentions, pairs) in enumerate(parts):
        indices = {(start, end): index for index, (start, end, _) in enumerate(mentions)}
        yield {
            "tokens": [_BRACKETS.get(token, token) for token in tokens],
            "entities": [
                {"type": entity_type, "start": start - first, "end": end + 1 - first}
                for start, end, entity_type in mentions
            ],
            "relations": [
                {
                    "type": relation_type.capitalize(),  # USED-FOR in the file, Used-for in the paper
                    "head": indices[head_start, head_end],
                    "tail": indices[tail_start, tail_end],
                }
                for head_start, head_end, tail_start, tail_end, relation_type in pairs
            ],
            "orig_id": f"{abstract['doc_key']}-{position}",
            "doc_id": abstract["doc_key"],
        }
        first += len(tokens)


class Scierc(datasets.GeneratorBasedBuilder):
    """Builds SciERC from the archive of its authors, or from its files in `data_dir`."""

    VERSION = _VERSION
    BUILDER_CONFIGS = [  # noqa: RUF012 (as `datasets` has it)
        datasets.BuilderConfig(name="default", version=_VERSION, description="train, validation and test"),
        datasets.BuilderConfig(
            name="train_plus_dev", version=_VERSION, description="train and validation as one; test"
        ),
    ]
    DEFAULT_CONFIG_NAME = "default"

    ADDRESSES = ("http://nlp.cs.washington.edu/sciIE/data/sciERC_processed.tar.gz",)
    MEMBER = "processed_data/json/{split}.json"
    DIGESTS = {  # noqa: RUF012
        "train": "04970819bd215fce8c60b3a64fccca15388b49eab2010bdc5f6d322b463568c3",
        "dev": "61f21b224129e580a654b036ee6fffeeb1a0311f1009a38ea931c13612db040e",
        "test": "7424da64e6214a90e39b09e47a74b3ded57dde86b4a7f848b3625d2c8ecdfbe1",
    }
    spert_types = {  # noqa: RUF012
        "entities": {
            "Task": {"short": "Task", "verbose": "Task"},
            "Method": {"short": "Method", "verbose": "Method"},
            "Material": {"short": "Material", "verbose": "Material"},
            "OtherScientificTerm": {"short": "Other", "verbose": "Other scientific term"},
            "Metric": {"short": "Metric", "verbose": "Metric"},
            "Generic": {"short": "Generic", "verbose": "Generic"},
        },
        "relations": {
            "Used-for": {"short": "Used", "verbose": "Used for", "symmetric": False},
            "Feature-of": {"short": "Feature", "verbose": "Feature of", "symmetric": False},
            "Hyponym-of": {"short": "Hyponym", "verbose": "Hyponym of", "symmetric": False},
            "Evaluate-for": {"short": "Evaluate", "verbose": "Evaluate for", "symmetric": False},
            "Part-of": {"short": "Part", "verbose": "Part of", "symmetric": False},
            "Compare": {"short": "Compare", "verbose": "Compare", "symmetric": True},
            "Conjunction": {"short": "Conj", "verbose": "Conjunction", "symmetric": True},
        },
    }

    def _info(self):
        features = datasets.Features({**_FEATURES, "doc_id": datasets.Value("string")})
        return datasets.DatasetInfo(description=_DESCRIPTION, citation=_CITATION, license=_LICENSE, features=features)

    def _split_generators(self, dl_manager):
        parts = self._read_folder() if self.config.data_dir else self._read_sources(dl_manager)
        if self.config.name == "train_plus_dev":
            parts = {"train": parts["train"] + parts["dev"], "test": parts["test"]}
        names = {"train": datasets.Split.TRAIN, "dev": datasets.Split.VALIDATION, "test": datasets.Split.TEST}
        return [
            datasets.SplitGenerator(name=names[split], gen_kwargs={"documents": tuple(documents)})
            for split, documents in parts.items()
        ]

    def _generate_examples(self, documents):
        yield from enumerate(documents)

    def _read_sources(self, dl_manager):
        """The documents of train, dev and test from the first archive that has them."""
        return _first_usable(
            [
                lambda address=address: _read_address(dl_manager, address, self._read_archive)
                for address in self.ADDRESSES
            ],
            self._needed(),
        )

    def _read_archive(self, stream):
        """The documents of train, dev and test. The archive is large: it is read once, and no further than needed."""
        splits = {self.MEMBER.format(split=split): split for split in self.DIGESTS}
        found = {}
        with tarfile.open(fileobj=stream, mode="r|gz") as archive:
            for member in archive:
                split = splits.get(member.name.removeprefix("./"))
                if split is not None and member.isfile():
                    content = archive.extractfile(member).read()
                    _check_digest(member.name, content, self.DIGESTS[split])
                    found[split] = _from_lines(content, member.name)
                if len(found) == len(splits):
                    return {split: found[split] for split in self.DIGESTS}
        raise ValueError(f"has changed: {', '.join(name for name in splits if splits[name] not in found)} not in it")

    def _read_folder(self):
        """The documents of train, dev and test from the files in `data_dir`, or below it as in the archive."""
        folder = Path(self.config.data_dir)
        for pattern in (Path(self.MEMBER).name, self.MEMBER):
            paths = {split: folder / pattern.format(split=split) for split in self.DIGESTS}
            if all(path.is_file() for path in paths.values()):
                return {split: _from_lines(path.read_bytes(), str(path)) for split, path in paths.items()}
        raise FileNotFoundError(f"data_dir must be a folder with {self._needed()}, got {str(folder)!r}")

    def _needed(self):
        members = [self.MEMBER.format(split=split) for split in self.DIGESTS]
        return f"{', '.join(Path(member).name for member in members)}, or {', '.join(members)}"
