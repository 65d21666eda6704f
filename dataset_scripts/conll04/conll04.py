"""CoNLL04: newspaper sentences with entities and relations, in the JSON form of SpERT and with its splits.

This file needs nothing but `datasets`. Up to `datasets` 3, `load_dataset("conll04", trust_remote_code=True)` runs it;
from 4 on, `spert-hf` builds from the class in it, as anyone can.
"""

import ast
import hashlib
import json
from functools import partial
from pathlib import Path

import datasets

_DESCRIPTION = """\
English newspaper sentences from TREC, annotated with typed entities and typed relations between them by Dan Roth and
Wen-tau Yih, in the splits on which SpERT and the work before it report their figures.
"""

_CITATION = """\
@inproceedings{roth-yih-2004-linear,
  title     = {A Linear Programming Formulation for Global Inference in Natural Language Tasks},
  author    = {Roth, Dan and Yih, Wen-tau},
  booktitle = {Proceedings of the Eighth Conference on Computational Natural Language Learning (CoNLL-2004)},
  year      = {2004}
}
@inproceedings{gupta-etal-2016-table,
  title     = {Table Filling Multi-Task Recurrent Neural Network for Joint Entity and Relation Extraction},
  author    = {Gupta, Pankaj and Sch{\\"u}tze, Hinrich and Andrassy, Bernt},
  booktitle = {Proceedings of COLING 2016, the 26th International Conference on Computational Linguistics},
  year      = {2016}
}
@inproceedings{eberts-ulges-2020-spert,
  title     = {Span-based Joint Entity and Relation Extraction with Transformer Pre-training},
  author    = {Eberts, Markus and Ulges, Adrian},
  booktitle = {24th European Conference on Artificial Intelligence (ECAI)},
  year      = {2020}
}
"""

_VERSION = datasets.Version("1.0.0")
_LICENSE = "unclear: its publishers state none"

# The identifiers of SpERT's dev sentences among those of the training part. The second source divides them otherwise.
_DEV_IDS = """
59 60 86 119 141 161 207 212 276 278 281 287 326 361 412 414 429 467 470 477 533 543 554 582 587 627 650 675 853
899 906 908 945 950 958 989 1002 1003 1013 1031 1069 1138 1153 1159 1189 1191 1233 1254 1257 1315 1322 1348 1361
1363 1367 1393 1395 1402 1462 1465 1491 1558 1574 1612 1623 1630 1674 1703 1707 1750 1755 1771 1784 1827 1846
1854 1858 1864 1895 1905 1916 1954 1998 2078 2159 2283 2293 2311 2315 2341 2365 2377 2412 2421 2460 2574 2575
2581 2593 2607 2643 2660 2669 2675 2743 2759 2781 2785 2801 2829 2834 2848 2850 2870 2883 2939 2940 2953 2960
2963 2988 2997 3025 3028 3045 3048 3110 3129 3184 3211 3234 3244 3298 3320 3322 3416 3418 3421 3426 3485 3559
3626 3703 3704 3708 3717 3732 3766 3791 3797 3800 3820 3887 3893 3908 3941 3998 4112 4161 4188 4275 4295 4309
4378 4387 4423 4476 4593 4596 5015 5032 5033 5035 5037 5048 5050 5057 5061 5065 5067 5070 5082 5084 5096 5098
5107 5109 5114 5131 5134 5142 5146 5151 5153 5159 5161 5175 5178 5180 5192 5196 5199 5203 5206 5214 5223 5238
5241 5252 5253 5255 5271 5282 5285 5286 5289 5290 5298 5316 5318 5337 5346 5347 5363 5370 5374 5387 5389 5398
5412 5570
"""

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


def _from_json(stream, name, wanted=None):
    """The documents of a file in SpERT's JSON form.

    Args:
        stream: The file, open in binary mode.
        name: What errors call it.
        wanted: Its numbers of documents, entities and relations, if it has to have certain ones.
    """
    documents = []
    for position, record in enumerate(json.load(stream)):
        try:
            documents.append(
                {
                    "tokens": record["tokens"],
                    "entities": [{key: item[key] for key in ("type", "start", "end")} for item in record["entities"]],
                    "relations": [{key: item[key] for key in ("type", "head", "tail")} for item in record["relations"]],
                    "orig_id": str(record["orig_id"]),
                }
            )
        except (KeyError, TypeError) as error:
            raise ValueError(
                f"{name}, record {position} must be an object with tokens, entities (type, start, end), relations "
                f"(type, head, tail) and orig_id, got {type(error).__name__} {error}"
            ) from None
    given = tuple(
        sum(numbers) for numbers in zip(*((1, len(d["entities"]), len(d["relations"])) for d in documents), strict=True)
    )
    if wanted is not None and given != wanted:
        raise ValueError(f"{name} has changed: documents, entities, relations must be {wanted}, got {given}")
    return documents


def _from_text(stream, name, wanted=None):
    """The documents of a file of the second source.

    A line `#doc IDENTIFIER` opens a sentence; each token has a line of its own with its index, the word, the BIO tag of
    its entity, the list of the types of the relations whose head ends there (or `['N']`), and the list of the indices
    at which their tails end, separated by tabs. `wanted` is the SHA-256 that the file has to have, if any.
    """
    content = stream.read()
    if wanted is not None:
        _check_digest(name, content, wanted)
    sentences = {}
    for number, line in enumerate(content.decode("utf-8").split("\n"), 1):
        if line.startswith("#doc"):
            rows = sentences.setdefault(line.removeprefix("#doc").strip(), [])
        elif line.strip():
            fields = line.split("\t")
            if not sentences or len(fields) != 5:
                raise ValueError(
                    f"{name}, line {number} must be '#doc IDENTIFIER' or, under it, 5 fields, got {line!r}"
                )
            rows.append(fields)
    return [_from_rows(identifier, rows, name) for identifier, rows in sentences.items()]


def _from_rows(identifier, rows, name):
    """The document of a sentence of the second source."""
    entities = _from_tags([tag for _, _, tag, _, _ in rows])
    ending_at = {entity["end"] - 1: index for index, entity in enumerate(entities)}
    relations = []
    try:
        for position, (_, _, _, types, tails) in enumerate(rows):
            for relation_type, tail in zip(ast.literal_eval(types), ast.literal_eval(tails), strict=True):
                if relation_type != "N":
                    relations.append({"type": relation_type, "head": ending_at[position], "tail": ending_at[tail]})
    except (KeyError, SyntaxError, TypeError, ValueError):
        raise ValueError(
            f"{name}, #doc {identifier}, token {position}: relations must be two lists of one length, types and the "
            f"indices of the last tokens of entities, on the last token of an entity, got {types} to {tails}"
        ) from None
    tokens = [token for _, token, _, _, _ in rows]
    return {"tokens": tokens, "entities": entities, "relations": relations, "orig_id": identifier}


def _from_tags(tags):
    """The entities of BIO tags; as is usual, an I- that continues nothing of its type opens an entity."""
    entities = []
    for position, tag in enumerate(tags):
        prefix, _, entity_type = tag.partition("-")
        if prefix == "O":
            continue
        last = entities[-1] if entities else None
        if prefix == "I" and last and last["end"] == position and last["type"] == entity_type:
            last["end"] += 1
        else:
            entities.append({"type": entity_type, "start": position, "end": position + 1})
    return entities


class Conll04(datasets.GeneratorBasedBuilder):
    """Builds CoNLL04 from SpERT's files or, where these are gone, from those of Bekoulis et al., or from `data_dir`."""

    VERSION = _VERSION
    BUILDER_CONFIGS = [  # noqa: RUF012 (as `datasets` has it)
        datasets.BuilderConfig(name="default", version=_VERSION, description="train, validation and test"),
        datasets.BuilderConfig(
            name="train_plus_dev", version=_VERSION, description="train and validation as one; test"
        ),
    ]
    DEFAULT_CONFIG_NAME = "default"

    JSON_FILE = "conll04_{split}.json"
    JSON_ADDRESS = "http://lavis.cs.hs-rm.de/storage/spert/public/datasets/conll04/" + JSON_FILE
    # No digests of SpERT's files are known. They have to hold so many documents, entities and relations.
    JSON_COUNTS = {"train": (922, 3377, 1283), "dev": (231, 893, 343), "test": (288, 1079, 422)}  # noqa: RUF012
    TYPES_FILE = "conll04_types.json"
    TEXT_FILE = "{split}.txt"
    TEXT_ADDRESS = (
        "https://raw.githubusercontent.com/bekou/multihead_joint_entity_relation_extraction/"
        "7f40a0f7c1892821591358518c542139e88f693e/data/CoNLL04/" + TEXT_FILE
    )
    TEXT_DIGESTS = {  # noqa: RUF012
        "train": "0f560fdaa150133fc4843f72e2a8e707e7f74f06a3a3095d4b9921f8d0ce3614",
        "dev": "99e854fd2a7d19247230c3ed8c304f79022380c9d21b58f25e7ffc5fe3884e2d",
        "test": "d172819deff771c059c9c6688d67c3ff2bdaa25cf71ec56b1f7e8c6705f96700",
    }
    DEV_IDS = frozenset(_DEV_IDS.split())
    TYPES = {  # noqa: RUF012
        "entities": {
            "Loc": {"short": "Loc", "verbose": "Location"},
            "Org": {"short": "Org", "verbose": "Organization"},
            "Peop": {"short": "Peop", "verbose": "People"},
            "Other": {"short": "Other", "verbose": "Other"},
        },
        "relations": {
            "Work_For": {"short": "Work", "verbose": "Work for", "symmetric": False},
            "Kill": {"short": "Kill", "verbose": "Kill", "symmetric": False},
            "OrgBased_In": {"short": "OrgBI", "verbose": "Organization based in", "symmetric": False},
            "Live_In": {"short": "Live", "verbose": "Live in", "symmetric": False},
            "Located_In": {"short": "LocIn", "verbose": "Located in", "symmetric": False},
        },
    }

    def _info(self):
        return datasets.DatasetInfo(description=_DESCRIPTION, citation=_CITATION, license=_LICENSE, features=_FEATURES)

    def spert_types(self):
        """The entity and relation types, as in a types file of SpERT: identifier to names and symmetry."""
        local = Path(self.config.data_dir or "") / self.TYPES_FILE
        if self.config.data_dir and local.is_file():
            return json.loads(local.read_text(encoding="utf-8"))
        return self.TYPES

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
        """The documents of train, dev and test from the first source that has them."""

        def read_all(address, reader, wanted):
            return {
                split: _read_address(dl_manager, address.format(split=split), partial(reader, name=split, wanted=known))
                for split, known in wanted.items()
            }

        return _first_usable(
            [
                lambda: read_all(self.JSON_ADDRESS, _from_json, self.JSON_COUNTS),
                lambda: self._divide(read_all(self.TEXT_ADDRESS, _from_text, self.TEXT_DIGESTS)),
            ],
            self._needed(),
        )

    def _read_folder(self):
        """The documents of train, dev and test from the files in `data_dir`, of either source."""
        folder = Path(self.config.data_dir)
        for pattern, reader, divide in (
            (self.JSON_FILE, _from_json, lambda parts: parts),
            (self.TEXT_FILE, _from_text, self._divide),
        ):
            paths = {split: folder / pattern.format(split=split) for split in ("train", "dev", "test")}
            if all(path.is_file() for path in paths.values()):
                return divide({split: _read_path(path, reader) for split, path in paths.items()})
        raise FileNotFoundError(f"data_dir must be a folder with {self._needed()}, got {str(folder)!r}")

    def _divide(self, parts):
        """The second source's parts with SpERT's dev set in place of its own."""
        training = parts["train"] + parts["dev"]
        return {
            "train": [document for document in training if document["orig_id"] not in self.DEV_IDS],
            "dev": [document for document in training if document["orig_id"] in self.DEV_IDS],
            "test": parts["test"],
        }

    def _needed(self):
        json_files, text_files = (
            ", ".join(pattern.format(split=split) for split in ("train", "dev", "test"))
            for pattern in (self.JSON_FILE, self.TEXT_FILE)
        )
        return f"{json_files} (and {self.TYPES_FILE}, if its types differ), or {text_files}"


def _read_path(path, read):
    with path.open("rb") as stream:
        try:
            return read(stream, name=str(path))
        except (UnicodeDecodeError, json.JSONDecodeError) as error:
            raise ValueError(f"{path}: {error}") from None
