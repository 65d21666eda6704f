// Reads a file of a model twice, from the network and from those kept, and tells how often it was hashed.
import { ModelFiles } from "../../../space/browser/model_files.js";

const kept = new Map();
const cache = {
  match: async (address) => kept.get(address)?.clone(),
  put: async (address, response) => kept.set(address, response),
  delete: async (address) => kept.delete(address),
};
globalThis.caches = { open: async () => cache };
let content = "content";
let requests = 0;
globalThis.fetch = async () => {
  requests += 1;
  return new Response(content);
};
let hashed = 0;
const digest = crypto.subtle.digest.bind(crypto.subtle);
crypto.subtle.digest = (...given) => {
  hashed += 1;
  return digest(...given);
};

const bytes = new Uint8Array(await digest("SHA-256", new TextEncoder().encode(content)));
const right = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const files = new ModelFiles({ folder: "model/" }, {}, () => {});
const told = [];
for (const record of [{ files: { name: right } }, { files: { name: right } }]) {
  [hashed, requests] = [0, 0];
  const found = new TextDecoder().decode(await files.file("name", record));
  told.push({ found, hashed, requests });
}
content = "other";
kept.clear();
const error = await files.file("name", { files: { name: right } }).catch(({ message }) => message);
console.log(JSON.stringify({ told, error, kept: [...kept.keys()] }));
