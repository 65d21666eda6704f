"""The rules in the browser find what those in Python find, in Node."""

import json
import shutil
import subprocess
import warnings
from pathlib import Path

import pytest

from spert_hf import SpertProcessor
from spert_hf.hub.browser.tables import make_tables
from spert_hf.model.subwords import SubwordEncoder
from spert_hf.model.text_reader import TextReader
from spert_hf.model.text_reading import TextReading
from tests.support.hostile_texts import hostile_texts
from tests.support.tiny_models import make_tokenizer

ROOT = Path(__file__).parents[3]

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(shutil.which("node") is None, reason="there is no node"),
    pytest.mark.skipif(not (ROOT / "space").is_dir(), reason="no demo in this checkout"),
]

READINGS = [
    {},
    {"languages": ["en"], "abbreviations": ["Ph.D", "A.H", "Q", "St", "a+b"]},
    {"words": "rules-v1", "sequences": "sentences-v1"},
    {"words": "whitespace-punctuation", "languages": ["de", "fr"], "abbreviations": ["A.H", "Cmdr"]},
    {"words": "whitespace", "sequences": "lines"},
    {"words": "characters", "languages": ["ru", "pl", "cs", "tr"]},
    {"words": "whitespace-punctuation", "sequences": "document"},
]


@pytest.fixture(scope="module")
def run_rules(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rules")
    (folder / "tables.json").write_text(json.dumps(make_tables()))

    def run(**asked):
        asked |= {"folder": str(ROOT / "space" / "browser"), "tables": str(folder / "tables.json")}
        (folder / "asked.json").write_text(json.dumps(asked))
        command = ["node", str(Path(__file__).with_name("rules.mjs")), str(folder / "asked.json")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=240)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def test_words_and_sequences(run_rules):
    texts = hostile_texts(400)
    found = run_rules(readings=[TextReading(**reading).to_dict() for reading in READINGS], texts=texts)["readings"]
    for reading, ours in zip(READINGS, found, strict=True):
        reader = TextReader(TextReading(**reading))
        for text, (words, sequences) in zip(texts, ours, strict=True):
            expected = reader(text)
            assert [tuple(one) for one in words] == expected.words, (reading, text)
            assert [tuple(one) for one in sequences] == expected.sequences, (reading, text)


def test_tokens_that_were_added_are_kept_whole(run_rules):
    tokenizer = make_tokenizer("bert")
    tokenizer.add_tokens(["@DRUG$", "drug-one", "<e1>"])
    texts = ["a @DRUG$s <e1>b Drug-One, xdrug-one @drug$ @DRUG$@DRUG$.", *hostile_texts(40, seed=1)]
    added = json.loads(tokenizer.backend_tokenizer.to_str())["added_tokens"]
    special = {name: token for name, token in tokenizer.special_tokens_map.items() if isinstance(token, str)}
    readings = [TextReading(words=words).to_dict() for words in ("rules", "whitespace-punctuation")]
    found = run_rules(readings=readings, texts=texts, added=added, special=special)["readings"]
    for reading, ours in zip(readings, found, strict=True):
        reader = TextReader(TextReading.of(reading), tokenizer)
        for text, (words, _) in zip(texts, ours, strict=True):
            assert [tuple(one) for one in words] == reader(text).words, text


@pytest.mark.parametrize(
    ("family", "cases"),
    [("bert", True), ("bert", False), ("roberta", False), ("xlm-roberta", False), ("deberta-v2", False)],
)
def test_subwords_and_windows(run_rules, tmp_path, family, cases):
    how = {"window_size": 30, "letter_cases": cases, "overlap_words": 4}
    processor = SpertProcessor(make_tokenizer(family), 32)
    how |= {name: getattr(processor, name) for name in ("prefix", "suffix", "unknown_id", "pad_id")}
    processor.save_backend(tmp_path / "tokenizer.json")
    encoder = SubwordEncoder(processor.tokenizer.backend_tokenizer, **how)
    sequences = [
        [text[start:end] for start, end in TextReader(TextReading(words=words))(text).words]
        for words in ("whitespace", "rules")
        for text in hostile_texts(200, seed=2)
    ]
    sequences.append(
        ["Harper-Lund", "3.5kg", "McGill", "U.S.", "x[MASK]y", "ΟΔΟΣ", "𠀀𠀁", "naïve", "ﬁ", "İ", "\u0301"]
    )
    tokenizers = [{"file": str(tmp_path / "tokenizer.json"), "how": how, "sequences": sequences}]
    (found,) = run_rules(tokenizers=tokenizers)["encodings"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of words that are longer than a window
        for words, (ids, offsets, letter_cases, windows) in zip(sequences, found, strict=True):
            (expected,) = encoder.encode([words])
            assert (ids, offsets, letter_cases) == (expected.input_ids, expected.word_offsets, expected.letter_cases), (
                words
            )
            assert [tuple(one) for one in windows] == encoder.windows(expected)
