// The page: loads a model, takes texts, and shows what was found.

import { make, visible } from "./view/dom.js";
import { mountView } from "./view/main.js";
import { keepFiles } from "./keeping.js";
import { hubName, sourceOf } from "./sources.js";

const CARRIED = "spert-text";
const element = (id) => document.getElementById(id);
const settings = await (await fetch("settings.json", { cache: "no-cache" })).json();

/** What the page shows and who computes it. */
class Demo {
  constructor() {
    this.asked = 0;
    this.current = null; // the model in use: its worker and its name
    this.coming = null; // the one that is loaded
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
    element("text").value = carriedText() ?? settings.examples[0];
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

  /**
   * Load a model: `model` is its name or address, `files` are those of a folder. The one before is used again if that
   * fails.
   */
  load({ model, files, dtype }) {
    this.coming?.worker.terminate();
    this.coming = null;
    this.asked += 1; // what is being read now is not waited for
    let source;
    try {
      source = sourceOf(settings, model, files);
    } catch (error) {
      this.goBack(error.message);
      return;
    }
    element("extract").disabled = true;
    this.say({ doing: "Loading the model" });
    if (!this.current) introduce(source.name);
    const worker = new Worker("worker.js", { type: "module" });
    const loaded = { worker, name: source.name };
    this.coming = loaded;
    worker.addEventListener("message", ({ data }) => this.receive(loaded, data));
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      this.stop(loaded, `The program stopped in this browser: ${event.message || "it can't be loaded"}`);
    });
    worker.postMessage({ kind: "load", source: source.content, settings, dtype });
  }

  receive(model, message) {
    if (message.number !== undefined && message.number !== this.asked) return;
    if (message.kind === "progress") this.say({ doing: message.doing, done: message.done, all: message.all });
    if (message.kind === "failed" && message.number === undefined) this.stop(model, message.error);
    if (message.kind === "failed" && message.number !== undefined) this.fail(message.error);
    if (message.kind === "ready") this.use(model, message.about);
    if (message.kind === "found") this.show(message);
  }

  /** Use a model that was loaded, in place of the one before. */
  use(model, about) {
    this.current?.worker.terminate();
    this.current = model;
    this.coming = null;
    this.about = about;
    this.shown = null;
    introduce(model.name);
    element("extract").disabled = false;
    this.extract();
  }

  /** A model can't be loaded, or has stopped. */
  stop(model, error) {
    model.worker.terminate();
    if (model === this.current) this.current = null;
    if (model === this.coming) this.coming = null;
    if (!this.coming) this.goBack(error);
  }

  /** Say what went wrong with a model, and go on with the one before, if there is one. */
  goBack(error) {
    element("extract").disabled = !this.current;
    if (this.current) {
      this.say({ error, notes: [`${this.current.name} is still here, and goes on.`] });
    } else {
      element("intro").replaceChildren();
      element("view").hidden = true;
      this.say({ error });
    }
  }

  /** Say why a text can't be read; what was found in the one before would be taken for its results. */
  fail(error) {
    element("view").hidden = true;
    this.say({ error });
  }

  extract() {
    if (element("extract").disabled) return;
    const text = element("text").value;
    this.asked += 1;
    this.say({ doing: "Reading" });
    this.current.worker.postMessage({ kind: "extract", number: this.asked, text });
  }

  show({ value, notes, milliseconds }) {
    this.props.value = value;
    element("view").hidden = false;
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

/** Keep what was typed already over the next loading of the page. */
function carryText() {
  sessionStorage.setItem(CARRIED, element("text").value);
}

/** What was typed before the page was loaded again, or `null`. */
function carriedText() {
  try {
    const text = sessionStorage.getItem(CARRIED);
    sessionStorage.removeItem(CARRIED);
    return text;
  } catch {
    return null; // pages inside others may have no storage; they are not loaded again
  }
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
if (await keepFiles(carryText)) demo.load({ model: asked.get("model") ?? settings.model, dtype: asked.get("dtype") ?? undefined });
