// Makes the page one that can be put on a home screen and opens in flight mode.

/** Say where the manifest is, and keep the page's files once everything that is wanted now has come. */
export function install() {
  document.head.append(Object.assign(document.createElement("link"), { rel: "manifest", href: "manifest.webmanifest" }));
  if (!navigator.serviceWorker) return;
  const begin = () => navigator.serviceWorker.register("sw.js").catch(() => {}); // private windows refuse it
  if (document.readyState === "complete") begin();
  else addEventListener("load", begin);
}
