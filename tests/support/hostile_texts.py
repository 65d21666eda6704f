"""Texts of every script and worse, the same in every process."""

import random

from tests.support.tiny_models import SENTENCES

_BLOCKS = (
    *((0x20, 0x7E), (0xA0, 0x24F), (0x300, 0x36F), (0x370, 0x3FF), (0x400, 0x52F), (0x531, 0x58F), (0x590, 0x5FF)),
    *((0x600, 0x6FF), (0x700, 0x7BF), (0x900, 0x97F), (0x980, 0xDFF), (0xE00, 0xEFF), (0xF00, 0xFFF), (0x1000, 0x109F)),
    *((0x10A0, 0x10FF), (0x1100, 0x11FF), (0x1200, 0x137F), (0x13A0, 0x13FF), (0x1780, 0x17FF), (0x1E00, 0x1FFF)),
    *((0x2000, 0x206F), (0x20A0, 0x24FF), (0x2600, 0x27BF), (0x3000, 0x30FF), (0x4E00, 0x4FFF), (0xAC00, 0xACFF)),
    *((0xFB00, 0xFDFF), (0xFE00, 0xFE0F), (0xFF00, 0xFFEF), (0x10300, 0x103FF), (0x11000, 0x110FF), (0x12000, 0x120FF)),
    *((0x1D400, 0x1D4FF), (0x1E900, 0x1E95F), (0x1F1E6, 0x1F1FF), (0x1F300, 0x1F6FF), (0x1F900, 0x1F9FF)),
    *((0x20000, 0x200FF), (0xE0000, 0xE007F), (0x0, 0x1F), (0x7F, 0x9F)),
)
_WORDS = """
. , ; : ! ? … 。 ？ ។ ؟ " ' ) ( [ ] { } » « ” “ ’ - – & % $ @ # 1 2. 3) 12 3.5kg 2,300.5 n't 's ( AP )
St. Dr. Mr. U.S. Ph.D. z. B. Calif. , Ohio The In It A He Von Jr. Co. No. p. 5 Nr. 3. Mai т.е. ул. ΟΔΟΣ
[MASK] [CLS] </s> <unk> & &amp; Node.JS I.B.M. XIV. don't won’t Texas , Tex. MOSCOW TASS e.g. etc.
"""
_PARTS = (
    *_WORDS.split(),
    *(
        "🇩🇪",
        "👨‍👩‍👧",
        "👩🏽‍🚀",
        "e\u0301\u0323",
        "क्षि",
        "ন্দ্র",
        "각",
        "\u200d",
        "\u00ad",
        "\u202e",
        "\ufeff",
        "İstanbul",
        "ß",
        "ﬁ",
    ),
    *("\n", "\n\n", "\r\n", "\t", "\u2029", "\x0c", "\n• ", "\n- ", "\u3000", "\u00a0"),
)
_EXTREMES = (
    *(
        "",
        " ",
        "\n\n",
        "a",
        ".",
        "字",
        "W" * 3000,
        "(" * 120,
        "." * 300 + " A",
        "\n" * 400,
        "🇩🇪" * 150,
        "e" + "\u0301" * 600,
    ),
    *("字" * 120, "A. " * 40, '" ' * 60, "a-" * 60, "ก" * 80, "\u0b95\u0bcd" * 60),
)


def hostile_texts(count: int, seed: int = 0) -> list[str]:
    """Make texts: sentences that models know, mixed with parts that rules look at and letters of all scripts."""
    chance = random.Random(seed)
    texts = list(_EXTREMES[:count])
    while len(texts) < count:
        texts.append("".join(_piece(chance) for _ in range(chance.randrange(3, 60))))
    return texts


def _piece(chance: random.Random) -> str:
    kind = chance.random()
    if kind < 0.3:
        return chance.choice(_PARTS)
    if kind < 0.6:
        return " "
    if kind < 0.75:
        words = chance.choice(SENTENCES)
        start = chance.randrange(len(words))
        return " ".join(words[start : start + chance.randrange(1, 9)])
    if kind < 0.98:
        first, last = chance.choice(_BLOCKS)
        return "".join(chr(chance.randint(first, last)) for _ in range(chance.randrange(1, 8)))
    codes = (chance.randrange(0x110000) for _ in range(20))
    return "".join(chr(code) for code in codes if not 0xD800 <= code < 0xE000)
