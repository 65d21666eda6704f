"""Sentences of raw text: where they end, and above all where they do not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spert_hf.model.sentences import FIRST_RULES, LANGUAGES, sentence_ranges, sentence_rules
from spert_hf.model.words import split_by_first_rules
from tests.support import growth

ENGLISH = sentence_rules(("en",))
ANY = sentence_rules()


def sentences(text, rules=FIRST_RULES):
    words = split_by_first_rules(text)
    return [text[words[first][0] : words[end - 1][1]] for first, end in sentence_ranges(text, words, rules)]


@pytest.mark.parametrize(
    "parts",
    [
        ("It rained.", "It snowed!", "Did it?", "Yes."),
        ("Mr. X met Dr. Y. Z. Adams.", "They left."),
        ("He was born in Salem, Mass.", "In 1927 he moved to Boston."),
        ("The U.S. Army left.", "It had lost."),
        ("Write to Mobile, Ala. 36652 at once.", "He did."),
        ("She was born in Danville, Ala.", "Attending were two.", "Ames, N.Y. (AP) _ It rained."),
        ("She works in the U.S.", "He does not."),
        ("Police came at 5 p.m. Tuesday.", "Nobody was hurt."),
        ("It closed at 5 p.m.", "The police came."),
        ("John F. Kennedy and G. K. Chesterton met.", "So what?"),
        ("Acme Inc. President Pell resigned.", "Acme Corp. did not."),
        ("Yahoo! Inc. fell.", "Others rose."),
        ("It fell by 3.5 percent to 2,300.50.", "See example.com for more."),
        ("See Fig. 3 and No. 5.", "On Jan. 4 it rained."),
        ('"Go," he said.', '"Now."', "She left."),
        ('He said "Go."', "Then he left."),
        ("“Why?” she asked.", "“Because.”"),
        ("(He left.)", "She stayed (for a while)."),
        ("Well ... maybe not.", "Wait…", "Then go on."),
        ("1. Open it.", "2. Close it."),
        ("He lives there; she does not.", "Fine."),
        ("Kim Ash, 23, of Lima;", "Bo Ek, 40, of Oslo."),
        ("AT&amp;T Inc. and Smith &amp; Wesson rose.", "Both fell."),
        ("東京に行く。", "「はい。」", "そうですか？", "はい"),
        ("यह एक वाक्य है।", "यह दूसरा है।"),
        ("ماذا؟", "لا شيء."),
        ("¿Qué pasa?", "¡Nada!", "Bien."),
        ("Ёлка упала.", "Её подняли."),
        ("BOSTON (AP) _ A man fell.", "BOSTON (AP)", "Another did."),
        ("Published 12 May 94", "It was translated."),
        ("Grown 5 In all.",),
        ("It was translated.", "Paris AFP", "The talks failed.", "Lima EL MUNDO", "He left."),
        ("Oslo Radio Nord Network", "Snow fell."),
        ("(By Reuters correspondent Ann Lee)", "It rained."),
        ("Oslo DAGEN in Norwegian 4 May 94 pp 3, 5-7", "FOR OFFICIAL USE ONLY"),
        ("It is - FOR OFFICIAL USE ONLY", "Born poor, he left."),
        ("Former UNESCO Director Ek left.",),
        ("The CIA Director left.",),
        ("American NATO Ambassador Ek left.",),
        ("Oslo AFP editors left.",),
        ("National Public Radio President Ek left.",),
        ("no capital. here or there",),
        ("iPhone 5. iPad",),
        ("",),
    ],
)
@pytest.mark.parametrize("rules", [FIRST_RULES, ENGLISH, ANY])
def test_sentences_of_running_text(parts, rules):
    assert sentences(" ".join(parts), rules) == [part for part in parts if part]


@pytest.mark.parametrize(
    "parts",
    [
        ("TULSA , Okla. ( AP ) _ It rained .", "It stopped ."),
        ('" Go . "', 'He said : " No . "', "She left ."),
        ("` ` Go. ' '", "He went ."),
        ("in the capital. ;", "Ten years ago : it rained ."),
        ("WAMPSVILLE , N.Y .", "He was there ."),
        ("Wait . . .", "It rained ."),
        ("He left .", "( By ITAR-TASS correspondent Ek )", "It rained ."),
        ("OSLO JOURNAL in English 4 May 94 pp 43 , 67-70", "It rained ."),
    ],
)
@pytest.mark.parametrize("rules", [FIRST_RULES, ENGLISH, ANY])
def test_sentences_of_tokenised_text(parts, rules):
    assert sentences(" ".join(parts), rules) == list(parts)


@pytest.mark.parametrize("gap", ["\n\n", "\r\n\r\n", "\n \t\n", "\n\n\n\n", "\f", "\u2029", "\n• ", "\n  - ", "\n* "])
def test_what_separates_lines_ends_a_sentence_without_a_stop(gap):
    text = f"A headline{gap}another one"
    assert [sentence.lstrip("•-* ") for sentence in sentences(text)] == ["A headline", "another one"]


def test_a_wrapped_line_is_no_sentence():
    assert sentences("The harbour office\nof Kestrel Marine moved.\nIt rained.") == [
        "The harbour office\nof Kestrel Marine moved.",
        "It rained.",
    ]


ORDINARY = {
    "en": [
        "She was born in Leeds. Tom Reed works there.",
        "The firm moved to Oslo. Its owner stayed behind.",
        "He sold the car. Anna bought it.",
        "They met in June. The deal was signed in May.",
        "Kim runs the mill. Reed owns it.",
        "It opened in 1990. Moss led it.",
        "Nobody saw him. Police found the bag.",
        "The board met on Monday. Kerr Foods won.",
    ],
    "de": [
        "Er arbeitet bei Holz. Die Firma sitzt in Ems.",
        "Karla wohnt in Jena. Otto Kern leitet das Werk.",
        "Sie kam im Mai nach Gotha. Dort blieb sie.",
        "Das Haus ist alt. Anna Ott hat es gekauft.",
        "Der Verein gewann. Adler jubelte.",
        "Die Brücke wurde 1990 gebaut. Kern plante sie.",
        "Niemand sah ihn. Holz schwieg.",
        "Das gilt seit gestern. Es bleibt dabei.",
    ],
    "fr": [
        "Il travaille à Lyon. Elle vit à Paris.",
        "Marie habite à Nantes. Paul Roux dirige la banque.",
        "La société a fermé. Vannier a tout vendu.",
        "Il est né en mai. Sa mère vient de Lille.",
        "Personne ne le vit. Claire partit.",
        "Le pont date de 1990. Roux le construisit.",
        "Le train est parti. Nous restons ici.",
        "Il aime la mer. Jeanne aime la ville.",
    ],
    "es": [
        "Pedro vive en Sevilla. Ana Vega trabaja en Madrid.",
        "La empresa cerró. Su dueño se fue.",
        "Nació en mayo. Luis Gil nació en junio.",
        "El puente es de 1990. Ruiz lo construyó.",
        "Nadie lo vio. Carmen calló.",
        "Compró la casa. Después la vendió.",
        "Le gusta el mar. Marta prefiere el campo.",
        "Trabaja en Aceros. La fábrica está en Bilbao.",
    ],
    "it": [
        "Rossi vive a Torino. Anna Bianchi lavora a Bari.",
        "La ditta è chiusa. Il padrone è partito.",
        "È nato a maggio. Luca Ferri vive a Roma.",
        "Il ponte è del 1990. Ferro lo costruì.",
        "Nessuno lo vide. Carla tacque.",
        "Comprò la casa. Poi la vendette.",
        "Ama il mare. Marta ama la montagna.",
        "Lavora alla Ferro. La fabbrica è a Como.",
    ],
    "nl": [
        "Jan woont in Delft. Anna de Wit werkt in Leiden.",
        "Het bedrijf sloot. De eigenaar vertrok.",
        "Ze kwam in mei. Piet bleef thuis.",
        "De brug is uit 1990. Bakker bouwde haar.",
        "Niemand zag hem. Karel zweeg.",
        "Hij kocht het huis. Daarna verkocht hij het.",
        "Hij houdt van de zee. Marie houdt van de stad.",
        "Zij werkt bij Staal. Het kantoor staat in Breda.",
    ],
    "pt": [
        "Pedro vive no Porto. Ana Costa trabalha em Lisboa.",
        "A empresa fechou. O dono partiu.",
        "Nasceu em maio. Rui Lopes vive em Braga.",
        "A ponte é de 1990. Sousa construiu-a.",
        "Ninguém o viu. Carla calou-se.",
        "Comprou a casa. Depois vendeu-a.",
        "Gosta do mar. Marta prefere a cidade.",
        "Trabalha na fábrica. Ela fica em Faro.",
    ],
    "pl": [
        "Jan mieszka w Krakowie. Anna Nowak pracuje w Łodzi.",
        "Firma upadła. Jej właściciel wyjechał.",
        "Urodził się w maju. Piotr Lis mieszka w Opolu.",
        "Most zbudowano dawno. Nowak go zaprojektował.",
        "Nikt go nie widział. Ewa milczała.",
        "Kupił dom. Potem go sprzedał.",
        "Lubi morze. Marta woli miasto.",
        "Pracuje w firmie Stal. Biuro jest w Gdyni.",
    ],
    "cs": [
        "Jan bydlí v Praze. Anna Nová pracuje v Brně.",
        "Firma zkrachovala. Její majitel odjel.",
        "Narodil se v květnu. Petr Dub žije v Plzni.",
        "Most je starý. Novák ho postavil.",
        "Nikdo ho neviděl. Eva mlčela.",
        "Koupil dům. Potom ho prodal.",
        "Zlomil si krk. Karel přišel pozdě.",
        "Pracuje v továrně. Ta stojí v Kolíně.",
    ],
    "da": [
        "Hans bor i Odense. Anna Holm arbejder i Aarhus.",
        "Firmaet lukkede. Ejeren rejste.",
        "Hun blev født i juni. Peter Lund bor i Vejle.",
        "Broen er gammel. Holm byggede den.",
        "Ingen så ham. Karen tav.",
        "Han købte huset. Derefter solgte han det.",
        "Hun elsker havet. Marie elsker byen.",
        "Han arbejder hos Stål. Det ligger i Ribe.",
    ],
    "sv": [
        "Erik bor i Malmö. Anna Holm arbetar i Lund.",
        "Företaget stängde. Ägaren reste.",
        "Hon föddes i juni. Peter Berg bor i Borås.",
        "Bron är gammal. Holm byggde den.",
        "Ingen såg honom. Karin teg.",
        "Han köpte huset. Sedan sålde han det.",
        "Hon älskar havet. Maria älskar staden.",
        "Han arbetar hos Stål. Det ligger i Umeå.",
    ],
    "hu": [
        "János Szegeden él. Nagy Anna Pécsett dolgozik.",
        "A cég bezárt. A tulajdonos elutazott.",
        "Májusban született. Kis Péter Győrben lakik.",
        "A híd régi. Kovács építette.",
        "Senki sem látta. Éva hallgatott.",
        "Megvette a házat. Később eladta.",
        "Szereti a tengert. Mária a várost szereti.",
        "A gyárban dolgozik. Az iroda Egerben van.",
    ],
    "tr": [
        "Ali Bursa'da yaşıyor. Ayşe Demir İzmir'de çalışıyor.",
        "Şirket kapandı. Sahibi gitti.",
        "Mayıs ayında doğdu. Mehmet Kaya Konya'da oturuyor.",
        "Köprü eskidir. Demir yaptı.",
        "Kimse görmedi. Fatma sustu.",
        "Evi satın aldı. Sonra sattı.",
        "Denizi seviyor. Zeynep şehri seviyor.",
        "Fabrikada çalışıyor. Bu fabrika Adana'da.",
    ],
    "ru": [
        "Иван живёт в Казани. Анна Соколова работает в Москве.",
        "Фабрика закрылась. Её владелец уехал.",
        "Он родился в мае. Пётр Орлов живёт в Твери.",
        "Мост старый. Соколов построил его.",
        "Никто его не видел. Ольга молчала.",
        "Он купил дом. Потом он продал его.",
        "Она любит море. Мария любит город.",
        "Он работает на заводе. Завод стоит в Перми.",
    ],
}


@pytest.mark.parametrize(("language", "text"), [(code, text) for code, texts in ORDINARY.items() for text in texts])
def test_ordinary_sentences_are_read_apart(language, text):
    first, second = text.split(". ")
    assert sentences(text, sentence_rules((language,))) == [f"{first}.", second]


def test_most_ordinary_sentences_are_read_apart_in_a_language_not_said():
    texts = [text for texts in ORDINARY.values() for text in texts]
    assert sum(len(sentences(text, ANY)) == 2 for text in texts) > 0.9 * len(texts)


ONE_SENTENCE = {
    "en": [
        "Police saw Adm. Roy Bell in Tampa.",
        "The letter names Cmdr. Kim Moss.",
        "Alder Mills plc. London bought it.",
        "They saw J. R. Reed and Mt. Hood.",
        "Neighbours called Det. Rosa Lind.",
    ],
    "de": [
        "Am 3. Oktober kam der 2. Vorsitzende.",
        "Karla Winter, geb. Sommer, wohnt in der Nähe.",
        "Die Halle bzw. Werkstatt gehört ihm.",
        "Sie las u. a. Der Spiegel und z. B. Die Zeit.",
        "Er sah Friedrich II. König von Preußen.",
        "Er wohnt in der Goethestr. Ecke Nr. Zwei.",
        "Dipl.-Ing. Otto Kern kam ca. Mitte Mai.",
    ],
    "fr": [
        "Le docteur et Mlle. Roux partent.",
        "Hier M. Le Goff et M. Roux ont vu la rue Ste. Anne.",
        "Il vit av. Foch, près du bd. Voltaire.",
    ],
    "es": ["La Dra. Ruiz vive en EE. UU. con Ana.", "El Sr. Gil y Dña. Ana viven en la Avda. Goya."],
    "it": ["Il sig. Rossi lavora qui.", "L'on. Di Maio è nato qui.", "Il dott. Ferri vive in p.za. Dante."],
    "nl": ["Mevr. De Wit woont in Delft.", "Hij sprak met dhr. Van Dam en prof. Bakker.", "Zie J. De Vries."],
    "pt": ["O Exmo. Sr. Costa vive na Av. Paulista.", "A Sr.ª Ana fala com o Eng. Lopes."],
    "pl": ["Biuro przy ul. Długiej jest duże.", "Szkoła im. Kopernika i ks. Lis.", "Dnia 3. Maja gra inż. Nowak."],
    "cs": ["Dne 3. Května hrál ing. Novák.", "Žije tu tzv. Malá strana a MUDr. Dub.", "Je v ul. Dlouhá."],
    "da": ["Den 3. Maj kom hr. Holm.", "Det er bl.a. Danmark, kgl. Hofmand."],
    "sv": ["Det är bl.a. Sverige och t. ex. Volvo.", "Det är kl. Tolv enligt dr. Holm."],
    "hu": ["A 2. Kerületben él dr. Kovács.", "Nagy Anna, özv. Kis Pálné itt él.", "II. Rákóczi Ferenc, ifj. Nagy."],
    "tr": ["Ayşe Demir 3. Noter ile çalışıyor.", "Bugün Doç. Demir ve Av. Kaya geldi."],
    "ru": ["Фабрика на ул. Ленина и в г. Казань.", "Она принадлежит И. П. Соколову.", "Это проф. Орлов, род. Весной."],
}


@pytest.mark.parametrize(("language", "text"), [(code, text) for code, texts in ONE_SENTENCE.items() for text in texts])
def test_abbreviations_and_ordinals_end_no_sentence(language, text):
    assert len(sentences(text, sentence_rules((language,)))) == 1


def test_most_abbreviations_are_known_in_a_language_not_said():
    texts = [text for texts in ONE_SENTENCE.values() for text in texts]
    assert sum(len(sentences(text, ANY)) == 1 for text in texts) > 0.9 * len(texts)


@pytest.mark.parametrize("rules", [ENGLISH, ANY])
@pytest.mark.parametrize("learnt", ["Frobn", "Frobn."])
def test_learnt_abbreviations_end_no_sentence(rules, learnt):
    text = "It was the Frobn. The end."
    assert len(sentences(text, rules)) == 2
    codes = ("en",) if rules is ENGLISH else ()
    assert len(sentences(text, sentence_rules(codes, [learnt]))) == 1


def test_rules_are_made_once_and_hashable():
    assert sentence_rules(["en", "de"], {"X."}) is sentence_rules(("de", "en"), ["X."])
    assert hash(ANY) != hash(ENGLISH)
    assert set(ORDINARY) == set(ONE_SENTENCE) == set(LANGUAGES)


def test_unknown_languages_are_refused():
    with pytest.raises(ValueError, match=r"languages must be among en, de.*, got 'xx'"):
        sentence_rules(("en", "xx"))


@pytest.mark.parametrize("rules", [ENGLISH, ANY])
@pytest.mark.parametrize(
    "text",
    [
        "It is known (Ash, 1992; Ek, 1996).",
        "It was made in the U . S . Army there .",
        "1 . Changes were seen .",
        "He left. ( Ek ) Then he came .",
        "He saw no . 2 there .",
    ],
)
def test_what_is_in_doubt_is_not_cut(rules, text):
    assert len(sentences(text, rules)) == 1


hostile_texts = st.lists(
    st.sampled_from(
        ["a", "A", "U.S.", ". ", "? ", '"', " '", "' '", "\n", "\n\n", "(AP) ", ") ", "; ", "。", "…", "\ud800", "\x00"]
    )
    | st.text(max_size=5),
    max_size=40,
).map("".join)


all_rules = st.sampled_from([FIRST_RULES, ENGLISH, ANY, sentence_rules(("de", "cs"), ["A.", "U.S"])])


@given(hostile_texts, all_rules)
def test_every_word_is_in_one_sentence_and_in_order(text, rules):
    words = split_by_first_rules(text)
    ranges = sentence_ranges(text, words, rules)
    assert ranges == sentence_ranges(text, words, rules)
    assert [index for first, end in ranges for index in range(first, end)] == list(range(len(words)))
    assert all(first < end for first, end in ranges)


@given(hostile_texts, all_rules)
def test_a_sentence_is_not_split_again(text, rules):
    """Reading a text's sentences one by one gives the same sequences as reading the text."""
    for sentence in sentences(text, rules):
        if '"' not in sentence:  # whether a quote opens or closes depends on what stands before
            assert len(sentences(sentence, rules)) == 1


UNITS = [".", ". ", "; ", '"; ', "; ) ", "a. ", '."', "\n", "\n ", " ", "; A", "AAAA In ", "(", ". (", ".)", ".' '"]
UNITS_OF_SOURCES = ["Aa ", ". Aa AAAAAA ", "Radio ", "(By ", " p 1, 2"]


@pytest.mark.e2e
@pytest.mark.parametrize("rules", [FIRST_RULES, ANY])
@pytest.mark.parametrize("unit", UNITS + UNITS_OF_SOURCES)
def test_time_grows_with_the_length_not_its_square(unit, rules):
    def work(length):
        text = (unit * length)[:length]
        return lambda: sentence_ranges(text, split_by_first_rules(text), rules)

    assert growth.exponent(work, largest=100_000) < growth.BELOW_THE_SQUARE
