"""How a model will read text is chosen by the data it is trained on."""

import pytest

from spert_hf.data.documents import Document, Entity, Relation
from spert_hf.training.reading_choice import choose_reading, find_abbreviations
from tests.support.tiny_models import make_tokenizer


def document(words, /, *mentions, relations=(), **fields):
    """A document of words between spaces, with mentions given as words."""
    tokens = words.split(" ")
    entities = []
    for mention in mentions:
        size = len(mention.split(" "))
        start = next(at for at in range(len(tokens)) if " ".join(tokens[at : at + size]) == mention)
        entities.append(Entity("X", start, start + size))
    return Document(tokens, entities, [Relation("R", *pair) for pair in relations], extra=fields)


def choose(documents, **given):
    return choose_reading(documents, make_tokenizer("bert"), given)


@pytest.mark.parametrize(
    ("words", "documents"),
    [
        ("rules", [document("Ann - Marie Cole , of the 3 - part plant , left .", "Ann - Marie Cole", "plant")]),
        ("whitespace-punctuation", [document("We gave ( S ) (S)-2,4-di-x-yl , a drug .", "(S)-2,4-di-x-yl", "drug")]),
        ("whitespace", [document("Kim, of (Oslo), left.", "Kim,", "(Oslo),")]),
        ("characters", [document("k i m", "k i m", text="kim")]),
        ("tokenizer", [document("Cobalt Ltd .", "Cobalt Ltd")]),
    ],
)
def test_words_are_those_that_give_entities_their_tokens(words, documents):
    choice = choose(documents)
    assert choice.reading.words == words
    assert choice.fits[words].entities == 1
    assert f"Reads text by {words}: 100.0% of entities have their tokens (" in choice.describe()


def test_of_equals_the_one_that_gives_most_tokens():
    choice = choose([document("a well-known (b) plant", "plant")])
    assert {choice.fits[words].entities for words in ("rules", "whitespace-punctuation", "whitespace")} == {1}
    assert choice.reading.words == "whitespace"
    assert "whitespace: 100.0% of tokens are its words (rules: 50.0%, " in choice.describe()


def test_recorded_text_counts():
    tokens = document("Harper - Lund left", "Harper - Lund")
    assert choose([tokens]).reading.words == "rules"
    assert choose([document("Harper- Lund left", "Harper- Lund", text="Harper- Lund left")]).reading.words != "rules"


ONE = document("Kim Moss works for Cole .", "Kim Moss", "Cole", relations=[(0, 1)])
TWO = document("Kim Moss is a clerk . She works for Cole .", "Kim Moss", "Cole", relations=[(0, 1)])


class TestSequences:
    def test_sentences_are_read_as_sentences(self):
        choice = choose([ONE] * 20)
        assert choice.reading.sequences == "sentences"
        assert "in sequences by sentences" in choice.describe()

    @pytest.mark.parametrize("documents", [[TWO], [ONE] * 8 + [TWO]])
    def test_documents_of_several_sentences_are_read_whole(self, documents):
        choice = choose(documents)
        assert choice.reading.sequences == "document"
        assert f"{len([1 for one in documents if one is TWO]) / len(documents):.0%} of which" in choice.describe()

    def test_relations_across_sentences_have_them_read_whole(self):
        assert choose([document("It rained in Leeds .")] * 30 + [TWO]).reading.sequences == "document"

    def test_one_document_of_two_sentences_may_be_an_error(self):
        plain = document("Kim left . It rained .", "Kim")
        assert choose([ONE] * 20 + [plain]).reading.sequences == "sentences"


class TestAbbreviations:
    def test_are_learnt_from_points_inside_documents(self):
        documents = [
            document("Abb. Moss shows the Abb. Cole"),
            document("He lives in Leeds. Kim left"),
            document("It is in Leeds now , Leeds is old"),
            document("see fig. below, No. 5 of Birmingham. Kim"),
        ]
        assert find_abbreviations(documents) == ["Abb"]
        assert choose([documents[0]] * 20).reading.abbreviations == ("Abb",)

    def test_words_that_end_sentences_are_none(self):
        ends = [document("Ann Lee works in Boston.")] * 10
        assert find_abbreviations([*ends, document("Bob moved to Rome. Then he met Ann.")], points_apart=False) == []
        several = [document("Prkt. Moss is in Rome. He met Prkt. Cole in Ems. He left.")] * 2
        assert find_abbreviations([*ends, *several, document("Ann is in Ems.")], points_apart=False) == ["Prkt", "Rome"]

    def test_are_not_learnt_from_documents_of_several_sentences(self):
        documents = [document("She is in Ems. Kim left. They met. Then Kim saw Ems. Kim wept.")] * 20
        choice = choose(documents)
        assert choice.reading.sequences == "document"
        assert choice.reading.abbreviations == ()

    def test_the_model_joins_what_they_end(self):
        from spert_hf.model.text_reader import TextReader

        reading = choose([document("Prkt. Moss of Oslo met Prkt. Cole .")] * 20).reading
        assert len(TextReader(reading, make_tokenizer("bert"))("She saw Prkt. Lund in Rome.").sequences) == 1


class TestGiven:
    def test_settings_are_kept_and_the_rest_is_chosen(self):
        choice = choose([TWO], sequences="lines", languages=["de"])
        assert choice.reading.sequences == "lines"
        assert choice.reading.languages == ("de",)
        assert choice.fits
        choice = choose([TWO], words="whitespace")
        assert (choice.reading.words, choice.reading.sequences) == ("whitespace", "document")
        assert "Reads text by whitespace: as given; as whole documents" in choice.describe()
        assert "in sequences by lines, as given" in choose([TWO], sequences="lines").describe()

    def test_what_does_not_serve_is_refused(self):
        with pytest.raises(ValueError, match=r"word_pattern must be a regular expression, got '\['"):
            choose([ONE], words="pattern", word_pattern="[")
