// Runs the model beside the page, which stays usable meanwhile.

import { Tables, lengthOf } from "./spert/characters.js";
import { Extractor } from "./spert/extractor.js";
import { makeView } from "./spert/view.js";
import { ModelFiles } from "./model_files.js";

const MOST_THREADS = 4; // more are not faster for a sentence

/** A module of one function with an instruction on vectors. */
const WITH_SIMD = new Uint8Array([
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11],
]);

let latest = 0;
let model = null;
let settings = null;

self.addEventListener("message", async ({ data }) => {
  const { kind, number } = data;
  if (kind === "extract") latest = number;
  try {
    if (kind === "load") await load(data);
    if (kind === "extract") await extract(data);
  } catch (error) {
    if (error !== SUPERSEDED) self.postMessage({ kind: "failed", number, error: oneLine(error) });
  }
});

async function load({ source, settings: given, dtype }) {
  settings = given;
  checkBrowser();
  const tables = new Tables(await (await fetch("tables.json", { cache: "no-cache" })).json());
  const names = tables.content.files;
  const files = new ModelFiles(source, names, tellLoading);
  const record = await files.record();
  const graph = graphOf(names, record, dtype, files.owner);
  const tokenizer = await files.tokenizer(record);
  const hasRelations = record.settings.relation_types.length > 0;
  const content = { spans: await files.file(graph, record), pairs: hasRelations && (await files.file(names.pairs, record)) };
  self.postMessage({ kind: "progress", doing: "Starting the model" });
  const ort = await import("./vendor/ort.wasm.min.mjs");
  const threads = self.crossOriginIsolated ? Math.min(MOST_THREADS, navigator.hardwareConcurrency || 1) : 1;
  const vendor = new URL("vendor/", self.location.href).href;
  Object.assign(ort.env.wasm, {
    numThreads: threads,
    wasmPaths: {
      mjs: `${vendor}ort-wasm-simd-threaded.mjs`,
      wasm: `${vendor}ort-wasm-simd-threaded.wasm`,
    },
  });
  const graphs = {
    spans: await open(ort, content.spans, graph),
    pairs: hasRelations ? await open(ort, content.pairs, names.pairs) : null,
  };
  model = new Extractor(tables, record, tokenizer, graphs);
  const notes = hasRelations ? [] : ["This model has no relation types: it finds entities only."];
  model.about = { graph, threads, notes };
  self.postMessage({ kind: "ready", about: model.about });
}

/** Check that this browser can run the model, before anything large is loaded. */
function checkBrowser() {
  if (!self.isSecureContext) {
    throw new Error("the page's address must begin with https:// or http://localhost, as files can't be checked otherwise");
  }
  if (typeof WebAssembly !== "object" || !WebAssembly.validate(WITH_SIMD)) {
    throw new Error("the browser must have WebAssembly with SIMD, which Chrome 91, Firefox 89 and Safari 16.4 have");
  }
}

/** The graph of a dtype, or the smallest that is there. */
function graphOf(names, record, dtype, owner) {
  const there = Object.keys(names.spans).filter((name) => names.spans[name] in record.files);
  const chosen = dtype ?? (there.includes("int8") ? "int8" : there[0]);
  if (there.includes(chosen)) return names.spans[chosen];
  if (!there.length) throw new Error(`${names.record} has no graph of ${Object.keys(names.spans).join(" or ")}`);
  throw new Error(`dtype must be ${there.join(" or ")}, got '${dtype}': ${owner} has ${there.join(" and ")} only`);
}

async function open(ort, content, name) {
  let session;
  try {
    session = await ort.InferenceSession.create(content, { executionProviders: ["wasm"], logSeverityLevel: 3 });
  } catch (error) {
    throw new Error(`${name} can't be read by onnxruntime: ${error.message}`);
  }
  return (inputs) => {
    const feeds = session.inputNames.map((input) => {
      const { data, dims } = inputs[input];
      return [input, new ort.Tensor(data instanceof BigInt64Array ? "int64" : "float32", data, dims)];
    });
    return session.run(Object.fromEntries(feeds));
  };
}

const SUPERSEDED = new Error("another text was given");

async function extract({ number, text }) {
  const characters = lengthOf(text);
  if (characters > settings.max_characters) {
    const [most, given] = [settings.max_characters, characters].map((count) => count.toLocaleString("en"));
    throw new Error(`text must be at most ${most} characters long, got ${given}`);
  }
  const start = performance.now();
  const progress = async (done, all) => {
    if (all > 1) self.postMessage({ kind: "progress", number, doing: `Reading: ${done} of ${all} sequences`, done, all });
    await nextTask();
    if (number !== latest) throw SUPERSEDED;
  };
  const { value, notes } = await makeView(model, text, settings, progress);
  const milliseconds = performance.now() - start;
  self.postMessage({ kind: "found", number, value, notes: [...model.about.notes, ...notes], milliseconds });
}

/** Wait until messages that have come were taken. */
function nextTask() {
  return new Promise((done) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      done();
    };
    port2.postMessage(null);
  });
}

function tellLoading(doing, done, all) {
  self.postMessage({ kind: "progress", doing, done, all });
}

function oneLine(error) {
  return String(error?.message ?? error).split(/\s+/).join(" ").slice(0, 500);
}
