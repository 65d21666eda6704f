"""How a model reads text: settings in its config, and what they make of a text."""

import copy
import json
import pickle
import re

import pytest
import regex
from transformers import AutoConfig, AutoTokenizer, pipeline

import spert_hf  # noqa: F401 - registers the model
from spert_hf import SpertConfig, SpertModel, SpertPipeline
from spert_hf.model.text_reader import TextReader
from spert_hf.model.text_reading import FIRST_READING, SEQUENCES, WORDS, TextReading, parse_reading
from tests.support.hostile_checkpoints import change_json
from tests.support.tiny_models import make_tokenizer

TEXT = "Ann Cole, Ph.D., is a clerk. She lives in Leeds.\nKim Moss (Oslo) works there."


def sequences_of(reader, text):
    read = reader(text)
    return [[text[start:end] for start, end in read.words[first:last]] for first, last in read.sequences]


class TestSettings:
    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            ({"words": "spaces"}, r"text_reading\.words must be 'rules', .*, got 'spaces'"),
            ({"words": 3}, r"text_reading\.words must be .*, got 3"),
            ({"sequences": "pages"}, r"text_reading\.sequences must be 'sentences', .*, got 'pages'"),
            (
                {"languages": ["xx"]},
                r"text_reading\.languages must be among en, de, .* where sequences are .*, got 'xx'",
            ),
            ({"languages": "de"}, r"text_reading\.languages must be a list of non-empty names, got 'de'"),
            ({"abbreviations": [1]}, r"text_reading\.abbreviations must be a list.*, got \[1\]"),
            ({"words": "pattern"}, r"text_reading\.word_pattern must be a regular expression, got None"),
            ({"word_pattern": "a"}, r"text_reading\.word_pattern must be left out with words 'rules', got 'a'"),
            (
                {"words": "pattern", "word_pattern": "a" * 1001},
                r"word_pattern must be .*of 1 to 1000 characters, got 'a",
            ),
            (
                {"word": "rules"},
                r"text_reading\.word is not a setting \(did you mean 'words.*; there are words, word_pattern",
            ),
            ("rules", r"text_reading must be a mapping with some of words, word_pattern, sequences, .*, got 'rules'"),
        ],
    )
    def test_what_is_not_allowed_is_refused(self, settings, message):
        with pytest.raises(ValueError, match=message):
            SpertConfig(text_reading=settings)

    def test_a_file_names_the_setting_and_itself(self, tiny_checkpoint, tmp_path):
        config = json.loads((tiny_checkpoint / "config.json").read_text())
        (tmp_path / "config.json").write_text(json.dumps(config | {"text_reading": {"words": "spaces"}}))
        with pytest.raises(
            ValueError, match=rf"{tmp_path}.*config\.json: text_reading\.words must be .*, got 'spaces'"
        ):
            AutoConfig.from_pretrained(tmp_path)

    @pytest.mark.parametrize(
        "reading",
        [
            TextReading(),
            TextReading("whitespace", None, "lines", ("de", "fr"), ("geb", "Abb")),
            TextReading("pattern", r"\w+", "document"),
        ],
    )
    def test_they_are_saved_with_the_config(self, reading, tmp_path):
        SpertConfig(text_reading=reading).save_pretrained(tmp_path)
        assert json.loads((tmp_path / "config.json").read_text())["text_reading"] == reading.to_dict()
        assert SpertConfig.from_pretrained(tmp_path).text_reading == reading
        assert SpertConfig(text_reading=reading.to_dict()).text_reading == reading
        assert copy.deepcopy(SpertConfig(text_reading=reading)).text_reading == reading

    def test_a_file_without_them_is_read_as_before_there_were_any(self, tmp_path):
        SpertConfig().save_pretrained(tmp_path)
        change_json(tmp_path / "config.json", lambda config: config.pop("text_reading"))
        config = SpertConfig.from_pretrained(tmp_path)
        assert config.text_reading == FIRST_READING
        config.save_pretrained(tmp_path)
        assert SpertConfig.from_pretrained(tmp_path).text_reading == FIRST_READING
        assert SpertConfig.from_pretrained(tmp_path, text_reading={"words": "whitespace"}).text_reading.words == (
            "whitespace"
        )

    @pytest.mark.parametrize(
        ("text", "settings"),
        [
            ("words=whitespace", {"words": "whitespace"}),
            ("words=rules, languages=de fr", {"words": "rules", "languages": ["de", "fr"]}),
            ('{"words": "pattern", "word_pattern": "a,b=c"}', {"words": "pattern", "word_pattern": "a,b=c"}),
        ],
    )
    def test_they_are_read_from_a_line(self, text, settings):
        assert parse_reading(text) == settings

    def test_several_languages_have_spaces_between_them(self):
        with pytest.raises(
            ValueError, match=r"must be each setting once, .*languages=de fr \(values with a comma as JSON\), got"
        ):
            parse_reading("languages=de,fr")
        with pytest.raises(ValueError, match="text_reading must be each setting once"):
            parse_reading("words=rules,words=whitespace")

    @pytest.mark.parametrize("text", ["whitespace", "{", "[" * 10_000, "words=x", "{" + '"a":{' * 5_000, ""])
    def test_other_lines_are_refused(self, text):
        with pytest.raises(ValueError, match=r"^text_reading"):
            parse_reading(text)


class TestReader:
    @pytest.mark.parametrize(
        ("sequences", "expected"),
        [("document", [(0, 3)]), ("lines", [(0, 2), (2, 3)]), ("sentences", [(0, 1), (1, 2), (2, 3)])],
    )
    def test_sequences(self, sequences, expected):
        read = TextReader(TextReading(sequences=sequences), make_tokenizer("bert"))(TEXT)
        begins = [TEXT.index("She"), TEXT.index("Kim"), len(TEXT)]
        sentence_ends = [0, *(sum(start < begin for start, _ in read.words) for begin in begins)]
        assert read.sequences == [(sentence_ends[first], sentence_ends[last]) for first, last in expected]

    @pytest.mark.parametrize("text", ["", " \n "])
    @pytest.mark.parametrize("sequences", sorted(SEQUENCES.keys() - {"sentencex"}))
    def test_text_without_words_has_no_sequence(self, sequences, text):
        read = TextReader(TextReading(sequences=sequences), make_tokenizer("bert"))(text)
        assert read.words == []
        assert all(first == last for first, last in read.sequences)

    def test_lines_end_at_all_ends_of_lines(self):
        reader = TextReader(TextReading(sequences="lines"), make_tokenizer("bert"))
        assert sequences_of(reader, "a b\r\nc\rd\u2028e\n\n f") == [["a", "b"], ["c"], ["d"], ["e"], ["f"]]

    def test_a_library_splits_sentences(self):
        pytest.importorskip("sentencex")
        reader = TextReader(TextReading(sequences="sentencex", languages=("de",)), make_tokenizer("bert"))
        assert [words[-2] for words in sequences_of(reader, "🦊 Dr. Ott kam. Er ging. Ja, \ud800 da!")] == [
            *("kam", "ging", "da"),
        ]

    @pytest.mark.parametrize("text", ["We use Node.JS and ASP.NET in Berlin.", "Amazon.Com sued Booking.Com in 3.A."])
    def test_sentencex_cuts_no_word(self, text):
        pytest.importorskip("sentencex")
        read = TextReader(TextReading(sequences="sentencex"))(text)
        assert read.sequences == [(0, len(read.words))]

    @pytest.mark.parametrize("code", ["DE", "de-AT", "de_AT"])
    def test_codes_that_sentencex_takes_for_english_are_refused(self, code):
        with pytest.raises(
            ValueError, match=r"text_reading\.languages must be codes of two or three lower-case letters"
        ):
            TextReading(sequences="sentencex", languages=(code,))

    def test_a_missing_library_is_said_in_a_line(self, monkeypatch):
        monkeypatch.setitem(__import__("sys").modules, "sentencex", None)
        with pytest.raises(ValueError, match="'sentencex' needs the package sentencex: pip install sentencex"):
            TextReader(TextReading(sequences="sentencex"), make_tokenizer("bert"))

    def test_a_library_that_breaks_down_is_said_in_a_line(self, monkeypatch):
        class PanicException(BaseException):
            """As Rust's in Python: no `Exception`."""

        library = pytest.importorskip("sentencex")

        def segment(*_):
            raise PanicException("index out of range")

        reader = TextReader(TextReading(sequences="sentencex"), make_tokenizer("bert"))
        monkeypatch.setattr(library, "segment", segment)
        with pytest.raises(ValueError, match=r"sentencex failed on 'It rained\.': index out of range"):
            reader("It rained.")

    def test_a_reader_can_be_sent_to_other_processes(self):
        reader = TextReader(TextReading(words="whitespace-punctuation"), make_tokenizer("bert"))
        assert pickle.loads(pickle.dumps(reader))(TEXT) == copy.deepcopy(reader)(TEXT) == reader(TEXT)


class TestPipeline:
    def entities(self, pipe, text, **settings):
        return [text[entity["start"] : entity["end"]] for entity in pipe(text, overlap="keep", **settings)["entities"]]

    def pipe(self, folder, **reading):
        """A pipeline that takes every span for an entity."""
        model = SpertModel.from_pretrained(folder, text_reading=reading, max_span_size=1)
        model.entity_classifier.bias.data[0] = -1e3
        return SpertPipeline(model=model, tokenizer=AutoTokenizer.from_pretrained(folder), task="spert-extraction")

    def test_it_reads_as_the_config_says(self, tiny_checkpoint):
        assert "Cole," in self.entities(self.pipe(tiny_checkpoint, words="whitespace"), TEXT)
        assert "Cole" in self.entities(self.pipe(tiny_checkpoint, words="rules"), TEXT)

    def test_it_reads_as_the_config_says_now(self, tiny_checkpoint):
        pipe = self.pipe(tiny_checkpoint)
        pipe.model.config.text_reading = {"words": "whitespace"}
        assert "Cole," in self.entities(pipe, TEXT)

    @pytest.mark.parametrize(
        ("words", "word"),
        [
            ("whitespace", "(Oslo)"),
            (re.compile(r"[A-Z]\w+ [A-Z]\w+|\w+|\S"), "Ann Cole"),
            (lambda text: [(0, 8)], "Ann Cole"),
        ],
    )
    def test_a_call_and_a_pipeline_may_ask_for_other_words(self, tiny_checkpoint, words, word):
        pipe = self.pipe(tiny_checkpoint)
        assert word not in self.entities(pipe, TEXT)
        assert word in self.entities(pipe, TEXT, words=words)
        assert word not in self.entities(pipe, TEXT)
        own = pipeline("spert-extraction", model=pipe.model, tokenizer=pipe.tokenizer, words=words)
        assert word in self.entities(own, TEXT)

    def test_flags_of_a_compiled_pattern_count(self, tiny_checkpoint):
        pipe = self.pipe(tiny_checkpoint)
        for module in (re, regex):
            pattern = module.compile(r"[a-z]+ COLE | \S", module.IGNORECASE | module.VERBOSE)
            assert pipe.text_reader(pattern).reading.word_pattern == r"(?ix)[a-z]+ COLE | \S"
            assert "Ann" in self.entities(pipe, "Ann COLE", words=module.compile("[a-z]+", module.I))

    def test_a_reading_of_another_copy_of_the_code_is_taken(self):
        other = type("TextReading", (), {"to_dict": lambda self: {"words": "whitespace"}})()
        assert TextReading.of(other) == TextReading("whitespace")

    def test_many_overrides_are_not_kept_for_ever(self, tiny_checkpoint):
        pipe = self.pipe(tiny_checkpoint)
        for number in range(40):
            pipe("It rained.", words=lambda text, end=number % 5 + 1: [(0, end)])
        assert len(pipe._readers) < 10

    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            ({"words": "spaces"}, r"text_reading\.words must be .*, got 'spaces'"),
            ({"words": 5}, r"words must be 'rules', .* a compiled regular expression or a function, got 5"),
            ({"sequences": "pages"}, r"text_reading\.sequences must be .*, got 'pages'"),
            ({"words": re.compile("Q")}, "matches nothing"),
            ({"words": "pattern"}, r"text_reading\.word_pattern must be a regular expression, got None"),
        ],
    )
    def test_what_cannot_be_is_refused_before_any_text_is_read(self, tiny_checkpoint, settings, message):
        pipe = self.pipe(tiny_checkpoint)
        with pytest.raises(ValueError, match=message):
            pipe(iter(["text"]), **settings)
        with pytest.raises(ValueError, match=message):
            pipeline("spert-extraction", model=pipe.model, tokenizer=pipe.tokenizer, **settings)

    def test_a_functions_fault_names_the_input(self, tiny_checkpoint):
        with pytest.raises(ValueError, match=r"input 1: words: the function must give pairs .*, got \(4, 2\)"):
            self.pipe(tiny_checkpoint)(["", "text"], words=lambda text: [(4, 2)] if text else [])

    @pytest.mark.parametrize("words", [lambda text: [], "whitespace", re.compile(r"\w+")])
    def test_words_of_the_pipeline_are_not_saved_and_that_is_said(self, tiny_checkpoint, tmp_path, words):
        pipe = self.pipe(tiny_checkpoint)
        own = SpertPipeline(model=pipe.model, tokenizer=pipe.tokenizer, words=words)
        with pytest.warns(
            UserWarning, match=r"words: set for this pipeline and not saved; .*\(words: rules; sequences: sentences\)"
        ):
            own.save_pretrained(tmp_path)
        assert SpertConfig.from_pretrained(tmp_path).text_reading == pipe.model.config.text_reading

    def test_the_former_name_warns(self, tiny_checkpoint):
        pipe = self.pipe(tiny_checkpoint)
        with pytest.warns(FutureWarning, match="sequences='document'"):
            assert pipe(TEXT, split_sentences=False) == pipe(TEXT, sequences="document")

    @pytest.mark.parametrize("words", sorted(WORDS.keys() - {"pattern", "dictionary"}))
    def test_offsets_are_those_of_the_text(self, tiny_checkpoint, words):
        text = "Ann 🦊 Cole's\u200b (e\u0301t)\u00a0東京 กำ."
        for entity in self.pipe(tiny_checkpoint, words=words)(text, overlap="keep")["entities"]:
            assert text[entity["start"] : entity["end"]] == entity["text"]
            assert entity["text"] == entity["text"].strip()
