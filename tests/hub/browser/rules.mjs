// Reads texts and words by the rules in the browser; prints what it found as JSON. Argument: a file with what to read.

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const asked = JSON.parse(readFileSync(process.argv[2], "utf8"));
const module = (name) => import(pathToFileURL(`${asked.folder}/spert/${name}.js`));
const { Tables, characterCounter } = await module("characters");
const { TextReader } = await module("reading");
const { SubwordEncoder } = await module("subwords");
const tables = new Tables(JSON.parse(readFileSync(asked.tables, "utf8")));

const readings = (asked.readings ?? []).map((reading) => {
  const reader = new TextReader(tables, reading, { added_tokens: asked.added ?? [] }, asked.special ?? {}, true);
  return asked.texts.map((text) => {
    const { words, sequences } = reader.read(text);
    const count = characterCounter(text);
    return [words.map((one) => one.map(count)), sequences];
  });
});
const encodings = (asked.tokenizers ?? []).map(({ file, how, sequences }) => {
  const encoder = new SubwordEncoder(tables, JSON.parse(readFileSync(file, "utf8")), how);
  return sequences.map((words) => {
    const encoded = encoder.encode(words);
    return [encoded.ids, encoded.offsets, encoded.cases, encoder.windows(encoded)];
  });
});
process.stdout.write(JSON.stringify({ readings, encodings }));
