// The files of an export: fetched with progress, checked against its record, and kept for when there is no network.

const CACHE = "spert-models";
const MEGABYTE = 1_000_000;

/** Reads the files of one export. */
export class ModelFiles {
  /**
   * @param {{hub: string, repository: string} | {folder: string} | {files: File[]}} source of `sourceOf`.
   * @param {object} names those of the files; see `files` in `tables.json`.
   * @param {(doing: string, done?: number, all?: number) => void} progress
   */
  constructor(source, names, progress) {
    this.names = names;
    this.progress = progress;
    this.owner = source.folder ? "this page" : "this model";
    this.place = source.files ? new Folder(source.files, names) : new Addresses(source, names);
  }

  /** The record of the export. */
  async record() {
    const { record: name, format } = this.names;
    const content = await this.place.read(name);
    if (content === null) {
      throw new Error(`model must be ${this.place.kind} with ${name} (\`spert-hf export\`), got ${this.place.name}`);
    }
    const record = json(content, name);
    if (record?.format !== format) {
      throw new Error(`${name}: format must be ${format}, which this page reads, got ${record?.format}`);
    }
    for (const part of ["settings", "tokenization", "files", "weights"]) {
      if (typeof record[part] !== "object" || record[part] === null) {
        throw new Error(`${name} is not a record of \`spert-hf export\`: it has no ${part}`);
      }
    }
    await this.#checkCheckpoint(record);
    return record;
  }

  /** A file of the export, as bytes. */
  async file(name, record) {
    const digest = record.files[name];
    const content = digest && (await this.place.read(name, digest, this.#told(name)));
    if (!content) {
      await this.place.forget(name);
      throw new Error(`${name} is not what was exported: missing, cut off or changed`);
    }
    return content;
  }

  async tokenizer(record) {
    return json(await this.file(this.names.tokenizer, record), this.names.tokenizer);
  }

  #told(name) {
    return (done, all) => {
      const sizes = [done, all].filter(Boolean).map((size) => (size / MEGABYTE).toFixed(1));
      this.progress(`Loading ${name}: ${sizes.join(" of ")} MB`, done, all);
    };
  }

  /** Check that the checkpoint around the export is the one that it was made of, as far as it is there. */
  async #checkCheckpoint(record) {
    const again = (of, than) => new Error(`the export was made of other ${of} than those of ${than}: export it again`);
    for (const [name, digest] of Object.entries(record.weights)) {
      const there = await this.place.digestOfWeights(name);
      if (there && there !== digest) throw again("weights", name);
    }
    const content = await this.place.readConfig();
    if (content === null) return;
    const config = json(content, "config.json");
    const own = record.settings;
    const changed = Object.keys(own).filter((name) => name in config && !equal(config[name], own[name]));
    if (changed.length) throw again("settings", `config.json (${changed.join(", ")})`);
  }
}

/** Files at addresses of the Hub or of this site. */
class Addresses {
  constructor({ hub, repository, folder }, names) {
    this.kind = repository ? "a repository on the Hub" : "a folder of this site";
    this.name = `'${repository ?? folder}'`;
    this.root = repository && `${hub}/${repository}/resolve/main/`;
    this.listing = repository && `${hub}/api/models/${repository}/tree/main`;
    this.folder = folder ?? `${this.root}${names.folder}/`;
  }

  /** A file as bytes, or `null`: with a digest, only content with this digest, from those kept if it is there. */
  async read(name, digest, told) {
    return this.#read(this.folder + name, digest, told);
  }

  async readConfig() {
    return this.root ? this.#read(`${this.root}config.json`) : null;
  }

  /** The digest of a file of weights, which the Hub knows. */
  async digestOfWeights(name) {
    this.listed ??= this.#list();
    return (await this.listed).find(({ path }) => path === name)?.lfs?.oid;
  }

  /** The files of the repository, which the Hub lists a page at a time. */
  async #list() {
    const files = [];
    try {
      for (let page = this.listing; page?.startsWith(this.listing); ) {
        const response = await fetch(page, { cache: "no-cache" });
        if (!response.ok) break;
        files.push(...(await response.json()));
        page = /<([^>]+)>; *rel="next"/.exec(response.headers.get("Link") ?? "")?.[1];
      }
    } catch {
      // Without a network: what was kept was compared when it was loaded.
    }
    return files;
  }

  async forget(name) {
    const kept = await openCache();
    await kept?.delete(this.folder + name);
  }

  async #read(address, digest, told) {
    const kept = await openCache();
    if (digest) {
      const before = await contentOf(await kept?.match(address));
      if (await isRight(before, digest)) return before;
    }
    let content = await this.#fetch(address, digest ? "default" : "no-cache", told).catch(async (error) => {
      const before = digest ? null : await contentOf(await kept?.match(address));
      if (before && error instanceof Unreachable) return before;
      throw error;
    });
    let right = await isRight(content, digest);
    if (content && !right) {
      // The browser's own cache may hold the file that was here before: what the server has now decides.
      content = await this.#fetch(address, "reload", told);
      right = await isRight(content, digest);
    }
    if (!right) return null;
    await keep(kept, address, content);
    return content;
  }

  /** What is at an address, or `null`; `cache` is how the browser's own cache is used. */
  async #fetch(address, cache, told) {
    let response;
    try {
      response = await fetch(address, { cache });
    } catch (error) {
      throw new Unreachable(`${address} can't be reached, and was not loaded before (${error.message})`);
    }
    if (response.status === 404 && !this.root) return null;
    if ([401, 403, 404].includes(response.status)) return null; // the Hub tells strangers nothing of private ones
    if (!response.ok) throw new Error(`${address} can't be loaded: ${response.status} ${response.statusText}`.trim());
    return receive(response, told);
  }
}

class Unreachable extends Error {}

/** Files of a folder that the visitor has chosen: that of an export, or of a checkpoint with one. */
class Folder {
  constructor(files, names) {
    this.kind = "a folder";
    const byPath = new Map(files.map((file) => [file.webkitRelativePath.split("/").slice(1).join("/"), file]));
    this.name = `'${files[0].webkitRelativePath.split("/")[0]}'`;
    this.files = byPath;
    this.below = byPath.has(names.record) ? "" : `${names.folder}/`;
  }

  async read(name, digest, told) {
    const file = this.files.get(this.below + name);
    if (!file) return null;
    told?.(file.size, file.size);
    const content = new Uint8Array(await file.arrayBuffer());
    return (await isRight(content, digest)) ? content : null;
  }

  async readConfig() {
    const file = this.below && this.files.get("config.json");
    return file ? new Uint8Array(await file.arrayBuffer()) : null;
  }

  async digestOfWeights(name) {
    const file = this.below && this.files.get(name);
    return file ? digestOf(await file.arrayBuffer()) : undefined;
  }

  async forget() {}
}

async function openCache() {
  try {
    return await caches.open(CACHE);
  } catch {
    return null; // in private windows
  }
}

async function keep(kept, address, content) {
  try {
    await kept?.put(address, new Response(content));
  } catch {
    // There is no room for it: it is loaded again next time.
  }
}

async function contentOf(response) {
  return response ? new Uint8Array(await response.arrayBuffer()) : null;
}

/** Read a response, and tell how much of it has come. */
async function receive(response, told) {
  const length = Number(response.headers.get("Content-Length"));
  const all = response.headers.get("Content-Encoding") ? 0 : length;
  const chunks = [];
  let done = 0;
  const reader = response.body.getReader();
  for (;;) {
    const { value, done: ended } = await reader.read().catch((error) => {
      throw new Error(`${response.url} broke off after ${done} bytes (${error.message})`);
    });
    if (ended) break;
    chunks.push(value);
    done += value.length;
    told?.(done, all);
  }
  const content = new Uint8Array(done);
  let place = 0;
  for (const chunk of chunks) {
    content.set(chunk, place);
    place += chunk.length;
  }
  return content;
}

/** Whether there is content, and it is what a digest is of, if there is one: a file of a model is hashed here only. */
async function isRight(content, digest) {
  return Boolean(content) && (!digest || (await digestOf(content)) === digest);
}

async function digestOf(content) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", content));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function json(content, name) {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(content));
  } catch (error) {
    throw new Error(`${name} is not JSON: ${error.message}`);
  }
}

/** Whether two values of JSON are the same. */
function equal(a, b) {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return a === b;
  const names = Object.keys(a);
  if (Array.isArray(a) !== Array.isArray(b) || names.length !== Object.keys(b).length) return false;
  return names.every((name) => Object.hasOwn(b, name) && equal(a[name], b[name]));
}
