"""ADE: sentences of medical case reports with drugs and their adverse effects, in the JSON form of SpERT.

This file needs nothing but `datasets`. Up to `datasets` 3, `load_dataset("ade", "fold_0", trust_remote_code=True)` runs
it; from 4 on, `spert-hf` builds from the class in it, as anyone can.
"""

import hashlib
import random
import re
import zipfile
from collections import Counter
from itertools import pairwise
from pathlib import Path, PurePosixPath

import datasets

_DESCRIPTION = """\
Sentences of medical case reports that say that a drug has an adverse effect, tokenised, with the mentions of drugs and
effects and the relations between them, as ten folds for cross-validation.
"""

_CITATION = """\
@article{gurulingappa-etal-2012-ade,
  title   = {Development of a benchmark corpus to support the automatic extraction of drug-related adverse effects from
             medical case reports},
  author  = {Gurulingappa, Harsha and Rajput, Abdul Mateen and Roberts, Angus and Fluck, Juliane and
             Hofmann-Apitius, Martin and Toldo, Luca},
  journal = {Journal of Biomedical Informatics},
  volume  = {45},
  number  = {5},
  pages   = {885--892},
  year    = {2012}
}
"""

_VERSION = datasets.Version("1.0.0")
_LICENSE = "unclear: its publishers state none, and ask to be cited"

_FOLDS = 10
_SEED = 42
_WITHOUT_OVERLAP = "_no_overlap"

# Numbers, words, the English genitive, and any other character alone: hyphens stand apart, so that tokens do not tell
# where an annotation begins or ends inside a compound (azithromycin - induced).
_TOKEN = re.compile(r"\d+(?:[.,]\d+)+|[^\W_]+|'s\b|\S")

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


def _from_relations(content, name, with_overlap=True):
    """The documents, one a sentence, of a file such as `DRUG-AE.rel`.

    Args:
        content: Its bytes. A line is a relation: PubMed identifier, sentence, effect, its begin and end, drug, its
            begin and end, separated by bars; the offsets count characters of a text that is not given.
        name: What errors call the file.
        with_overlap: Whether to keep the relations between mentions that overlap. The sentences are the same.
    """
    sentences = {}
    for number, line in enumerate(content.decode("utf-8").split("\n"), 1):
        if line.strip():
            identifier, sentence, places = _from_line(line.rstrip("\r"), f"{name}, line {number}")
            sentences.setdefault((identifier, sentence), []).append(places)
    documents = []
    count = Counter()
    for (identifier, sentence), lines in sentences.items():
        pairs = _choose_places(lines)
        if not with_overlap:
            pairs = [(effect, drug) for effect, drug in pairs if effect[1] <= drug[0] or drug[1] <= effect[0]]
        documents.append(_from_pairs(sentence, pairs) | {"orig_id": f"{identifier}-{count[identifier]}"})
        count[identifier] += 1
    return documents


def _from_line(line, where):
    """Identifier, sentence, and the places of a relation: (offset of the sentence, span of the effect, of the drug)."""
    fields = line.split("|")
    numbers = fields[3:5] + fields[6:8]
    if len(fields) != 8 or not all(number.isascii() and number.isdigit() for number in numbers):
        raise ValueError(
            f"{where} must be PubMed id|sentence|effect|begin|end|drug|begin|end with integer offsets, got {line!r}"
        )
    identifier, sentence, effect, effect_begin, _, drug, drug_begin, _ = fields
    distance = int(drug_begin) - int(effect_begin)
    places = [
        (
            int(effect_begin) - match.start(),
            _strip(effect, match.start()),
            _strip(drug, match.start() + distance),
        )
        for match in re.finditer(f"(?={re.escape(effect)})", sentence)
        if match.start() + distance >= 0 and sentence.startswith(drug, match.start() + distance)
    ]
    if not places or not effect.strip() or not drug.strip():
        raise ValueError(
            f"{where}: effect and drug must stand in the sentence {sentence!r}, got {effect!r} and, {distance} "
            f"characters on, {drug!r}"
        )
    return identifier, sentence, places


def _strip(mention, start):
    """The span of a mention that stands at `start`, without the spaces that a few have at an end."""
    start += len(mention) - len(mention.lstrip())
    return start, start + len(mention.strip())


def _choose_places(lines):
    """The pairs (span of the effect, span of the drug) of a sentence, without repetition.

    Where a relation fits in several places, the offset that the sentence then has in its text tells them apart: it has
    to be the one that the sentence's other relations agree on.
    """
    votes = Counter(offset for places in lines for offset in {offset for offset, _, _ in places})
    chosen = [max(places, key=lambda place: votes[place[0]]) for places in lines]
    return list(dict.fromkeys((effect, drug) for _, effect, drug in chosen))


def _from_pairs(sentence, pairs):
    """Tokens, entities in text order, and relations of a sentence with the given pairs of spans of characters."""
    mentions = {("Adverse-Effect", *effect) for effect, _ in pairs} | {("Drug", *drug) for _, drug in pairs}
    ordered = sorted(mentions, key=lambda mention: (mention[1:], mention[0]))
    spans = _tokenise(sentence, {place for _, *span in ordered for place in span})
    starts = {start: index for index, (start, _) in enumerate(spans)}
    ends = {end: index + 1 for index, (_, end) in enumerate(spans)}
    index_of = {mention: index for index, mention in enumerate(ordered)}
    return {
        "tokens": [sentence[start:end] for start, end in spans],
        "entities": [{"type": name, "start": starts[start], "end": ends[end]} for name, start, end in ordered],
        "relations": [
            {
                "type": "Adverse-Effect",
                "head": index_of[("Adverse-Effect", *effect)],
                "tail": index_of[("Drug", *drug)],
            }
            for effect, drug in pairs
        ],
    }


def _tokenise(sentence, borders):
    """The tokens of a sentence as spans of characters, split further at the given places."""
    spans = []
    for match in _TOKEN.finditer(sentence):
        cuts = [match.start(), *sorted(place for place in borders if match.start() < place < match.end()), match.end()]
        spans += pairwise(cuts)
    return spans


class Ade(datasets.GeneratorBasedBuilder):
    """Builds ADE from a public copy of ADE-Corpus-V2, or from its files in `data_dir`."""

    VERSION = _VERSION
    BUILDER_CONFIGS = [  # noqa: RUF012 (as `datasets` has it)
        datasets.BuilderConfig(name=name + suffix, version=_VERSION, description=what + setting)
        for suffix, setting in (("", ""), (_WITHOUT_OVERLAP, ", without the relations between overlapping mentions"))
        for name, what in [
            *((f"fold_{fold}", f"fold {fold} of {_FOLDS} as test, the others as train") for fold in range(_FOLDS)),
            ("full", "all sentences as train"),
        ]
    ]
    DEFAULT_CONFIG_NAME = "fold_0"

    ADDRESSES = (
        "https://raw.githubusercontent.com/davidsbatista/Annotated-Semantic-Relationships-Datasets/"
        "ad883cbbaf4e342326b444347cf7d035012a4f4e/datasets/ADE-Corpus-V2.zip",
    )
    ARCHIVE = "ADE-Corpus-V2.zip"
    ARCHIVE_DIGEST = "0f833524307b5ba27e516ffabd182de6b1e1ce1c00be08e8fe0b9656c0935915"
    FILE = "DRUG-AE.rel"
    FILE_DIGEST = "542cdc483ccc94927762eaf2c9a8ecac49a6c10037dda2895be6a6e20160f75a"
    spert_types = {  # noqa: RUF012
        "entities": {
            "Drug": {"short": "Drug", "verbose": "Drug"},
            "Adverse-Effect": {"short": "AE", "verbose": "Adverse effect"},
        },
        "relations": {"Adverse-Effect": {"short": "AE", "verbose": "Adverse effect", "symmetric": False}},
    }

    def _info(self):
        return datasets.DatasetInfo(description=_DESCRIPTION, citation=_CITATION, license=_LICENSE, features=_FEATURES)

    def _split_generators(self, dl_manager):
        content, name = self._read_folder() if self.config.data_dir else self._read_sources(dl_manager)
        setting = self.config.name.removesuffix(_WITHOUT_OVERLAP)
        documents = _from_relations(content, name, with_overlap=setting == self.config.name)
        parts = {datasets.Split.TRAIN: documents}
        if setting != "full":
            tested = _fold(len(documents), int(setting.removeprefix("fold_")))
            parts = {
                datasets.Split.TRAIN: [document for i, document in enumerate(documents) if i not in tested],
                datasets.Split.TEST: [document for i, document in enumerate(documents) if i in tested],
            }
        return [
            datasets.SplitGenerator(name=split, gen_kwargs={"documents": tuple(part)}) for split, part in parts.items()
        ]

    def _generate_examples(self, documents):
        yield from enumerate(documents)

    def _read_sources(self, dl_manager):
        """The bytes and the name of the file of relations, from the first archive that has it."""

        def read(stream):
            content = stream.read()
            _check_digest(self.ARCHIVE, content, self.ARCHIVE_DIGEST)
            stream.seek(0)
            content = self._read_archive(stream)
            _check_digest(self.FILE, content, self.FILE_DIGEST)
            return content, self.FILE

        return _first_usable(
            [lambda address=address: _read_address(dl_manager, address, read) for address in self.ADDRESSES],
            self._needed(),
        )

    def _read_archive(self, stream):
        """The bytes of the file of relations in an archive."""
        with zipfile.ZipFile(stream) as archive:
            members = [member for member in archive.namelist() if PurePosixPath(member).name == self.FILE]
            if len(members) != 1:
                raise ValueError(f"has changed: must contain {self.FILE} once, got it {len(members)} times")
            return archive.read(members[0])

    def _read_folder(self):
        """The bytes and the name of the file of relations in `data_dir`, unpacked or in the archive."""
        folder = Path(self.config.data_dir)
        path = folder / self.FILE
        if path.is_file():
            return path.read_bytes(), str(path)
        path = folder / self.ARCHIVE
        if path.is_file():
            with path.open("rb") as stream:
                try:
                    return self._read_archive(stream), f"{path}, {self.FILE}"
                except (ValueError, zipfile.BadZipFile) as error:
                    raise ValueError(f"{path}: {error}") from None
        raise FileNotFoundError(f"data_dir must be a folder with {self._needed()}, got {str(folder)!r}")

    def _needed(self):
        return f"{self.FILE} or {self.ARCHIVE}"


def _fold(count, fold):
    """The positions of the test sentences of a fold, out of so many: a share of an order drawn once and for all."""
    order = list(range(count))
    random.Random(_SEED).shuffle(order)
    return frozenset(order[fold::_FOLDS])
