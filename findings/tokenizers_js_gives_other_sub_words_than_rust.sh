#!/usr/bin/env bash
# @huggingface/tokenizers 0.2.0 (JavaScript) gives other sub-words than tokenizers 0.23.3 (Rust, from Python) for one
# tokenizer.json: it lowers whole words, so that a Greek capital sigma at a word's end becomes another letter; it walks
# UTF-16 code units, so that ideographs beyond U+FFFF are not set apart; and its `\s` has U+FEFF and lacks U+0085.
#
# Guess before looking: both are made by the same people for the same file, and give the same sub-words.
# Who meets it: whoever trains in Python and runs the model in a browser: spans shift in Greek capitals, rare Chinese
# characters, and texts with a byte order mark in them. (An unknown word stays itself in a model of words, too.)
#
# Exit status 0: behaves as described here; 1: it no longer does.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/environment"
"$folder/environment/bin/pip" install -q --no-cache-dir --disable-pip-version-check tokenizers==0.23.3
npm install --silent --no-audit --no-fund --prefix "$folder" @huggingface/tokenizers@0.2.0
cat >"$folder/pieces.mjs" <<'JAVASCRIPT'
import { readFileSync } from "node:fs";
import { Tokenizer } from "@huggingface/tokenizers";

const { tokenizer, texts } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const js = new Tokenizer(tokenizer, {});
console.log(JSON.stringify(texts.map((text) => js.encode(text).tokens)));
JAVASCRIPT
cd "$folder"
"$folder/environment/bin/python" - <<'PYTHON'
import json
import pathlib
import subprocess
from importlib.metadata import version

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

print("tokenizers", version("tokenizers"), "and @huggingface/tokenizers 0.2.0")


def sub_words(tokenizer, *texts):
    given = {"tokenizer": json.loads(tokenizer.to_str()), "texts": texts}
    pathlib.Path("given.json").write_text(json.dumps(given))
    done = subprocess.run(["node", "pieces.mjs", "given.json"], check=True, capture_output=True, text=True)
    found = list(zip([tokenizer.encode(text).tokens for text in texts], json.loads(done.stdout), strict=True))
    for text, (rust, js) in zip(texts, found, strict=True):
        print(ascii(text), "Rust:", ascii(rust), "JavaScript:", ascii(js))
    return found


vocabulary = ["[UNK]", "river", "\u03bf\u03b4\u03bf\u03c3", "\u03bf\u03b4\u03bf\u03c2", "\U00020000", "\U00020001"]
bert = Tokenizer(models.WordPiece({piece: number for number, piece in enumerate(vocabulary)}, unk_token="[UNK]"))
bert.normalizer = normalizers.BertNormalizer()
bert.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
same, sigma, ideographs = sub_words(bert, "River", "\u039f\u0394\u039f\u03a3", "\U00020000\U00020001")
assert same == (["river"], ["river"])
assert sigma == (["\u03bf\u03b4\u03bf\u03c3"], ["\u03bf\u03b4\u03bf\u03c2"])
assert ideographs == (["\U00020000", "\U00020001"], ["[UNK]"])

words = Tokenizer(models.WordLevel({"[UNK]": 0, "a": 1, "b": 2}, unk_token="[UNK]"))
words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
mark, line = sub_words(words, "a\ufeffb", "a\u0085b")
assert mark == (["[UNK]"], ["a", "b"])
assert line == (["a", "b"], ["a\u0085b"])  # one word, and not the unknown one
PYTHON
echo "as described"
