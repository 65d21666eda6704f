// The tokenizer of tokenizers.js, with what differs from the library in Rust put right: what spaces are, as JavaScript's
// `\s` has U+FEFF and lacks U+0085, and lower case, which that gives each letter by itself (the last of ΟΔΟΣ).

import {
  ByteLevelPreTokenizer,
  LowercaseNormalizer,
  StripNormalizer,
  Tokenizer,
  WhitespaceSplitPreTokenizer,
} from "../vendor/tokenizers.min.mjs";

/** @param {object} content of `tokenizer.json`. */
export function makeTokenizer(content) {
  const tokenizer = new Tokenizer(content, {});
  for (const part of [...partsOf(tokenizer.normalizer), ...partsOf(tokenizer.pre_tokenizer)]) putRight(part);
  return tokenizer;
}

function partsOf(part) {
  if (!part) return [];
  return [part, ...(part.normalizers ?? part.tokenizers ?? []).flatMap(partsOf)];
}

function putRight(part) {
  if (part instanceof WhitespaceSplitPreTokenizer) {
    part.pre_tokenize_text = (text) => text.match(/\P{White_Space}+/gu) ?? [];
  }
  if (part instanceof ByteLevelPreTokenizer) {
    const source = part.pattern.source.replaceAll("\\s", "\\p{White_Space}").replaceAll("\\S", "\\P{White_Space}");
    part.pattern = new RegExp(source, "gu");
  }
  if (part instanceof LowercaseNormalizer) {
    part.normalize = (text) => [...text].map((one) => one.toLowerCase()).join("");
  }
  if (part instanceof StripNormalizer) {
    const { strip_left, strip_right } = part.config;
    part.normalize = (text) => {
      const stripped = strip_left ? text.replace(/^\p{White_Space}+/u, "") : text;
      return strip_right ? stripped.replace(/\p{White_Space}+$/u, "") : stripped;
    };
  }
}
