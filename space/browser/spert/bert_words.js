// BERT's normalization and pre-tokenization, with the place of each sub-word in its word.
//
// Those of tokenizers.js give no places, and differ from the library in Rust: they lower whole words (the last letter of
// ΟΔΟΣ), leave ideographs beyond the first plane together, and know the punctuation of the browser's Unicode.

/** Tokenizes words as a BERT tokenizer does, with the vocabulary of tokenizers.js. */
export class BertWords {
  /** Whether a tokenizer is BERT's. */
  static reads(tokenizer) {
    const types = [tokenizer.normalizer?.type, tokenizer.pre_tokenizer?.type, tokenizer.model?.type];
    return types.join() === "BertNormalizer,BertPreTokenizer,WordPiece";
  }

  /**
   * @param {import("./characters.js").Tables} tables
   * @param {import("../vendor/tokenizers.min.mjs").Tokenizer} tokenizer
   * @param {object} settings those of the normalizer.
   */
  constructor(tables, tokenizer, settings) {
    this.tables = tables;
    this.tokenizer = tokenizer;
    this.settings = settings;
    this.lowercase = settings.lowercase;
    this.stripsAccents = settings.strip_accents ?? settings.lowercase;
    this.prefix = tokenizer.model.config.continuing_subword_prefix ?? "##";
    const added = tokenizer.added_tokens.filter((token) => token.content);
    this.added = new Map(added.map((token) => [token.content, token.id]));
    this.asWritten = alternatives(added.filter((token) => !token.normalized));
    // What is normalized is looked for in normalized text.
    const normalized = added.filter((token) => token.normalized);
    this.normalizedIds = new Map(normalized.map((token) => [this.#normalizedText(token.content), token.id]));
    this.asNormalized = alternatives([...this.normalizedIds.keys()].map((content) => ({ content })));
    this.normalizedCharacters = new Map();
  }

  /**
   * @param {string} word
   * @returns {{ids: number[], places: [number, number][]}} the sub-words, and start and end of each in the word's
   *   characters.
   */
  encode(word) {
    const found = { ids: [], places: [] };
    const characters = [...word].map((character, place) => ({ character, place, end: place + 1 }));
    for (const part of partsOf(characters, this.asWritten)) {
      if (part.token) this.#add(found, this.added.get(part.token), part.characters);
      else this.#encodePart(found, part.characters);
    }
    return found;
  }

  #encodePart(found, characters) {
    const normalized = this.#normalize(characters);
    for (const part of partsOf(normalized, this.asNormalized)) {
      if (part.token) this.#add(found, this.normalizedIds.get(part.token), part.characters);
      else for (const piece of this.#split(part.characters)) this.#encodePiece(found, piece);
    }
  }

  #encodePiece(found, piece) {
    const text = piece.map(({ character }) => character).join("");
    let start = 0;
    for (const token of this.tokenizer.model([text])) {
      const id = this.tokenizer.model.tokens_to_ids.get(token);
      const isUnknown = id === this.tokenizer.model.unk_token_id;
      const content = start && token.startsWith(this.prefix) ? token.slice(this.prefix.length) : token;
      const end = isUnknown ? piece.length : start + [...content].length;
      this.#add(found, id, piece.slice(start, end));
      start = end;
    }
  }

  #add(found, id, characters) {
    found.ids.push(id);
    found.places.push([characters[0].place, characters.at(-1).end]);
  }

  #normalize(characters) {
    return characters.flatMap(({ character, place, end }) =>
      [...this.#normalizedCharacter(character)].map((one) => ({ character: one, place, end })),
    );
  }

  #normalizedText(text) {
    return [...text].map((one) => this.#normalizedCharacter(one)).join("");
  }

  #normalizedCharacter(character) {
    let found = this.normalizedCharacters.get(character);
    if (found === undefined) {
      found = this.#withoutAccents(this.#cleaned(character));
      if (this.lowercase) found = [...found].map((one) => one.toLowerCase()).join("");
      this.normalizedCharacters.set(character, found);
    }
    return found;
  }

  #cleaned(character) {
    const { tables, settings } = this;
    if (settings.clean_text && tables.are("bert_removed", character)) return "";
    if (settings.clean_text && tables.are("bert_space", character)) return " ";
    if (settings.handle_chinese_chars && tables.are("bert_ideograph", character)) return ` ${character} `;
    return character;
  }

  #withoutAccents(text) {
    if (!this.stripsAccents) return text;
    return [...text.normalize("NFD")].filter((one) => !this.tables.are("bert_accent", one)).join("");
  }

  *#split(characters) {
    let piece = [];
    for (const one of characters) {
      const isSpace = this.tables.are("space", one.character);
      const isPunctuation = this.tables.are("bert_punctuation", one.character);
      if ((isSpace || isPunctuation) && piece.length) {
        yield piece;
        piece = [];
      }
      if (isPunctuation) yield [one];
      else if (!isSpace) piece.push(one);
    }
    if (piece.length) yield piece;
  }
}

/** Characters cut at the tokens among them, which an expression finds. */
function* partsOf(characters, tokens) {
  if (!tokens) return yield { characters, token: null };
  const text = characters.map(({ character }) => character).join("");
  let start = 0;
  let unit = 0;
  const upTo = (wanted) => {
    let place = start;
    for (; unit < wanted; place += 1) unit += characters[place].character.length;
    return place;
  };
  for (const match of text.matchAll(tokens)) {
    const first = upTo(match.index);
    if (first > start) yield { characters: characters.slice(start, first), token: null };
    start = first;
    const end = upTo(match.index + match[0].length);
    yield { characters: characters.slice(start, end), token: match[0] };
    start = end;
  }
  if (start < characters.length) yield { characters: characters.slice(start), token: null };
}

function alternatives(tokens) {
  if (!tokens.length) return null;
  const contents = tokens.map(({ content }) => content).sort((a, b) => b.length - a.length);
  return new RegExp(contents.map((one) => one.replace(/[\^$\\.*+?()[\]{}|/]/g, "\\$&")).join("|"), "gu");
}
