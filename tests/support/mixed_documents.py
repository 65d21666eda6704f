"""Texts of all kinds and lengths, as users and their accidents make them, the same ones each time."""

import random
from collections.abc import Iterator

SENTENCES = (
    "Marian Pell works for Northern Paper Co. in Duluth, Minn., where she was born.",
    "On Tuesday the harbour office of Kestrel Marine moved from Oslo to Tromsø.",
    "It rained.",
    'Per Lund, chief of the "Harbour Authority", told Bluewater Salvage that no agreement had been reached!',
)
ODDITIES = (
    "",
    " \n\t ",
    "Overnight",
    "🦊 of Oslo 👩‍🔬👩‍🔬",
    "東京のマリアン・ペルは大阪に行く。そして帰る。",
    "שלום ל־Oslo ולכולם",
    "a\x00b\x1f \u202eOslo\u202c",
    "x" * 1000,
    "Oslo " * 60,
    "\ud800 Oslo \udfff",
    "e\u0301" * 50,
    "...!?" * 40,
    "A. B. C. " * 30,
    "<b>Oslo</b> &amp; {{Tromsø}} \\u0000 [SEP] [MASK]",
)


def mixed_documents(count: int, seed: int = 0, most_sentences: int = 12) -> Iterator[str | list[str]]:
    """Texts and lists of words: mostly running text, every fifth odd, every seventh given as words."""
    chance = random.Random(seed)
    for number in range(count):
        if number % 5 == 4:
            text = ODDITIES[number // 5 % len(ODDITIES)]
        else:
            text = " ".join(chance.choices(SENTENCES, k=chance.randint(1, most_sentences)))
        yield text.split() if number % 7 == 6 else text
