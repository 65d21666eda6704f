#!/usr/bin/env bash
# gliner 0.2.29 splits text by `\w+`, to which Python's `re` does not count combining marks: each vowel sign of Hindi or
# Tamil, each point of Hebrew and each mark of Arabic is a word of its own, and so is an accent that stands as a character
# behind its letter (NFD). "हिन्दी", one word, becomes six. Python strings of such text are what its multilingual models
# are given, and entities have at most `max_width` of these words (12 by default).
#
# Guess before looking: the splitter of a library with multilingual models keeps a word whole that has no blank in it.
# Who meets it: whoever compares GLiNER's multilingual models on Indic languages, vocalised Hebrew or Arabic, or text from
# macOS file names and PDFs, which is often NFD. Entities can begin or end within a letter, and long names are out of
# reach; NFC helps where there is a composed letter.
#
# Exit status 0: behaves as described here; 1: it no longer does.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/environment"
"$folder/environment/bin/pip" install -q --disable-pip-version-check torch==2.13.0 gliner==0.2.29
"$folder/environment/bin/python" - <<'PYTHON'
import unicodedata
from importlib.metadata import version

from gliner.config import BaseGLiNERConfig
from gliner.data_processing.tokenizer import WordsSplitter

print("gliner", version("gliner"))
print("max_width", BaseGLiNERConfig().max_width, "splitter", BaseGLiNERConfig().words_splitter_type)
split = WordsSplitter(BaseGLiNERConfig().words_splitter_type)


def words(text):
    found = [word for word, _, _ in split(text)]
    print(text, found)
    return found


assert len(words("हिन्दी")) == 6
assert len(words("தமிழ்")) == 4
assert len(words("עִבְרִית")) == 7
assert len(words("العربيّة")) == 3
name = "José"
assert words(unicodedata.normalize("NFC", name)) == [name]
assert len(words(unicodedata.normalize("NFD", name))) == 2
PYTHON
