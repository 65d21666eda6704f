// The page: loads a model, takes texts, and shows what was found.

import { make, visible } from "./view/dom.js";
import { mountView } from "./view/main.js";
import { keepFiles } from "./keeping.js";
import { hubName, sourceOf } from "./sources.js";

const element = (id) => document.getElementById(id);
const settings = await (await fetch("settings.json", { cache: "no-cache" })).json();

/** What the page shows and who computes it. */
class Demo {
  constructor() {
    this.asked = 0;
    this.props = { value: null };
    element("text-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.extract();
    });
    element("text").addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.shiftKey || event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        this.extract();
      }
    });
    element("model-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.load({ model: element("model").value.trim() });
    });
    element("folder").addEventListener("change", ({ target }) => {
      if (target.files.length) this.load({ files: [...target.files] });
    });
    element("text").value = settings.examples[0];
    element("examples").append(...settings.examples.map((text) => this.example(text)));
  }

  example(text) {
    const button = make("button", { type: "button", title: text }, text);
    button.addEventListener("click", () => {
      element("text").value = text;
      this.extract();
    });
    return button;
  }

  /** Load a model: `model` is its name or address, `files` are those of a folder. */
  load({ model, files, dtype }) {
    this.worker?.terminate();
    this.isReady = false;
    this.shown = null;
    element("extract").disabled = true;
    this.say({ doing: "Loading the model" });
    let source;
    try {
      source = sourceOf(settings, model, files);
    } catch (error) {
      this.say({ error: error.message });
      return;
    }
    introduce(source.name);
    this.worker = new Worker("worker.js", { type: "module" });
    this.worker.addEventListener("message", ({ data }) => this.receive(data));
    this.worker.addEventListener("error", (event) => {
      event.preventDefault();
      this.fail(`The program stopped in this browser: ${event.message || "it can't be loaded"}`);
    });
    this.worker.postMessage({ kind: "load", source: source.content, settings, dtype });
  }

  receive(message) {
    if (message.number !== undefined && message.number !== this.asked) return;
    if (message.kind === "progress") this.say({ doing: message.doing, done: message.done, all: message.all });
    if (message.kind === "failed") this.fail(message.error, message.number !== undefined);
    if (message.kind === "ready") {
      this.isReady = true;
      element("extract").disabled = false;
      this.about = message.about;
      this.extract();
    }
    if (message.kind === "found") this.show(message);
  }

  /** Say what went wrong; with a model that goes on working, or one that has to be loaded again. */
  fail(error, isReady = false) {
    this.isReady = isReady;
    element("extract").disabled = !isReady;
    this.say({ error });
  }

  extract() {
    if (!this.isReady) return;
    const text = element("text").value;
    this.asked += 1;
    this.say({ doing: "Reading" });
    this.worker.postMessage({ kind: "extract", number: this.asked, text });
  }

  show({ value, notes, milliseconds }) {
    this.props.value = value;
    if (this.shown) this.shown();
    else mountView(element("view"), this.props, (_, callback) => (this.shown = callback));
    const { graph, threads } = this.about;
    const how = `${graph}, ${threads === 1 ? "1 thread" : `${threads} threads`}`;
    this.say({ status: `Found in ${Math.round(milliseconds)} ms, in this browser (${how}).`, notes });
  }

  /** Show what is being done, what went wrong, or what was done. */
  say({ doing, done, all, error = "", status = "", notes = [] }) {
    element("progress").hidden = !doing;
    element("doing").textContent = doing ?? "";
    const bar = element("progress").querySelector("progress");
    if (all) Object.assign(bar, { max: all, value: done });
    else bar.removeAttribute("value");
    element("error").hidden = !error;
    element("error").textContent = visible(error);
    element("status").textContent = status;
    element("notes").hidden = !notes.length;
    element("notes").replaceChildren(...notes.map((note) => make("li", {}, visible(note))));
  }
}

function introduce(name) {
  const onHub = hubName(name) ? make("a", { href: `${settings.hub}/${name}` }, name) : make("code", {}, visible(name));
  element("intro").replaceChildren(
    "Extracts entities and the relations between them with ",
    onHub,
    ", a ",
    make("a", { href: "https://arxiv.org/abs/1909.07755" }, "SpERT"),
    " model. It runs in this browser: texts are not sent anywhere.",
  );
}

function followTheme() {
  const isDark = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => document.body.classList.toggle("dark", isDark.matches);
  isDark.addEventListener("change", apply);
  apply();
}

followTheme();
const demo = new Demo();
const asked = new URLSearchParams(location.search);
demo.say({ doing: "Loading the program" });
if (await keepFiles()) demo.load({ model: asked.get("model") ?? settings.model, dtype: asked.get("dtype") ?? undefined });
