// Keeps the page's own files, so that it opens in flight mode. `python -m space pages` and the app (space/offline.py) put
// this at the page's root, with a line in front that says which files the page loads. All of them come from one revision,
// so new modules never meet old ones; a newer revision is fetched in the background and answers from the next visit on.
// The release itself is kept by twin.js, and only once somebody asked for it; one that is offered no more (`gone`) leaves.

const { revision, files, gone } = self.VITRINE;
const PREFIX = `vitrine-page ${self.registration.scope} `;
const SHELF = PREFIX + revision;
const LEFT = gone.map((twin) => `vitrine-twin ${self.registration.scope}${twin}/ `);
const HOME = new URL("./", self.registration.scope).href;
const KNOWN = new Set(files.map((name) => new URL(name, HOME).href));
// The address of a thing, as it is sent to somebody. It shows a preview where there is a signal; without one it leads
// into the page.
const THING = new URL("thing/", HOME).href;
const inside = (address) => Response.redirect(`${HOME}#/thing/${address.slice(THING.length).split("/")[0]}`);
// A page that is isolated from others may share memory, so that several threads compute.
const ISOLATED = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

async function keep() {
  const shelf = await caches.open(SHELF);
  await shelf.addAll(files.map((name) => new Request(new URL(name, HOME), { cache: "no-cache" })));
  await self.skipWaiting();
}

async function tidy() {
  for (const name of await caches.keys()) {
    const isOld = name.startsWith(PREFIX) && name !== SHELF;
    if (isOld || LEFT.some((twin) => name.startsWith(twin))) await caches.delete(name);
  }
  await self.clients.claim();
}

async function kept(address) {
  const response = (await (await caches.open(SHELF)).match(address)) ?? (await fetch(address));
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(ISOLATED)) headers.set(name, value);
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}

self.addEventListener("install", (event) => event.waitUntil(keep()));
self.addEventListener("activate", (event) => event.waitUntil(tidy()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET") return;
  const address = request.url.split(/[?#]/)[0];
  const asked = address === HOME && !KNOWN.has(HOME) ? `${HOME}index.html` : address;
  if (KNOWN.has(asked)) event.respondWith(kept(asked));
  else if (request.mode === "navigate" && asked.startsWith(THING)) event.respondWith(fetch(request).catch(() => inside(asked)));
});
