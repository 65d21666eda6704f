// Keeps the page's own files, so that it works without a network, and adds the headers that threads need.

const VERSION = "VERSION_OF_FILES";
const FILES = ["LIST_OF_FILES"];
const PREFIX = "spert-page-";

const HEADERS = {
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
};

self.addEventListener("install", (event) => {
  event.waitUntil(keepAll().then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(dropOthers().then(() => self.clients.claim()));
});

/** Keep the files as the server has them: the browser's own cache may hold those of another version. */
async function keepAll() {
  const cache = await caches.open(PREFIX + VERSION);
  await cache.addAll(FILES.map((file) => new Request(file, { cache: "reload" })));
}

async function dropOthers() {
  const names = await caches.keys();
  const others = names.filter((name) => name.startsWith(PREFIX) && name !== PREFIX + VERSION);
  await Promise.all(others.map((name) => caches.delete(name)));
}

self.addEventListener("fetch", (event) => {
  const file = fileOf(event.request);
  if (file) event.respondWith(answer(event.request, file));
});

/** The address of the page's file that a request asks for, or `null`. */
function fileOf(request) {
  const scope = self.registration.scope;
  const address = new URL(request.url);
  address.search = address.hash = "";
  if (request.method !== "GET" || !address.href.startsWith(scope)) return null;
  const path = address.href.slice(scope.length) || "index.html";
  return FILES.includes(path) ? new URL(path, scope).href : null;
}

async function answer(request, file) {
  const kept = await caches.match(file, { cacheName: PREFIX + VERSION }); // makes no cache again that was dropped
  const response = kept ?? (await fetch(request));
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(HEADERS)) headers.set(name, value);
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}
