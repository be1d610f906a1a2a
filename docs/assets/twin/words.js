// What is said of the release in this browser, a language a column.
import { language } from "../words.js";

/** 27 MB, as shown before it is fetched. */
export const megabytes = (bytes) => `${Math.max(1, Math.round(bytes / 1e6))} MB`;

const points = (largest, comma) => (100 * largest).toFixed(1).replace(".", comma);

const en = {
  tab: "Offline",
  title: "Use it without a signal",
  about: (bytes) => `Download ${megabytes(bytes)} to this device once. Then it answers here, in flight mode too, and your photo never leaves the device.`,
  newer: (bytes) => `A newer version is out (${megabytes(bytes)}). Until you update, the one on this device keeps answering.`,
  kept: (bytes) => `It's on this device (${megabytes(bytes)}) and answers when the app can't be reached.`,
  keptAlone: (bytes) => `It's on this device (${megabytes(bytes)}). Your photos never leave it.`,
  aboutBoth: "Download it to this device once. Then it answers here, in flight mode too, and your photo never leaves the device.",
  which: "Which one?",
  kind: ({ bytes, small }) => `${small ? "Small" : "Whole"} · ${megabytes(bytes)}`,
  same: ({ small }) => small ? `The same name for ${small.same} of ${small.photos} test photos` : "The most accurate",
  download: (bytes) => `Download ${megabytes(bytes)}`,
  update: (bytes) => `Update · ${megabytes(bytes)}`,
  progress: (bytes, all) => `${Math.floor(bytes / 1e6)} of ${megabytes(all)}`,
  starting: "Starting…",
  remove: "Remove",
  check: "Compare",
  checking: (done, all) => `Photo ${done} of ${all}…`,
  checked: ({ photos, same, largest }) =>
    `Same answer on ${same} of ${photos} photos. Confidence differs by at most ${points(largest, ".")} points.`,
  offer: "The app can't be reached. It can answer on this device instead.",
  offerFirst: "It answers on this device, so it has to be downloaded first.",
  asking: "The app can't be reached, so this device is answering…",
  byApp: "Answered by the app",
  byDevice: "Answered on this device",
  byDeviceAlone: "Answered on this device. Your photo stayed here.",
  nothing: "There's nothing to download here yet. Try again when you're connected.",
  noApp: "This page has no app behind it, so it can't take suggestions.",
  stopped: "The download stopped. Try again: what has arrived is kept.",
  changed: "The download changed on the way, perhaps because of an update. Reload the page and try again.",
  failed: "This device couldn't work it out. Close other tabs and try again.",
  unreadable: "This browser can't open this photo. Try a JPEG or PNG.",
};

const de = {
  tab: "Offline",
  title: "Ohne Netz benutzen",
  about: (bytes) => `Lade einmal ${megabytes(bytes)} auf dieses Gerät. Dann antwortet es hier, auch im Flugmodus, und dein Foto verlässt das Gerät nie.`,
  newer: (bytes) => `Es gibt eine neuere Version (${megabytes(bytes)}). Bis du sie lädst, antwortet die auf diesem Gerät.`,
  kept: (bytes) => `Liegt auf diesem Gerät (${megabytes(bytes)}) und antwortet, wenn die App nicht erreichbar ist.`,
  keptAlone: (bytes) => `Liegt auf diesem Gerät (${megabytes(bytes)}). Deine Fotos verlassen es nie.`,
  aboutBoth: "Lade es einmal auf dieses Gerät. Dann antwortet es hier, auch im Flugmodus, und dein Foto verlässt das Gerät nie.",
  which: "Welche Version?",
  kind: ({ bytes, small }) => `${small ? "Klein" : "Vollständig"} · ${megabytes(bytes)}`,
  same: ({ small }) => small ? `Derselbe Name bei ${small.same} von ${small.photos} Testfotos` : "Am genauesten",
  download: (bytes) => `${megabytes(bytes)} laden`,
  update: (bytes) => `Aktualisieren · ${megabytes(bytes)}`,
  progress: (bytes, all) => `${Math.floor(bytes / 1e6)} von ${megabytes(all)}`,
  starting: "Startet …",
  remove: "Entfernen",
  check: "Vergleichen",
  checking: (done, all) => `Foto ${done} von ${all} …`,
  checked: ({ photos, same, largest }) =>
    `Dieselbe Antwort bei ${same} von ${photos} Fotos. Die Sicherheit weicht um höchstens ${points(largest, ",")} Punkte ab.`,
  offer: "Die App ist nicht erreichbar. Dieses Gerät kann stattdessen antworten.",
  offerFirst: "Geantwortet wird auf diesem Gerät; dafür muss es erst etwas laden.",
  asking: "Die App ist nicht erreichbar, deshalb antwortet dieses Gerät …",
  byApp: "Die App hat geantwortet",
  byDevice: "Auf diesem Gerät beantwortet",
  byDeviceAlone: "Auf diesem Gerät beantwortet. Dein Foto ist hier geblieben.",
  nothing: "Hier gibt es noch nichts zu laden. Versuche es wieder, wenn du Netz hast.",
  noApp: "Hinter dieser Seite steht keine App, deshalb kann sie keine Vorschläge annehmen.",
  stopped: "Das Laden wurde unterbrochen. Versuche es noch einmal: was da ist, bleibt.",
  changed: "Unterwegs hat sich etwas geändert, vielleicht durch ein Update. Lade die Seite neu.",
  failed: "Dieses Gerät hat es nicht geschafft. Schließe andere Tabs und versuche es noch einmal.",
  unreadable: "Dieser Browser kann das Foto nicht öffnen. Versuche ein JPEG oder PNG.",
};

export const TEXTS = { en, de };

/** In the language of now: TEXT.download(bytes). */
export const TEXT = new Proxy({}, { get: (_, name) => (TEXTS[language()] ?? en)[name] });
